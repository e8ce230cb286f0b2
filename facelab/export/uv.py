"""``uv``: the position map."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facelab.export.encode import npy
from facelab.export.subject import Subject
from facelab.files.atomic import write_bytes_atomically
from facelab.numerics.arrays import Float


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


def write(subject: Subject, stem: Path) -> dict[str, str | float]:
    """Write ``<stem>_uv.npy``.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_uv.npy")
    write_bytes_atomically(path, npy(uv(subject)))
    return {"npy": path.name}
