"""``uv``, ``texture``, ``visibility``: the face in its atlas."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facelab.export.encode import grey_png, npy, write_marked
from facelab.export.subject import Subject
from facelab.files.writing import write_bytes_atomically
from facelab.numerics.arrays import Float

SENTENCE = "A face unwrapped from a photograph by facelab."
_SHOWN = "Which parts of a face a photograph shows, worked out by facelab."


def uv(subject: Subject) -> Float:
    """Where every texel of the atlas lies in the photograph.

    Returns
    -------
    (256, 256, 3) float32
        x right, y down and depth, source-image pixels, of the face and the margin around it that
        drawing it needs; 0 elsewhere. ``PositionMap(values, atlas)`` is the same face again.
    """
    positions = subject.positions
    return np.where(positions.atlas.valid[..., None], positions.values, np.float32(0))


def write_uv(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_uv.npy``, as `uv` gives it.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_uv.npy")
    write_bytes_atomically(path, npy(uv(subject)))
    return {"npy": path.name}


def write_texture(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_texture.png``: 8-bit RGB, u right and v down, marked in its XMP.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_texture.png")
    write_marked(path, subject.texture.colour, subject.metadata, SENTENCE)
    return {"png": path.name}


def write_visibility(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_visibility.png``: 8-bit grey, 256 x 256.

    255 for texels that the face itself does not hide, 0 for those it does and around the face.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_visibility.png")
    levels = subject.visible.astype(np.uint8) * np.uint8(255)
    write_bytes_atomically(path, grey_png(levels, _SHOWN))
    return {"png": path.name}
