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
_PIECE = 32  # points of the pieces whose surroundings are searched


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
    path = curve(points)
    rows, columns = _around(places, path, reach)
    inside = places[rows, columns]
    distance, nearest = _nearest(inside, path, reach)
    close = distance < reach
    nearest = nearest[close]
    away = inside[close] - path[nearest]
    tangent = np.gradient(path, axis=0)[nearest]
    right = np.sign(tangent[:, 0] * away[:, 1] - tangent[:, 1] * away[:, 0])
    return Stroke(
        (rows[close], columns[close]),
        (distance[close] * right).astype(np.float32),
        (nearest / (_POINTS - 1)).astype(np.float32),
    )


def _nearest(places: Float, path: Float, reach: float) -> tuple[Float, Ints]:
    """Distance to the nearest point of a path and its index, ``(n,)`` each.

    Each piece of the path is compared with the places around it only. Where nothing is within
    `reach` the distance is that, and the index 0.
    """
    squares = np.full(len(places), reach**2, np.float32)
    nearest = np.zeros(len(places), np.intp)
    for start in range(0, len(path), _PIECE):
        piece = path[start : start + _PIECE]
        middle = piece[len(piece) // 2]
        around = np.sqrt(_square(piece, middle).max()) + reach
        near = np.flatnonzero(_square(places, middle) <= around**2)
        away = _square(places[near, None], piece)
        best = away.argmin(axis=1)
        least = away[np.arange(len(near)), best]
        closer = least < squares[near]
        squares[near[closer]] = least[closer]
        nearest[near[closer]] = start + best[closer]
    return np.sqrt(squares), nearest


def _square(places: Float, others: Float) -> Float:
    """Squares of the distances between places ``(..., 2)``."""
    out: Float = (places[..., 0] - others[..., 0]) ** 2 + (places[..., 1] - others[..., 1]) ** 2
    return out


def curve(points: Float) -> Float:
    """A natural cubic spline through points ``(k, 2)``, by their distances: ``(256, 2)``."""
    points = points.astype(np.float64)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)[:, None]
    length = np.concatenate([[0.0], np.cumsum(steps)])
    bends = _bends(points, steps)
    at = np.linspace(0, length[-1], _POINTS)
    k = np.clip(np.searchsorted(length, at, side="right") - 1, 0, len(steps) - 1)
    step, share = steps[k], (at - length[k])[:, None] / steps[k]
    rest = 1 - share
    chord = rest * points[k] + share * points[k + 1]
    bent = (rest**3 - rest) * bends[k] + (share**3 - share) * bends[k + 1]
    return np.asarray(chord + step**2 / 6 * bent, np.float32)


def _bends(points: Float, steps: Float) -> Float:
    """Second derivatives of the natural cubic spline at its points, ``(k, 2)``: 0 at both ends.

    Those between solve a tridiagonal system, by elimination (Thomas 1949); Press et al.,
    "Numerical Recipes", 3rd edition, equation 3.3.7.
    """
    slopes = np.diff(points, axis=0) / steps
    jumps = 6 * np.diff(slopes, axis=0)
    bends = np.zeros_like(points)
    pivots = 2 * (steps[:-1] + steps[1:])
    for i in range(1, len(pivots)):
        factor = steps[i] / pivots[i - 1]
        pivots[i] -= factor * steps[i]
        jumps[i] -= factor * jumps[i - 1]
    for i in range(len(pivots) - 1, -1, -1):
        bends[i + 1] = (jumps[i] - steps[i + 1] * bends[i + 2]) / pivots[i]
    return bends


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
