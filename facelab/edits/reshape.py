"""Reshape: other proportions and expressions; the surface moves, the texture stays as it is.

Every key is a field of displacements in the canonical face frame (`facelab.types.Pose`):
centimetres, x image right, y up, z out of the face. How strong a field is at a texel depends on
where that texel lies on the canonical face; what is enlarged is enlarged about the face's own
landmarks. So a field means the same on every face, in every pose and in any atlas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from facelab.edits.edit import Edit, References
from facelab.edits.parameters import choice, number
from facelab.geometry import pose
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import Face, Pose, PositionMap

_WHOLE = ("mouth",)  # keys that move both sides of a face or none
_MIDDLE = 1.0  # cm to each side of the face's middle over which one side passes into the other
_FLIP = np.array([1, -1, 1], np.float32)  # pixels have y down, the canonical frame has y up

_JOINTS = np.array([0.0, 1.0, -2.0], np.float32)  # of the jaw: a point between them
_OPEN = np.deg2rad(9.0)  # by which the jaw turns at most
_CORNER_REACH = 2.8  # cm around the corners of the mouth that move with them
_JAW_SKIN = 1.0  # cm below the lips from where on skin moves with the jaw

# Landmarks of the 300-W order.
_EYES, _BROWS = (slice(36, 42), slice(42, 48)), (slice(17, 22), slice(22, 27))
_NOSE, _WINGS = slice(27, 36), [31, 35]
_CORNERS, _LIPS, _INNER_LIPS = (48, 54), slice(48, 60), slice(60, 68)
_UPPER_EDGE, _LOWER_EDGE = [60, 61, 62, 63, 64], [60, 67, 66, 65, 64]


@dataclass(frozen=True, kw_only=True)
class Reshape(Edit):
    """The face in other proportions, with another expression."""

    name: ClassVar[str] = "reshape"
    slim: float = number(0.0, -1.0, 1.0, "narrower cheeks; below 0 wider ones")
    jaw: float = number(0.0, -1.0, 1.0, "a broader jaw; below 0 a narrower one")
    chin: float = number(0.0, -1.0, 1.0, "a longer chin; below 0 a shorter one")
    eyes: float = number(0.0, -1.0, 1.0, "larger eyes; below 0 smaller ones")
    nose: float = number(0.0, -1.0, 1.0, "a larger nose; below 0 a smaller one")
    lips: float = number(0.0, -0.7, 1.0, "fuller lips; below 0 thinner ones")
    smile: float = number(0.0, -0.5, 1.0, "corners of the mouth out and up, cheeks with them")
    corners: float = number(0.0, -1.0, 1.0, "corners of the mouth up alone; below 0 down")
    mouth: float = number(0.0, 0.0, 1.0, "mouth opened, always on both sides")
    brows: float = number(0.0, -1.0, 1.0, "brows raised; below 0 lowered")
    side: str = choice("both", ("both", "left", "right"), "the person's own left or right, or both")

    def apply(self, face: Face, references: References) -> Face:
        """The face moved; texels out of reach of what was asked for stay bit for bit."""
        here = pose.estimate(face.positions)
        shape = _Shape(face.positions, here)
        total = np.zeros_like(shape.own)
        for key, field in FIELDS.items():
            amount = self.strength * getattr(self, key)
            if amount:
                side = "both" if key in _WHOLE else self.side
                total += np.float32(amount) * field(shape) * shape.half(side)[..., None]
        shift = np.float32(here.scale) * product(total, here.rotation.T) * _FLIP
        moved = PositionMap(face.positions.values + shift, face.positions.atlas)
        return Face(moved, face.texture)


@dataclass(frozen=True, eq=False)
class _Shape:
    """A face in the canonical frame, beside the canonical face itself; both in centimetres."""

    positions: PositionMap
    pose: Pose

    @cached_property
    def own(self) -> Float:
        """Where the face's texels lie, ``(256, 256, 3)``."""
        away = (self.positions.values - self.pose.translation) * _FLIP
        return np.asarray(product(away, self.pose.rotation) / self.pose.scale, np.float32)

    @cached_property
    def landmarks(self) -> Float:
        """The face's own landmarks, ``(68, 3)``."""
        atlas = self.positions.atlas
        return atlas.read(self.own, atlas.landmarks68)

    @cached_property
    def canonical_landmarks(self) -> Float:
        """The canonical face's landmarks, ``(68, 3)``."""
        atlas = self.positions.atlas
        return atlas.read(atlas.canonical_positions, atlas.landmarks68)

    @property
    def canonical(self) -> Float:
        """Where the canonical face's texels lie, ``(256, 256, 3)``."""
        return self.positions.atlas.canonical_positions

    def around(self, centre: Float, width: float, height: float) -> Float:
        """1 at a point of the canonical face, falling smoothly to 0 at these radii, cm."""
        x, y = self.canonical[..., 0], self.canonical[..., 1]
        distance = ((x - centre[0]) / width) ** 2 + ((y - centre[1]) / height) ** 2
        out: Float = np.maximum(1 - distance, 0) ** 2 * self.positions.atlas.valid
        return out

    @cached_property
    def inner_lips(self) -> tuple[Float, Float]:
        """How high the canonical face's lips end inside the mouth at each texel's x: up, down."""
        x, marks = self.canonical[..., 0], self.canonical_landmarks
        edges = (marks[row] for row in (_UPPER_EDGE, _LOWER_EDGE))
        upper, lower = (np.interp(x, edge[:, 0], edge[:, 1]) for edge in edges)
        return upper.astype(np.float32), lower.astype(np.float32)

    def half(self, side: str) -> Float:
        """1 on one side of the face, 0 on the other, ``(256, 256)``; 1 for both."""
        x = self.canonical[..., 0]
        if side == "both":
            return np.ones_like(x)
        return smoothstep(x if side == "left" else -x, -_MIDDLE, _MIDDLE)


def _vector(weight: Float, x: Float | float = 0.0, y: Float | float = 0.0) -> Float:
    """A displacement in the plane of the face, ``(256, 256, 3)``."""
    return np.asarray(np.stack([weight * x, weight * y, 0 * weight], axis=2), np.float32)


def _slim(shape: _Shape) -> Float:
    """The cheeks, less toward the middle, where mouth and nose keep their width."""
    mouth = shape.canonical_landmarks[_LIPS].mean(axis=0)
    weight = shape.around(np.array([0, mouth[1] + 1.5]), 14, 7.5)
    weight = weight * smoothstep(np.abs(shape.canonical[..., 0]), 1.5, 6.0)
    return _vector(weight, x=-0.11 * shape.own[..., 0])


def _jaw(shape: _Shape) -> Float:
    """The angles of the jaw."""
    chin = shape.canonical_landmarks[8]
    weight = shape.around(chin + np.array([0, 2.8, 0]), 14, 5.5)
    weight = weight * smoothstep(np.abs(shape.canonical[..., 0]), 0.5, 5.0)
    return _vector(weight, x=0.12 * shape.own[..., 0])


def _chin(shape: _Shape) -> Float:
    """The chin, from below the lips."""
    lips, chin = shape.canonical_landmarks[57], shape.canonical_landmarks[8]
    below = smoothstep(-shape.canonical[..., 1], -lips[1], -chin[1])
    return _vector(below * shape.around(chin, 7.5, 9.0), y=-0.9)


def _eyes(shape: _Shape) -> Float:
    """Each eye about its own centre."""
    total = np.zeros_like(shape.own)
    for eye in _EYES:
        weight = shape.around(shape.canonical_landmarks[eye].mean(axis=0), 3.4, 2.7)
        away = shape.own - shape.landmarks[eye].mean(axis=0)
        total += 0.2 * weight[..., None] * away
    return total


def _nose(shape: _Shape) -> Float:
    """The nose about a point at the height of its tip, at the depth of its wings."""
    low, high = shape.canonical_landmarks[33], shape.canonical_landmarks[27]
    weight = shape.around((0.75 * low + 0.25 * high), 3.2, 4.6)
    centre = shape.landmarks[_WINGS].mean(axis=0)
    return np.asarray(0.2 * weight[..., None] * (shape.own - centre), np.float32)


def _lips(shape: _Shape) -> Float:
    """The lips' outer edges away from the inner ones, which stay: an open mouth stays as open."""
    middle = shape.canonical_landmarks[_INNER_LIPS].mean(axis=0)
    weight = shape.around(middle, 3.4, 2.6)
    y, (upper, lower) = shape.canonical[..., 1], shape.inner_lips
    return _vector(weight, y=0.65 * (y - np.clip(y, lower, upper)))


def _smile(shape: _Shape) -> Float:
    """The corners of the mouth out and up, the cheeks with them."""
    x, weight = shape.canonical[..., 0], _along_the_mouth(shape)
    total = _vector(weight, x=np.float32(0.42) * np.tanh(x), y=0.62)
    for corner, outward in zip(_CORNERS, (-1.0, 1.0), strict=True):
        cheek = shape.canonical_landmarks[corner] + np.array([1.4 * outward, 3.2, 0])
        total += _vector(shape.around(cheek, 3.2, 3.0), x=0.1 * outward, y=0.28)
    return total


def _corners(shape: _Shape) -> Float:
    """The corners of the mouth up."""
    return _vector(_along_the_mouth(shape), y=0.5)


def _along_the_mouth(shape: _Shape) -> Float:
    """0 in the mouth's middle, 1 in its corners, falling to 0 around: lips stay smooth curves."""
    x, y = shape.canonical[..., 0], shape.canonical[..., 1]
    left, right = (shape.canonical_landmarks[corner] for corner in _CORNERS)
    width, height = (right[0] - left[0]) / 2, (left[1] + right[1]) / 2
    away = np.abs(x) / width
    along = np.sin(np.pi / 2 * np.minimum(away, 1)) ** 2
    beyond = (np.maximum(away - 1, 0) * width / _CORNER_REACH) ** 2
    across = ((y - height) / _CORNER_REACH) ** 2
    weight = along * np.maximum(1 - beyond - across, 0) ** 2
    return np.asarray(weight * shape.positions.atlas.valid, np.float32)


def _mouth(shape: _Shape) -> Float:
    """The jaw turned about the axis through its joints, to first order.

    Skin follows the jaw the more, the lower it lies; in its middle the mouth parts wholly.
    """
    marks = shape.canonical_landmarks
    x, y = shape.canonical[..., 0], shape.canonical[..., 1]
    follows = smoothstep(-y, -marks[33, 1], -marks[57, 1] + _JAW_SKIN)
    below = y < sum(shape.inner_lips) / 2
    parted = np.maximum(1 - (x / marks[64, 0]) ** 2, 0)
    weight = (follows + parted * (below - follows)) * shape.positions.atlas.valid
    away = shape.own - _JOINTS
    turned = np.stack([0 * x, -away[..., 2], away[..., 1]], axis=2)
    return np.asarray(_OPEN * weight[..., None] * turned, np.float32)


def _brows(shape: _Shape) -> Float:
    """The brows with the skin above them; the lids stay."""
    total = np.zeros_like(shape.own)
    for brow in _BROWS:
        place = shape.canonical_landmarks[brow].mean(axis=0) + np.array([0, 0.7, 0])
        total += _vector(shape.around(place, 4.6, 2.5), y=0.6)
    return total


FIELDS: dict[str, Callable[[_Shape], Float]] = {
    "slim": _slim,
    "jaw": _jaw,
    "chin": _chin,
    "eyes": _eyes,
    "nose": _nose,
    "lips": _lips,
    "smile": _smile,
    "corners": _corners,
    "mouth": _mouth,
    "brows": _brows,
}
