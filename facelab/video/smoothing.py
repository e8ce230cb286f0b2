"""Where a face is, steadied over the frames around each one, without coming late.

A frame's points are split into the head's place (scale, rotation, translation) and the face's shape
in its own frame. Of each number of the shape its mean over 2h + 1 frames around is taken, h before
and h after, so that nothing is late; of the place a parabola's value, since heads gather speed. How
far h may reach, every number tells for itself: as far as what more frames say stays within what
noise alone would do to it, by the intersection of confidence intervals (Goldenshluger, Nemirovski
1997; Katkovnik, IEEE Transactions on Signal Processing 47, 1999). So what stands still is averaged
over all frames, and a blink over none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas import canonical
from facelab.geometry.pose import similarity
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float

LAG = 8
"""Frames before and after that a frame is steadied by."""

_STEPS = (0, 1, 2, 3, 5, 8)  # frames on either side
_WIDTH = 2.5  # half an interval, in standard deviations
_LEAST = 0.0007  # of the face's size: noise that there always is
_MOST = 0.0015  # and that there is at most, whatever the differences say: a blink is none
_MEDIAN = 0.6745  # of a normal variable's size, in standard deviations
_FLIP = np.array([1.0, -1.0, 1.0])

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A face's points as a head's place and a shape.

    Parameters
    ----------
    scale : float
        Pixels a canonical unit.
    rotation : (3, 3) float64
        From the canonical frame to the camera's.
    translation : (3,) float64
        Pixels, y up.
    shape : (468, 3) float64
        The points in the canonical frame.
    """

    scale: float
    rotation: Array
    translation: Array
    shape: Array

    @classmethod
    def of(cls, points: Float) -> Placed:
        """The place and the shape of points ``(468, 3)`` in pixels."""
        seen = points.astype(np.float64) * _FLIP
        scale, rotation, translation = similarity(_canonical(), seen)
        return cls(scale, rotation, translation, product((seen - translation) / scale, rotation))

    @property
    def points(self) -> Float:
        """The points ``(468, 3)`` in pixels."""
        seen = self.scale * product(self.shape, self.rotation.T) + self.translation
        out: Float = (seen * _FLIP).astype(np.float32)
        return out


def steadied(window: Sequence[Placed]) -> Float:
    """Return the points ``(468, 3)`` of the frame in the middle, steadied by those around it.

    Parameters
    ----------
    window : sequence of Placed
        One face in an odd number of frames that follow each other.
    """
    middle = window[len(window) // 2]
    if len(window) == 1:
        return middle.points
    size = float(np.ptp(middle.shape[:, :2], axis=0).mean())  # canonical units
    places = np.stack([_relative(one, middle, size) for one in window])
    shapes = np.stack([one.shape for one in window])
    place = _adapted(places, _noise(places, size), _parabola)
    shape = _adapted(shapes, _noise(shapes, size), _mean)
    scale, rotation, translation = _absolute(place, middle, size)
    return Placed(scale, rotation, translation, shape).points


def _relative(one: Placed, middle: Placed, size: float) -> Array:
    """A place ``(7,)`` as seen from another: log scale, rotation vector, translation.

    All in canonical units at the face's edge, so that they have one noise.
    """
    turn = cv2.Rodrigues(one.rotation @ middle.rotation.T)[0].ravel()
    moved = (one.translation - middle.translation) / middle.scale
    edge = size / 2
    return np.array([np.log(one.scale / middle.scale) * edge, *(turn * edge), *moved])


def _absolute(place: Array, middle: Placed, size: float) -> tuple[float, Array, Array]:
    """Scale, rotation and translation of what `_relative` gives."""
    edge = size / 2
    turn = cv2.Rodrigues(place[1:4] / edge)[0]
    scale = middle.scale * float(np.exp(place[0] / edge))
    return scale, turn @ middle.rotation, middle.translation + place[4:] * middle.scale


def _noise(values: Array, size: float) -> Array:
    """The standard deviation ``(...)`` of noise in values ``(T, ...)``, by third differences.

    Of a number that gathers speed evenly they are noise alone, with 20 times its variance.
    """
    low, high = _LEAST * size, _MOST * size
    if len(values) < 5:
        return np.full(values.shape[1:], low)
    spread = np.median(np.abs(np.diff(values, 3, axis=0)), axis=0) / (_MEDIAN * np.sqrt(20.0))
    out: Array = np.clip(spread, low, high)
    return out


def _adapted(values: Array, noise: Array, weights: Callable[[int], Array]) -> Array:
    """Values ``(T, ...)`` at the middle, by weights over as many around it as each allows."""
    middle = len(values) // 2
    low, high = np.full(noise.shape, -np.inf), np.full(noise.shape, np.inf)
    out: Array = values[middle]
    open_ = np.ones(noise.shape, bool)
    for step in (step for step in _STEPS if step <= middle):
        own = weights(step)
        part = values[middle - step : middle + step + 1]
        value = (part * own.reshape(-1, *[1] * (part.ndim - 1))).sum(axis=0)
        # The middle one's weight is that of a projection: what is left of the noise's variance.
        half = _WIDTH * noise * np.sqrt(own[step])
        low, high = np.maximum(low, value - half), np.minimum(high, value + half)
        open_ = open_ & (low <= high)
        out = np.where(open_, value, out)
    return out


def _mean(step: int) -> Array:
    """The weights of a mean over so many frames on either side."""
    return np.full(2 * step + 1, 1 / (2 * step + 1))


def _parabola(step: int) -> Array:
    """Those of the parabola through them with the least squared error, at the middle.

    Savitzky, Golay, Analytical Chemistry 36, 1964.
    """
    if step < 2:  # it goes through three points
        alone: Array = np.eye(2 * step + 1)[step]
        return alone
    away = np.arange(-step, step + 1.0) ** 2
    whole = (2 * step - 1) * (2 * step + 1) * (2 * step + 3)
    out: Array = (3 * (3 * step**2 + 3 * step - 1) - 15 * away) / whole
    return out


def _canonical() -> Array:
    return canonical().vertices.astype(np.float64)
