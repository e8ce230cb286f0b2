"""A plain z-buffer for numba, where that is installed (the extra `fast`): the same bytes.

Loading numba costs about as much as some dozens of faces cost without it, so a command for one
photograph does not; folders, video and training images do.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from itertools import count
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Int

__all__ = ["draw", "drawer"]

_NUMPY_CALLS = 80  # of the rasterizer in a process, before numba is loaded

Doubles = NDArray[np.float64]
Drawer = Callable[[Doubles, Doubles, Doubles, NDArray[np.intp], tuple[int, int]], Int]

_calls = count()


def drawer() -> Drawer | None:
    """Return the compiled `draw`; None without numba, and at a process' first calls."""
    return _compiled() if next(_calls) >= _NUMPY_CALLS else None


@cache
def _compiled() -> Drawer | None:
    if find_spec("numba") is None:
        return None
    import numba

    try:
        compiled: Any = numba.njit(nogil=True, cache=True)(draw)
    except RuntimeError:  # no folder where compiled code could be kept
        compiled = numba.njit(nogil=True)(draw)
    return compiled  # type: ignore[no-any-return]


def draw(
    x: Doubles, y: Doubles, z: Doubles, corners: NDArray[np.intp], shape: tuple[int, int]
) -> Int:
    """Draw front faces by a z-buffer and the rules of `facelab.numerics.scanline`.

    Parameters
    ----------
    x, y, z : (n,) float64
        Vertices, as of `facelab.numerics.raster.screen`.
    corners : (3, m) intp
        Vertex indices of each triangle.
    shape : (H, W)
        Of the window.

    Returns
    -------
    (H, W) int32
        Index of the nearest triangle, the lowest of equally near ones; -1 where there is none.
    """
    height, width = shape
    triangle = np.full((height, width), -1, np.int32)
    depth = np.full((height, width), -np.inf, np.float32)
    for face in range(corners.shape[1]):
        a, b, c = corners[0, face], corners[1, face], corners[2, face]
        bx, by, bz = x[b] - x[a], y[b] - y[a], z[b] - z[a]
        cx, cy, cz = x[c] - x[a], y[c] - y[a], z[c] - z[a]
        area = by * cx - bx * cy
        if area <= 0:
            continue
        top, middle, bottom = a, b, c
        if y[top] > y[middle]:
            top, middle = middle, top
        if y[middle] > y[bottom]:
            middle, bottom = bottom, middle
        if y[top] > y[middle]:
            top, middle = middle, top
        for row in range(max(ceil(y[top]), 0), min(ceil(y[bottom]), height)):
            upper, lower = (top, middle) if row < y[middle] else (middle, bottom)
            rise, run = y[bottom] - y[top], x[bottom] - x[top]
            long = ceil((x[top] * rise - y[top] * run + row * run) / rise)
            rise, run = y[lower] - y[upper], x[lower] - x[upper]
            short = ceil((x[upper] * rise - y[upper] * run + row * run) / rise)
            for column in range(max(min(long, short), 0), min(max(long, short), width)):
                dx, dy = column - x[a], row - y[a]
                second, third = dy * cx - dx * cy, dx * by - dy * bx
                near = np.float32((z[a] * area + second * bz + third * cz) / area)
                if near > depth[row, column]:
                    triangle[row, column] = face
                    depth[row, column] = near
    return triangle
