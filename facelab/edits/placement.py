"""Where make-up goes: lines on either side of the canonical face, and how far it reaches.

Places are parts of the canonical atlas: how far from the face's middle, and how far down. What is
told by them is the same on both sides, in every atlas and at every size.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from facelab.atlas import Atlas
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep

Place = tuple[float, float]
Line = tuple[Place, Place]


def along(
    atlas: Atlas, size: int, lines: Iterable[Line], reach: float, softness: float = 1.0
) -> Float:
    """How much lies on each texel, ``(size, size)`` in [0, 1]: 1 on the lines.

    Parameters
    ----------
    atlas : Atlas
    size : int
    lines : iterable of Line
    reach : float
        How far from them it is about half, parts of the side.
    softness : float
        0 for an edge there, 1 for a slope from the line to twice as far.
    """
    uv = atlas.canonical_uv(size)
    across, down = np.abs(uv[..., 0] - np.float32(0.5)), uv[..., 1]
    away = np.minimum.reduce([_distance(across, down, *line) for line in lines])
    core, end = 0.8 * reach * (1 - softness), reach * (1 + softness)
    return 1 - np.sqrt(smoothstep(away, core, max(end, core + 1 / size)))


def _distance(across: Float, down: Float, start: Place, end: Place) -> Float:
    """The distance of each texel from a line, parts of the side."""
    way = np.float32(end[0] - start[0]), np.float32(end[1] - start[1])
    x, y = across - np.float32(start[0]), down - np.float32(start[1])
    length = way[0] ** 2 + way[1] ** 2
    share = np.clip((x * way[0] + y * way[1]) / max(length, np.float32(1e-12)), 0, 1)
    out: Float = np.hypot(x - share * way[0], y - share * way[1])
    return out
