"""``surface``: the face's shape over its photograph, as if of clay."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from facelab.export.encode import write_marked
from facelab.export.normals import normals
from facelab.export.subject import Subject
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Frame
from facelab.numerics.integers import held, unit

_LIGHTS = np.array([[-0.5, 0.55, 0.67], [0.8, 0.1, 0.59]], np.float32)  # key, fill
_STRENGTHS = np.array([0.62, 0.18], np.float32)
_AMBIENT = 0.16
_CLAY = np.array([0.93, 0.91, 0.9], np.float32)
_SENTENCE = "The surface of a face was drawn on this photograph by facelab."


def surface(subject: Subject) -> Frame:
    """The photograph with the face's surface over it, lit by two lights (Lambert 1760).

    Returns
    -------
    (H, W, 3) of the photograph's dtype
        RGB; a new array, equal to the photograph where the face is not.
    """
    drawing = subject.drawing
    window, covered = drawing.window, drawing.fragments.covered
    out = subject.image.copy()
    if not covered.any():
        return out
    toward = np.maximum(product(normals(subject)[window], _LIGHTS.T), 0)
    lit = product(toward, _STRENGTHS) + np.float32(_AMBIENT)
    clay = np.sqrt(lit)[..., None] * _CLAY  # the square root as a display's gamma
    share = covered.astype(np.float32)
    soft = (cv2.blur(share, (3, 3)) * share)[..., None]
    before = unit(np.ascontiguousarray(out[window]))
    out[window] = held(before + soft * (np.clip(clay, 0, 1) - before), out)
    return out


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_surface.png``: the whole photograph, 8-bit RGB, marked in its XMP.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_surface.png")
    write_marked(path, surface(subject), subject.metadata, _SENTENCE)
    return {"png": path.name}
