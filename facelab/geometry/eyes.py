"""Where a face's eyes look, and how far they are open: by the points of its irises and lids.

An eye is a ball that turns in the head, and the head's position map tells where the ball lies: its
centre of rotation is 1.25 mm above the middle between the eye's corners and 3 mm behind it, in the
head's own axes. With these two numbers 200 synthetic portraits, which mostly look into the camera,
are found to look there in the median, whether or not the head is turned aside. All else is
anatomy: the pupil appears 10.5 mm before the centre of rotation (13.5 mm from there to the cornea's
apex: Fry & Hill, "The center of rotation of the eye", 1962; 3 mm from the apex to the pupil's
image), and an iris is 11.7 mm wide in nearly all adults (Ruefer et al., "White-to-white corneal
diameter", Cornea 2005), which is the scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas.canonical import CONTOURS, canonical
from facelab.geometry.landmarks import points468
from facelab.geometry.pose import similarity
from facelab.geometry.visibility import visible_landmarks
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float, require
from facelab.numerics.vectors import unit
from facelab.types import PositionMap

Array = NDArray[np.float64]

POINTS = 478
IRISES = np.arange(468, POINTS).reshape(2, 5)
"""Of the right eye and the left one: pupil, then the rim to image right, top, left and bottom."""
LIDS = np.array([CONTOURS["right eye"][0], CONTOURS["left eye"][0]])
"""The edges of the lids ``(2, 16)``: from the outer corner along the lower lid, and back above."""

_CORNERS = np.array([[33, 133], [362, 263]])
_LIDS = np.array([[159, 145], [386, 374]])  # above and below the pupil
_OF_68 = slice(36, 42), slice(42, 48)  # each eye among the 68 landmarks
_IRIS = 11.7  # mm, across
_REACH = 10.5  # mm from the centre of rotation to the pupil
_RISE, _DEPTH = 1.25, 3.0  # mm: where the centre of rotation is, from the middle of the corners
_ASIDE = 0.95  # sine of the farthest that an eye looks aside, as seen
_SHUT = 0.15  # of an iris's diameter: how far apart the points of closed lids are
_CLOSED = 0.1  # openness below which lids hide the iris
_FLIP = np.array([1.0, -1.0, 1.0])  # pixels have y down, directions have y up


@dataclass(frozen=True, slots=True, eq=False)
class Gaze:
    """Where the eyes look; the right eye first.

    Parameters
    ----------
    vectors : (2, 3) float32
        Unit vectors out of the pupils: x right, y up, z toward the viewer; NaN for an eye whose
        pupil is not seen.
    """

    vectors: Float

    @property
    def yaw(self) -> Float:
        """Degrees to the image's right, ``(2,)``; 0 looks along the line of sight."""
        x, _, z = self.vectors.T
        degrees: Float = np.rad2deg(np.arctan2(x, z))
        return degrees

    @property
    def pitch(self) -> Float:
        """Degrees down, ``(2,)``."""
        x, y, z = self.vectors.T
        degrees: Float = np.rad2deg(np.arctan2(-y, np.hypot(x, z)))
        return degrees

    @property
    def joint(self) -> Float:
        """The unit vector ``(3,)`` in the middle of both eyes', or that of the one that is seen.

        Eyes look the same way at what is farther than an arm's length away, and the errors of the
        two partly cancel. NaN where neither is seen.
        """
        seen = self.vectors[np.isfinite(self.vectors[:, 0])]
        if not len(seen):
            return np.full(3, np.nan, np.float32)
        return unit(seen.mean(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class SeenEyes:
    """The eyes of a face; the right one first.

    Parameters
    ----------
    irises : (2, 5, 3) float32
        Of each eye the middle of the pupil, then the iris's rim to the image's right, top, left
        and bottom of a frontal face; source-image pixels, depth the nearer the larger.
    visible : (2, 5) bool
        Which of them neither the face nor a lid hides.
    gaze : Gaze
    openness : (2,) float32
        0 where the lids are closed, 1 where they are an iris's diameter apart or more; NaN for an
        eye that is hidden.
    """

    irises: Float
    visible: Bool
    gaze: Gaze
    openness: Float


def eyes_of(points: Float, positions: PositionMap, *, covered: bool = False) -> SeenEyes:
    """Tell the eyes of a face from the points of its irises and lids.

    Parameters
    ----------
    points : (478, 3) float32
        Of the canonical mesh, then the irises; source-image pixels. Their depth does not matter.
    positions : PositionMap
        The same face, which says where the head is and how it is turned.
    covered : bool
        Whether dark glasses hide the eyes.
    """
    require("points", points, (POINTS, 3), np.float32)
    flat = points[:, :2].astype(np.float64)
    irises = flat[IRISES]
    diameter = _diameter(irises)
    seen = visible_landmarks(positions)
    hidden = np.array([covered or seen[one].mean() < 0.5 for one in _OF_68])
    gap = np.linalg.norm(flat[_LIDS[:, 0]] - flat[_LIDS[:, 1]], axis=1) / diameter
    opening = np.clip((gap - _SHUT) / (1 - _SHUT), 0, 1)
    inside = _inside(irises, flat[LIDS]) & (opening >= _CLOSED)[:, None] & ~hidden[:, None]
    placed, gaze = looking(irises, positions)
    shown = inside[:, 0]
    return SeenEyes(
        irises=placed,
        visible=inside,
        gaze=Gaze(np.where(shown[:, None], gaze, np.float32(np.nan))),
        openness=np.where(hidden, np.nan, opening).astype(np.float32),
    )


def looking(irises: Array, positions: PositionMap) -> tuple[Float, Float]:
    """Where irises lie in space, and where they look.

    Parameters
    ----------
    irises : (2, 5, 2) float64
        As `SeenEyes` has them, without depth.
    positions : PositionMap

    Returns
    -------
    irises : (2, 5, 3) float32
        Each lies square to the gaze.
    gaze : (2, 3) float32
        Unit vectors out of the pupils, y up.
    """
    diameter = _diameter(irises)
    centres = _centres(positions, diameter)
    gaze = _gaze(irises[:, 0], centres, diameter)
    return _placed(irises, centres, gaze, diameter), gaze.astype(np.float32)


def turned(irises: Float, gaze: Float, yaw: float, pitch: float) -> tuple[Float, Float]:
    """Irises and gaze of eyes that turned in a head which stays.

    Each eye turns about its centre of rotation by the shortest way, as eyes do (Listing's law).

    Parameters
    ----------
    irises : (2, 5, 3) float32
    gaze : (2, 3) float32
        As of `looking`.
    yaw, pitch : float
        Degrees that are added: to the image's right and down.

    Returns
    -------
    irises, gaze
        Of the same shapes; an eye looks aside no farther than lids show a pupil.
    """
    way = Gaze(gaze)
    sideways, down = np.deg2rad([way.yaw + yaw, way.pitch + pitch])
    level = np.clip(np.cos(down), 0, None)
    aside = np.stack([np.sin(sideways) * level, -np.sin(down)], axis=1)
    aside *= np.minimum(1, _ASIDE / np.maximum(np.linalg.norm(aside, axis=1), 1e-9))[:, None]
    after = np.column_stack([aside, np.sqrt(1 - (aside**2).sum(axis=1))])
    radius = _REACH * _diameter(irises[..., :2].astype(np.float64)) / _IRIS
    moved = [
        points[0]
        + _FLIP * (radius * (now - was) + _turned_by(_FLIP * (points - points[0]), was, now))
        for points, was, now in zip(irises, gaze.astype(np.float64), after, strict=True)
    ]
    return np.array(moved, np.float32), after.astype(np.float32)


def _turned_by(vectors: Array, before: Array, after: Array) -> Array:
    """Vectors ``(n, 3)`` turned as a unit vector turns to another one (Rodrigues)."""
    x, y, z = np.cross(before, after)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn = np.eye(3) + cross + product(cross, cross) / (1 + float((before * after).sum()))
    out: Array = product(vectors, turn.T)
    return out


def _diameter(irises: Array) -> float:
    """The diameter of irises ``(2, 5, 2)``, pixels.

    The major axis of the ellipse as which a turned circle is seen: the larger singular value of two
    diameters that are square to each other on the circle.
    """
    across = irises[:, [1, 2]] - irises[:, [3, 4]]
    return max(float(np.linalg.svd(across, compute_uv=False)[:, 0].mean()), 1e-6)


def _inside(irises: Array, contours: Array) -> Bool:
    """Which points of the irises lie between the lids, ``(2, 5)``."""
    return np.array(
        [
            [cv2.pointPolygonTest(lids.astype(np.float32), point, False) >= 0 for point in points]
            for points, lids in zip(irises.tolist(), contours, strict=True)
        ]
    )


def _centres(positions: PositionMap, diameter: float) -> Array:
    """The centres of rotation of the eyes ``(2, 3)``, pixels, y down, the nearer the larger."""
    points = points468(positions).astype(np.float64)
    _, head, _ = similarity(canonical().vertices.astype(np.float64), points * _FLIP)
    middles = points[_CORNERS].mean(axis=1)
    away = product(head, np.array([[0, _RISE, -_DEPTH]]).T).T * diameter / _IRIS
    centres: Array = middles + away * _FLIP
    return centres


def _gaze(pupils: Array, centres: Array, diameter: float) -> Array:
    """Unit vectors from the centres through pupils ``(2, 2)``, y up, ``(2, 3)``."""
    aside = (pupils - centres[:, :2]) / (_REACH * diameter / _IRIS)
    length = np.linalg.norm(aside, axis=1, keepdims=True)
    aside *= np.minimum(1, _ASIDE / np.maximum(length, 1e-9))
    ahead = np.sqrt(1 - (aside**2).sum(axis=1, keepdims=True))
    looking: Array = np.hstack([aside, ahead]) * _FLIP
    return looking


def _placed(irises: Array, centres: Array, gaze: Array, diameter: float) -> Float:
    """The irises ``(2, 5, 2)`` with their depth: each lies square to the gaze, ``(2, 5, 3)``."""
    right, up, ahead = gaze.T
    away = (irises - irises[:, :1]) * _FLIP[:2]
    slope = -(away[..., 0] * right[:, None] + away[..., 1] * up[:, None]) / ahead[:, None]
    pupils = centres[:, 2] + _REACH * diameter / _IRIS * ahead
    return np.dstack([irises, pupils[:, None] + slope]).astype(np.float32)
