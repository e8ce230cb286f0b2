"""The surface of the canonical atlas through the 468 points of its mesh: one stored operator."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from facelab import weights
from facelab.numerics.clough_tocher import Array, Interpolation, interpolation

GHOST_RING = 1.1  # where the surface is carried past the oval, over the oval's own radius
MOUTH_CORNERS = [61, 62, 76, 78, 291, 292, 306, 308]  # from the outer to the inner
LIPS = [
    0, 11, 12, 13, 14, 15, 16, 17, 37, 38, 39, 40, 41, 42, 72, 73, 74, 77, 80, 81, 82, 84, 85, 86,
    87, 88, 89, 90, 91, 95, 96, 146, 178, 179, 180, 181, 183, 184, 185, 191, 267, 268, 269, 270,
    271, 272, 302, 303, 304, 307, 310, 311, 312, 314, 315, 316, 317, 318, 319, 320, 321, 324, 325,
    375, 402, 403, 404, 405, 407, 408, 409, 415,
]  # fmt: skip


@cache
def surface() -> Interpolation:
    """The operator from the 468 points of the mesh to the valid texels of the atlas."""
    stored = weights.load("canonical_surface")
    columns = np.ascontiguousarray(stored["columns"].T, np.intp)
    patches = np.ascontiguousarray(stored["patches"].reshape(-1, len(columns)).T)
    return Interpolation(stored["nodes"], columns, patches)


def work_out(
    uv: Array, oval: Sequence[int], triangles: NDArray[np.int32], places: Array
) -> Interpolation:
    """Compute the operator that `surface` reads.

    Parameters
    ----------
    uv : (468, 2) float64
        Texel coordinates of the points.
    oval : sequence of int
        Those that go round the face.
    triangles : (898, 3) int32
        Of the points: the mesh's own, since only they go along the edges of the lips.
    places : (n, 2) float64
        Texel coordinates of the valid texels.
    """
    rim = uv[list(oval)]
    centre = rim.mean(axis=0)
    ghosts = centre + (rim - centre) * GHOST_RING
    hidden = _across_the_mouth(np.concatenate([uv, ghosts]), len(uv))
    around = _ring(np.array(oval), len(uv) + np.arange(len(oval)))
    return interpolation(uv, places, ghosts, np.concatenate([triangles, around]), hidden)


def _ring(inner: NDArray[np.intp], outer: NDArray[np.intp]) -> NDArray[np.intp]:
    """Triangles between two closed lines of as many nodes."""
    a, b, c, d = inner, np.roll(inner, -1), outer, np.roll(outer, -1)
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([b, d, c], axis=1)])


def _across_the_mouth(nodes: NDArray[np.float64], count: int) -> NDArray[np.bool_]:
    """For each node the points of the other lip: a closed mouth in UV, however open in space."""
    line = nodes[MOUTH_CORNERS, 1].mean()
    lips = np.zeros(count, np.bool_)
    lips[LIPS] = True
    lower = nodes[:, 1] > line
    across: NDArray[np.bool_] = lips & (lower[:count] != lower[:, None])
    return across
