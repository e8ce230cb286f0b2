"""``depth``: how near each pixel of the face is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facelab.export.encode import grey_png, npy
from facelab.export.subject import Subject
from facelab.files.writing import write_bytes_atomically
from facelab.numerics.arrays import Float

_SENTENCE = "The depth of a face in a photograph, worked out by facelab."
LEVELS = 65535  # of the PNG: 1 is the farthest pixel of the face, 65535 the nearest


def depth(subject: Subject) -> Float:
    """The face's depth at every pixel of the photograph.

    Returns
    -------
    (H, W) float32
        Pixels, larger is nearer; NaN where the face is not, since 0 is a depth like others.
    """
    drawing = subject.drawing
    out = np.full(drawing.shape, np.nan, np.float32)
    fragments = drawing.fragments
    out[drawing.window] = np.where(fragments.covered, fragments.depth, np.float32(np.nan))
    return out


def quantised(depth: Float) -> tuple[NDArray[np.uint16], float, float]:
    """Depth as integers, for a 16-bit PNG.

    Parameters
    ----------
    depth : (H, W) float32
        NaN for none.

    Returns
    -------
    levels : (H, W) uint16
        0 for none, else ``round((depth - offset) / scale)``, 1 to 65535.
    scale, offset : float
        ``levels * scale + offset`` is the depth again, to half of `scale`.
    """
    known = ~np.isnan(depth)
    low, high = (float(depth[known].min()), float(depth[known].max())) if known.any() else (0, 0)
    scale = (high - low) / (LEVELS - 1) or 1.0
    offset = low - scale
    levels = np.zeros(depth.shape, np.uint16)
    levels[known] = np.rint((depth[known].astype(np.float64) - offset) / scale)
    return levels, scale, offset


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_depth.npy``, as `depth` gives it, and ``<stem>_depth.png``, see `quantised`.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    values = depth(subject)
    levels, scale, offset = quantised(values)
    picture, array = (stem.with_name(f"{stem.name}_depth{suffix}") for suffix in (".png", ".npy"))
    write_bytes_atomically(picture, grey_png(levels, _SENTENCE))
    write_bytes_atomically(array, npy(values))
    return {"png": picture.name, "npy": array.name, "scale": scale, "offset": offset}
