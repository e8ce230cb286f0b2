"""A face drawn over its image: which of its triangles each pixel shows, and no colour yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor

import numpy as np

from facelab.numerics import raster
from facelab.numerics.arrays import Float
from facelab.types import Box, PositionMap


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """Which triangle of a face each pixel of a window shows.

    Parameters
    ----------
    window : (rows, columns) slices
        Where in the image: all that the face reaches, and two pixels around it.
    fragments : Fragments
        Which of the atlas' triangles each pixel sees.
    """

    window: tuple[slice, slice]
    fragments: raster.Fragments


def drawing(positions: PositionMap, shape: tuple[int, int]) -> Drawing | None:
    """A face drawn over an image of `shape` (H, W), or None if it lies outside."""
    atlas, places = positions.atlas, points(positions)
    window = _window(places, shape)
    if window is None:
        return None
    rows, columns = window
    corner = np.array([columns.start, rows.start, 0], np.float32)
    size = (rows.stop - rows.start, columns.stop - columns.start)
    return Drawing(window, raster.rasterize(places - corner, atlas.triangles, size))


@lru_cache(maxsize=4)
def points(positions: PositionMap) -> Float:
    """Where the valid texels lie, in scan order: ``(n, 3)``, source-image pixels; read-only."""
    texels = np.flatnonzero(positions.atlas.valid)  # four times as fast as a mask
    out = positions.values.reshape(-1, 3).take(texels, axis=0)
    out.flags.writeable = False  # all callers share it
    return out


def _window(places: Float, shape: tuple[int, int]) -> tuple[slice, slice] | None:
    """The part of the image that the places reach, with two pixels around for the blend."""
    box = Box.around(places)
    rows = slice(max(floor(box.y0) - 2, 0), min(ceil(box.y1) + 3, shape[0]))
    columns = slice(max(floor(box.x0) - 2, 0), min(ceil(box.x1) + 3, shape[1]))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return rows, columns
