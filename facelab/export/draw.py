"""A face rasterized over its photograph, which depth, normals and PNCC share."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.numerics import raster
from facelab.numerics.arrays import Float, Int
from facelab.numerics.raster import Fragments
from facelab.types import Box, PositionMap


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """Which triangle of the face each pixel of the photograph sees.

    Parameters
    ----------
    shape : (H, W)
        Size of the photograph, pixels.
    window : (rows, columns) slices
        The part of it that the face reaches; empty for a face outside.
    triangles : (m, 3) int32
        Of the atlas's mesh.
    fragments : Fragments
        Of the window.
    """

    shape: tuple[int, int]
    window: tuple[slice, slice]
    triangles: Int
    fragments: Fragments

    def carry(self, attributes: Float) -> Float:
        """Attributes of the mesh's vertices ``(n, c)`` at each pixel of the window, ``(h, w, c)``.

        0 where the face is not.
        """
        return raster.interpolate(self.fragments, self.triangles, attributes)

    def placed(self, values: NDArray[Any]) -> NDArray[Any]:
        """An array of the window ``(h, w, ...)`` in one of the photograph ``(H, W, ...)``.

        0 around it, and of the same dtype.
        """
        out = np.zeros((*self.shape, *values.shape[2:]), values.dtype)
        out[self.window] = values
        return out


def draw(positions: PositionMap, shape: tuple[int, int]) -> Drawing:
    """Draw a face over a photograph of `shape` (H, W), at the photograph's resolution."""
    triangles = positions.atlas.mesh[1]
    vertices = positions.atlas.at_vertices(positions.values)
    window = _window(vertices, shape)
    rows, columns = window
    size = (rows.stop - rows.start, columns.stop - columns.start)
    if 0 in size:  # however far outside, which the rasterizer would refuse
        nothing = raster.rasterize(vertices[:0], triangles[:0], size)
        return Drawing(shape, window, triangles, nothing)
    corner = np.array([columns.start, rows.start, 0], np.float32)
    return Drawing(shape, window, triangles, raster.rasterize(vertices - corner, triangles, size))


def _window(vertices: Float, shape: tuple[int, int]) -> tuple[slice, slice]:
    """The rows and columns of an image whose pixel centres the vertices may enclose."""
    box = Box.around(vertices)
    rows, columns = (
        slice(min(max(floor(low), 0), side), min(max(ceil(high) + 1, 0), side))
        for low, high, side in ((box.y0, box.y1, shape[0]), (box.x0, box.x1, shape[1]))
    )
    return rows, columns
