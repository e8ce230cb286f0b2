"""Lines drawn on the atlas: how far each texel lies from a smooth curve, and where along it.

Frame: places are (u, v) in [0, 1], u right and v down, so that a curve is the same at every size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Bool, Float

Ints = NDArray[np.intp]

_COARSE = 128  # cells of the grid on which a stroke is first looked for
_POINTS = 256  # of a curve: closer together than texels


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """The texels near a curve.

    Parameters
    ----------
    texels : (rows, columns), each (n,)
        Which they are.
    distance : (n,) float32
        From the curve, a part of the side; positive to the right of it as one walks along, as
        seen.
    along : (n,) float32
        Where on the curve, 0 at its start and 1 at its end.
    """

    texels: tuple[Ints, Ints]
    distance: Float
    along: Float


def stroke(places: Float, points: Float, reach: float) -> Stroke:
    """The texels within `reach` of the smooth curve through some points.

    Parameters
    ----------
    places : (S, S, 2) float32
        Of the texels.
    points : (k, 2) float32
        Two or more, in order.
    reach : float
        A part of the side.
    """
    from scipy.spatial import cKDTree  # slow to import, and most runs draw no line

    path = curve(points)
    rows, columns = _around(places, path, reach)
    inside = places[rows, columns]
    distance, nearest = cKDTree(path).query(inside, distance_upper_bound=reach)
    close = np.isfinite(distance)
    nearest = nearest[close]
    away = inside[close] - path[nearest]
    tangent = np.gradient(path, axis=0)[nearest]
    right = np.sign(tangent[:, 0] * away[:, 1] - tangent[:, 1] * away[:, 0])
    return Stroke(
        (rows[close], columns[close]),
        (distance[close] * right).astype(np.float32),
        (nearest / (_POINTS - 1)).astype(np.float32),
    )


def curve(points: Float) -> Float:
    """A natural cubic spline through points ``(k, 2)``, by their distances: ``(256, 2)``."""
    from scipy.interpolate import CubicSpline  # as above

    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    spline = CubicSpline(length, points, bc_type="natural")
    return np.asarray(spline(np.linspace(0, length[-1], _POINTS)), np.float32)


def _around(places: Float, path: Float, reach: float) -> tuple[Ints, Ints]:
    """The texels in the box around a path: looked for on a coarse grid first, then one by one."""
    low, high = path.min(axis=0) - reach, path.max(axis=0) + reach
    step = max(1, len(places) // _COARSE)
    coarse = np.argwhere(_inside(places[::step, ::step], low - 1 / _COARSE, high + 1 / _COARSE))
    if not len(coarse):
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    first, last = coarse.min(axis=0) * step, (coarse.max(axis=0) + 1) * step
    window = places[first[0] : last[0], first[1] : last[1]]
    rows, columns = np.nonzero(_inside(window, low, high))
    return rows + first[0], columns + first[1]


def _inside(places: Float, low: Float, high: Float) -> Bool:
    u, v = places[..., 0], places[..., 1]
    box: Bool = (u >= low[0]) & (u <= high[0]) & (v >= low[1]) & (v <= high[1])
    return box
