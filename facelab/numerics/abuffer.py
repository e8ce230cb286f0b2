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

__all__ = ["Layers", "composite", "gather", "halfway", "transmitted"]

Indices = NDArray[np.intp]

_Run = tuple[NDArray[Any], ...]  # pixel, triangle, second and third weight, depth
_NOTHING: _Run = (*np.zeros((2, 0), np.intp), *np.zeros((2, 0)), np.zeros(0, np.float32))
_OPAQUE = 1e-12  # of the light, that passes through what is opaque: its logarithm is a number
_HALF = 0.5


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

    @property
    def starts(self) -> Indices:
        """The first fragment of each pixel that has any."""
        return np.flatnonzero(np.diff(self.pixel, prepend=-1))

    def carry(self, triangles: Int, attributes: Float) -> Float:
        """Return vertex attributes ``(n, c)`` at the fragments, ``(f, c)``."""
        return raster.carried(attributes, triangles[self.triangle], self.barycentric)

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
    met = scanline.meeting(x, y, corners, shape)
    chosen = met[scanline.doubled_area(x, y, corners.take(met, axis=1)) != 0]
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


def transmitted(layers: Layers, opacity: Float) -> Float:
    """Return how much of what is behind everything nearer is seen at each fragment, ``(f,)``.

    The product of (1 - opacity) over the nearer fragments of the pixel, for ``opacity (f,)``.
    """
    lost = np.log(np.maximum(1 - opacity.astype(np.float64), _OPAQUE))
    before = np.cumsum(lost) - lost
    starts = layers.starts
    counts = np.diff(np.append(starts, len(before)))
    out: Float = np.exp(before - np.repeat(before[starts], counts)).astype(np.float32)
    return out


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
    colour : (p, c) float32
        Times the opacity, at the pixels of `Layers.starts`.
    opacity : (p,) float32
        Of all of them together.
    """
    from scipy.sparse import csr_matrix

    share = transmitted(layers, opacity) * opacity
    starts, count = layers.starts, len(share)
    sums = csr_matrix(
        (share, np.arange(count), np.append(starts, count)), shape=(len(starts), count)
    )
    return sums @ colour, sums @ np.ones(count, np.float32)


def halfway(layers: Layers, opacity: Float) -> Indices:
    """Return the fragments with which their pixels come to be half covered, or more."""
    through = transmitted(layers, opacity)
    return np.flatnonzero((through > _HALF) & (through * (1 - opacity) <= _HALF))
