"""Landmarks that somebody else found, read from their files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from facelab.errors import UsageError
from facelab.types import Float

SUFFIXES = (".txt", ".pts", ".npy", ".mat")
COUNTS = (68, 21)  # of 300-W and of AFLW
_LARGEST = 1 << 20  # bytes; a file of 68 points has a few thousand
_MAT_NAMES = ("pt3d_68", "pt2d", "landmarks", "pt3d_21")  # 300W-LP's and AFLW2000-3D's


def read_landmarks(path: Path) -> Float:
    """The points of a landmark file, ``(68, 2)`` or ``(21, 2)`` source-image pixels.

    Text with a point in each line (what ``facelab reconstruct`` writes, or iBUG's ``.pts``), a
    NumPy array, or a MATLAB file of 300W-LP or AFLW2000-3D; ``(2, n)`` and ``(3, n)`` are turned.

    Raises
    ------
    UsageError
        If the file is missing or holds no such points.
    """
    try:
        if path.exists() and not path.is_file():
            raise ValueError("it is no file")
        if path.stat().st_size > _LARGEST:
            raise ValueError("it is too large for a file of landmarks")
        with np.errstate(over="ignore"):
            points = np.asarray(_values(path, path.read_bytes()), np.float64).astype(np.float32)
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path}: no landmarks in it ({error}); give {_wanted()}") from None
    if points.ndim == 2 and points.shape[1] not in (2, 3):
        points = points.T
    if points.ndim != 2 or points.shape[1] not in (2, 3) or len(points) not in COUNTS:
        raise UsageError(f"{path}: an array of {points.shape} is no landmarks; give {_wanted()}")
    if not np.isfinite(points).all():
        raise UsageError(f"{path}: a landmark is not a number; give finite coordinates")
    return points[:, :2]


def _values(path: Path, data: bytes) -> object:
    if path.suffix == ".npy":
        array = np.load(io.BytesIO(data), allow_pickle=False)
        if array.dtype.kind not in "fiu":
            raise ValueError(f"an array of {array.dtype}")
        return array
    if path.suffix == ".mat":
        return _matlab(data)
    lines = data.decode().replace(",", " ").splitlines()
    rows = [line.split() for line in lines if line.strip() and line.strip()[0] in "+-.0123456789"]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("its lines differ in length")
    return [[float(value) for value in row] for row in rows]


def _matlab(data: bytes) -> object:
    from scipy.io import loadmat

    try:
        arrays = loadmat(io.BytesIO(data))
    except Exception as error:  # of damaged files it says many things, with no common base
        raise ValueError(f"not a MATLAB file: {error}") from None
    for name in _MAT_NAMES:
        if name in arrays:
            return arrays[name]
    raise ValueError(f"none of {', '.join(_MAT_NAMES)}")


def _wanted() -> str:
    return f"68 points, or 21, as {', '.join(SUFFIXES)}"
