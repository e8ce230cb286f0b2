"""A camera that sees a head: turned by any angles, in perspective of any strength.

Convention
----------
The head's frame has x to the image's right when frontal, y up and z toward the viewer, in cm; the
camera's frame is the same, turned. Places in the picture are facelab's: pixels, y down, depth in
pixels of the face's mean scale, the nearer the larger.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from facelab.geometry import pose
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.vectors import unit
from facelab.types import Crop

Array = NDArray[np.float64]

_FLIP = np.array([1.0, -1.0, 1.0])  # pixels have y down
_NEAREST = 0.15  # of the distance: what is nearer is drawn as if it were so near


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A pinhole camera before a head.

    Parameters
    ----------
    rotation : (3, 3) float64
        From the head's frame to the camera's.
    middle : (3,) float64
        The point of the head that `at` shows and whose scale is the face's mean scale, cm.
    distance : float
        From the pinhole to it along the line of sight, cm.
    scale : float
        Pixels per cm there.
    at : (2,) float64
        Where the picture shows it, (x, y) pixels.
    axis : (2,) float64
        Where the line of sight meets the picture, (x, y) pixels: its middle.
    """

    rotation: Array = field(repr=False)
    middle: Array
    distance: float
    scale: float
    at: Array
    axis: Array

    @classmethod
    def looking(
        cls,
        angles: tuple[float, float, float],
        middle: NDArray[np.floating],
        scale: float,
        view: float,
        shape: tuple[int, int],
        at: tuple[float, float] | None = None,
    ) -> Camera:
        """Return the camera that shows a head at some size.

        Parameters
        ----------
        angles : (yaw, pitch, roll)
            Of the head before the camera, degrees, as of `facelab.types.Pose`.
        middle : (3,) float
            Of the face, in the head's frame.
        scale : float
            Pixels per cm there.
        view : float
            Field of view of the picture's longer side, degrees; 0 is a parallel projection.
        shape : (H, W)
        at : (x, y), optional
            Where the picture shows the middle; in its own middle by default.
        """
        axis = (np.array(shape[::-1], np.float64) - 1) / 2
        half = max(shape) / 2 / scale  # cm that the picture shows from its middle on
        distance = half / np.tan(np.deg2rad(view) / 2) if view > 0 else 1e5
        return cls(
            pose.matrix(*angles),
            np.asarray(middle, np.float64),
            float(distance),
            float(scale),
            axis if at is None else np.array(at, np.float64),
            axis,
        )

    def seen_in(self, crop: Crop) -> Camera:
        """Return the camera whose picture is that crop of this one's."""
        at, axis = crop.apply(np.stack([self.at, self.axis])).astype(np.float64)
        rotation = pose.matrix(0, 0, -crop.roll) @ self.rotation
        scale = self.scale * crop.size / crop.side
        return replace(self, rotation=rotation, scale=scale, at=at, axis=axis)

    def turned(self, points: Float) -> Float:
        """Return points ``(n, 3)`` in the camera's frame, cm, about the middle."""
        away = points.astype(np.float64) - self.middle
        return product(away, self.rotation.T)

    def project(self, points: Float) -> Float:
        """Return where the picture shows points ``(n, 3)`` of the head's frame, ``(n, 3)``.

        A point at depth z is drawn larger by distance / (distance - z) than the middle is.
        """
        seen = self.turned(points) + np.append((self.at - self.axis) / self.scale, 0) * _FLIP
        away = np.maximum(1 - seen[:, 2] / self.distance, _NEAREST)
        flat = seen[:, :2] * _FLIP[:2] / away[:, None] * self.scale + self.axis
        return np.column_stack([flat, seen[:, 2] * self.scale]).astype(np.float32)

    def toward(self, points: Float) -> Float:
        """Return unit vectors from points of the head's frame to the pinhole, ``(n, 3)``.

        In the camera's frame.
        """
        away = np.array([0, 0, self.distance]) - self.turned(points)
        return unit(away)
