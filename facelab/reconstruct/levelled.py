"""The crop in which a face of any pose is shown to a network: upright, and as large as it is."""

from __future__ import annotations

import numpy as np

from facelab.atlas import canonical
from facelab.geometry.pose import similarity
from facelab.numerics.arrays import Float
from facelab.types import Box, Crop

CROP_SCALE = 1.5  # side of the crop over the longer side of the points' box
_FLIP = np.array([1.0, -1.0, 1.0])


def levelled(points: Float, size: int, scale: float = CROP_SCALE) -> Crop:
    """The crop around the 468 points of a face in which its own up points up.

    Parameters
    ----------
    points : (468, 3) float32
        Source-image pixels, the nearer the larger.
    size : int
        Of the crop, its own pixels.
    scale : float
        Side of the crop over the longer side of the points' box.
    """
    return boxed(points, roll(points), size, scale)


def roll(points: Float) -> float:
    """Degrees counter-clockwise as seen that a face's up is turned, by its points ``(468, 3)``.

    The line of the eyes, which tells the roll of a face seen from the front, is no line in a
    profile; the face's upward axis is seen at every yaw.
    """
    canonical_points = canonical().vertices.astype(np.float64)
    _, rotation, _ = similarity(canonical_points, points.astype(np.float64) * _FLIP)
    up_x, up_y = rotation[:2, 1]
    return float(np.rad2deg(np.arctan2(-up_x, up_y)))


def boxed(points: Float, roll: float, size: int, scale: float = CROP_SCALE) -> Crop:
    """The crop of a roll, degrees, around points ``(n, 3)``: `scale` times their box in it."""
    level = Crop((0.0, 0.0), float(size), roll, size)
    box = Box.around(level.apply(points))
    centre = level.invert(np.array([box.centre], np.float32))[0]
    side = scale * max(box.width, box.height)
    return Crop((float(centre[0]), float(centre[1])), side, roll, size)
