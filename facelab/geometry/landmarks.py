"""Reading landmark files of other programs; the points of the canonical mesh on a face."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facelab.atlas import Atlas, canonical, surface
from facelab.atlas.canonical import LOWER_LIP, UPPER_LIP
from facelab.errors import UsageError
from facelab.files import MEGABYTE, read_bytes, why
from facelab.files.matlab import read_mat
from facelab.files.npy import read_npy
from facelab.numerics.arrays import Float, Int
from facelab.types import PositionMap

SUFFIXES = (".txt", ".pts", ".npy", ".mat")
COUNTS = (68, 21)  # of 300-W and of AFLW
TWINS68 = (
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), *range(67, 64, -1),
)  # fmt: skip
"""Each 300-W landmark's counterpart on the other side of the face."""

_WITH_PUPILS = 70  # of Microsoft's Face Synthetics, whose last two they are
_LARGEST = MEGABYTE  # a file of 68 points has a few thousand bytes
_FARTHEST = 1e6  # px: what lies beyond is in no photograph
_MAT_NAMES = ("pt3d_68", "pt2d", "landmarks", "pt3d_21")  # 300W-LP's and AFLW2000-3D's


def points468(positions: PositionMap) -> Float:
    """The vertices of the canonical mesh of MediaPipe and ARCore, ``(468, 3)``, in its order.

    The inner edges of the lips, which an open mouth parts, are each read from their own side. In
    another layout than that mesh's, a vertex is the texel nearest to it.
    """
    atlas, values = positions.atlas, positions.values
    if atlas.slit is None:
        row, column = _nearest_texels(atlas).T
        nearest: Float = values[row, column]
        return nearest
    out = atlas.read(values, atlas.uv)
    slit, edges = atlas.slit, atlas.slit.read(values)
    sides = ((UPPER_LIP, slit.upper_texels), (LOWER_LIP, slit.lower_texels))
    for lip, rows in sides:
        inner = list(lip[1:-1])  # without the corners, where there is nothing to tell apart
        edge = edges[rows, slit.columns].T
        columns = [np.interp(atlas.uv[inner, 0], slit.columns, axis) for axis in edge]
        out[inner] = np.stack(columns, axis=1)
    return out


def position_map(points: Float, atlas: Atlas) -> PositionMap:
    """The position map through the canonical mesh's points ``(468, 3)``, source-image pixels.

    The inverse of `points468`, as far as these span the map.
    """
    return PositionMap(atlas.spread(surface()(points)), atlas)


@cache
def twins() -> Int:
    """Each point's counterpart on the other side of the face, ``(468,)``."""
    uv = canonical().uv
    image = uv * np.array([-1, 1], np.float32) + np.array([canonical().size - 1, 0])
    away = np.linalg.norm(uv[:, None] - image, axis=2)
    out: Int = away.argmin(axis=0).astype(np.int32)
    return out


@cache
def _nearest_texels(atlas: Atlas) -> NDArray[np.intp]:
    """Row and column of the texels nearest to the canonical mesh's vertices, ``(468, 2)``."""
    from scipy.spatial import cKDTree

    texels = np.argwhere(atlas.face)
    shown = atlas.canonical_uv(atlas.size)[atlas.face] * atlas.size - 0.5
    out: NDArray[np.intp] = texels[cKDTree(shown).query(canonical().uv)[1]]
    return out


def read_landmarks(path: Path) -> Float:
    """Read the points of a landmark file, ``(68, 2)`` or ``(21, 2)`` source-image pixels.

    Text with a point in each line (what ``facelab reconstruct`` writes, or iBUG's ``.pts``), a
    NumPy array, or a MATLAB file of 300W-LP or AFLW2000-3D; ``(2, n)`` and ``(3, n)`` are turned.
    Of 70 points, as Microsoft's Face Synthetics has them, the last two are left out, the pupils.

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
    if len(points) == _WITH_PUPILS:
        points = points[:68]
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
