"""All that lies over each pixel, nearest first, and what it amounts to: hair, lashes, glass.

Carpenter, "The A-buffer, an Antialiased Hidden Surface Method", SIGGRAPH 1984, without its
coverage masks: what is half covered here is what a texture's opacity says. Triangles are seen from
both sides. The conventions are those of `facelab.numerics.raster`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.numerics import raster, scanline
from facelab.numerics.arrays import Float, Int

__all__ = ["Layers", "composite", "gather"]

Indices = NDArray[np.intp]

_Run = tuple[NDArray[Any], ...]  # pixel, triangle, second and third weight, depth
_NOTHING: _Run = (*np.zeros((2, 0), np.intp), *np.zeros((2, 0)), np.zeros(0, np.float32))
_SEEN_THROUGH = 1 / 512  # of the light, below which what lies farther back adds nothing


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Fragments of a window, by pixel, and in each pixel the nearest first.

    Parameters
    ----------
    pixel : (f,) intp
        Flat index of the pixel, ascending.
    triangle : (f,) intp
    barycentric : (f, 3) float32
        Weights of that triangle's vertices.
    depth : (f,) float32
    shape : (H, W)
        Of the window.
    """

    pixel: Indices
    triangle: Indices
    barycentric: Float
    depth: Float
    shape: tuple[int, int]

    def carry(self, triangles: Int, attributes: Float) -> Float:
        """Return vertex attributes ``(n, c)`` at the fragments, ``(f, c)``."""
        a, b, c = (attributes.take(corner, axis=0) for corner in triangles[self.triangle].T)
        first, second, third = self.barycentric.T[..., None]
        out: Float = a * first + b * second + c * third
        return out

    def only(self, kept: NDArray[np.bool_]) -> Layers:
        """Return those fragments for which ``kept (f,)`` holds."""
        rows = self.pixel[kept], self.triangle[kept], self.barycentric[kept], self.depth[kept]
        return Layers(*rows, self.shape)


def gather(
    vertices: Float, triangles: Int, shape: tuple[int, int], front: Float | None = None
) -> Layers:
    """Gather every fragment at the pixel centres of a window.

    Parameters
    ----------
    vertices : (n, 3) float32
        x and y in px of the window, z of any unit, larger is nearer.
    triangles : (m, 3) int32
        Vertex indices, in either orientation.
    shape : (H, W)
    front : (H, W) float32, optional
        Depth of what hides whatever is not nearer; nothing is hidden by default.

    Raises
    ------
    ValueError
        As `raster.rasterize`.
    """
    x, y, z = raster.screen(vertices)
    corners = raster.corners_of(triangles, len(vertices))
    chosen = np.flatnonzero(scanline.doubled_area(x, y, corners))
    runs = raster.fragments(x, y, z, corners, chosen, shape)
    found = list(runs if front is None else _before(front.ravel(), runs)) or [_NOTHING]
    pixel, triangle, second, third, depth = map(np.concatenate, zip(*found, strict=True))
    order = _by_pixel_and_depth(pixel, depth)
    weights = np.empty((len(order), 3), np.float32)
    weights[:, 1], weights[:, 2] = second[order], third[order]
    weights[:, 0] = np.maximum(1 - weights[:, 1] - weights[:, 2], 0)
    return Layers(pixel[order], triangle[order], weights, depth[order], shape)


def _before(front: Float, runs: Iterable[_Run]) -> Iterator[_Run]:
    """Those fragments that are nearer than what is in front."""
    for run in runs:
        pixel, depth = run[0], run[-1]
        seen = np.flatnonzero(depth > front[pixel])
        yield tuple(values[seen] for values in run)


def _by_pixel_and_depth(pixel: Indices, depth: Float) -> Indices:
    """The order by pixel, then the nearest first; of equally near ones the first stays first."""
    if not depth.size:
        return np.zeros(0, np.intp)
    bits = depth.view(np.uint32)
    rising = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))  # ordered as the floats are
    key = (pixel.astype(np.uint64) << np.uint64(32)) | (~rising).astype(np.uint64)
    return np.argsort(key, kind="stable")


def composite(layers: Layers, colour: Float, opacity: Float) -> tuple[Float, Float]:
    """Lay fragments over each other (Porter & Duff, "Compositing Digital Images", 1984).

    Parameters
    ----------
    layers : Layers
    colour : (f, c) float32
        Of each fragment.
    opacity : (f,) float32 in [0, 1]

    Returns
    -------
    colour : (H, W, c) float32
        Times the opacity.
    opacity : (H, W) float32
        Of all of them together.
    """
    height, width = layers.shape
    total = np.zeros((height * width, colour.shape[1]), np.float32)
    through = np.ones(height * width, np.float32)
    place = np.arange(len(layers.pixel))
    first = np.ones(len(place), np.bool_)
    first[1:] = layers.pixel[1:] != layers.pixel[:-1]
    rank = place - np.maximum.accumulate(np.where(first, place, 0))
    for rows in _by_rank(rank):
        pixel = layers.pixel[rows]
        seen = through[pixel]
        kept = seen > _SEEN_THROUGH
        rows, pixel, seen = rows[kept], pixel[kept], seen[kept]
        share = seen * opacity[rows]
        total[pixel] += share[:, None] * colour[rows]
        through[pixel] = seen - share
    return total.reshape(height, width, -1), (1 - through).reshape(height, width)


def _by_rank(rank: Indices) -> list[Indices]:
    """The fragments that are first in their pixels, those that are second, and so on."""
    order = np.argsort(rank.astype(np.uint16), kind="stable")  # a radix sort
    return np.split(order, np.cumsum(np.bincount(rank))[:-1]) if len(rank) else []
