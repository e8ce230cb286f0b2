"""Reading landmark files of other programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from facelab.errors import UsageError
from facelab.files import MEGABYTE, read_bytes, why
from facelab.files.matlab import read_mat
from facelab.files.npy import read_npy
from facelab.numerics.arrays import Float

SUFFIXES = (".txt", ".pts", ".npy", ".mat")
COUNTS = (68, 21)  # of 300-W and of AFLW
_LARGEST = MEGABYTE  # a file of 68 points has a few thousand bytes
_FARTHEST = 1e6  # px: what lies beyond is in no photograph
_MAT_NAMES = ("pt3d_68", "pt2d", "landmarks", "pt3d_21")  # 300W-LP's and AFLW2000-3D's


def read_landmarks(path: Path) -> Float:
    """Read the points of a landmark file, ``(68, 2)`` or ``(21, 2)`` source-image pixels.

    Text with a point in each line (what ``facelab reconstruct`` writes, or iBUG's ``.pts``), a
    NumPy array, or a MATLAB file of 300W-LP or AFLW2000-3D; ``(2, n)`` and ``(3, n)`` are turned.

    Raises
    ------
    UsageError
        If the file is missing or holds no such points.
    """
    try:
        data = read_bytes(path, _LARGEST)
        with np.errstate(over="ignore", invalid="ignore"):
            points = np.asarray(_values(path, data), np.float64).astype(np.float32)
    except OSError as error:
        raise UsageError(f"{path}: {why(error)}; give {_wanted()}") from None
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path}: no landmarks in it ({error}); give {_wanted()}") from None
    if points.ndim == 2 and points.shape[1] not in (2, 3):
        points = points.T
    if points.ndim != 2 or points.shape[1] not in (2, 3) or len(points) not in COUNTS:
        raise UsageError(f"{path}: an array of {points.shape} is no landmarks; give {_wanted()}")
    if not np.isfinite(points).all():
        raise UsageError(f"{path}: a landmark is not a number; give finite coordinates")
    if not (np.abs(points) <= _FARTHEST).all():
        raise UsageError(f"{path}: a landmark is no place in a photograph; give pixels")
    return points[:, :2]


def _values(path: Path, data: bytes) -> object:
    if path.suffix == ".npy":
        array = read_npy(data)
        if array.dtype.kind not in "fiu":
            raise ValueError(f"an array of {array.dtype}")
        return array
    if path.suffix == ".mat":
        arrays = read_mat(data, _MAT_NAMES)
        if not arrays:
            raise ValueError(f"none of {', '.join(_MAT_NAMES)}")
        return next(arrays[name] for name in _MAT_NAMES if name in arrays)
    lines = data.decode().replace(",", " ").splitlines()
    rows = [line.split() for line in lines if line.strip() and line.strip()[0] in "+-.0123456789"]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("its lines differ in length")
    return [[float(value) for value in row] for row in rows]


def _wanted() -> str:
    return f"68 points, or 21, as {', '.join(SUFFIXES)}"
