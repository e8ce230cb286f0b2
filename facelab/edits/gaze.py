"""Gaze: eyes turned in their sockets; lids and skin stay as they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.edits.cielab import to_lab
from facelab.edits.edit import Edit, References
from facelab.edits.parameters import number
from facelab.face import iris_view
from facelab.face.eye_layer import Eye, eye_points, eyes_of
from facelab.geometry.eyes import turned
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep, spread
from facelab.numerics.windows import mixed
from facelab.types import Face

Array = NDArray[np.float64]

_RINGS = 64  # into which a view of an iris is parted from the middle outward
_FOLLOWS = 5.7 / 10.5  # of the pupil's way that a reflection goes: both in mm from where eyes turn
_LASHES = 0.08, 0.3  # radii from the lids: of their lashes and shade, and of the eye alone
_SHADE = 0.3  # of the light that the upper lid takes from an iris beside it
_SHADED = 0.4  # radii below the upper lid
_BEYOND = 1.06, 1.2  # radii of an iris in which its rim is still blurred, and where all is white
_EDGE = 0.05, 0.2  # radii from the lids at which white is shaded, and where it is plain
_OPEN = 0.5  # how sure it must be that an eye is open: half a change would be two irises
_LEAST = 0.01  # of an open eye: the least of its white that can be carried on


@dataclass(frozen=True, kw_only=True)
class Gaze(Edit):
    """Both eyes turned: the irises move between the lids, the light on them hardly."""

    name: ClassVar[str] = "gaze"
    looks_at_eyes: ClassVar[bool] = True
    yaw: float = number(0.0, -30.0, 30.0, "to the image's right", "degrees")
    pitch: float = number(0.0, -20.0, 20.0, "down", "degrees")

    def apply(self, face: Face, references: References) -> Face:
        """The face with its open eyes turned; the face itself where the white of one is not seen.

        One eye turned alone would squint.
        """
        before = eye_points(face)
        by = self.strength * self.yaw, self.strength * self.pitch
        if by == (0, 0):
            return face
        irises, gaze = turned(before.irises, before.gaze, *by)
        colour, done = face.texture.colour.copy(), np.zeros((2, 1), np.bool_)
        for eye in eyes_of(face):
            if eye.opened < _OPEN:
                continue
            white = _white(colour[eye.box], eye)
            if white.sum() <= _LEAST * eye.opening.sum():
                return face
            moved = _moved(eye, before.irises[eye.side], irises[eye.side])
            colour[eye.box] = _drawn(face.texture.colour, eye, moved, white)
            done[eye.side] = True
        after = replace(
            before,
            irises=np.where(done[..., None], irises, before.irises),
            gaze=np.where(done, gaze, before.gaze),
        )
        return Face(face.positions, replace(face.texture, colour=colour, eyes=after))


def _moved(eye: Eye, before: Float, after: Float) -> Eye:
    """The eye with its iris, found more exactly than its points ``(5, 3)``, moved as they have."""
    (was, old), (now, new) = _disk(before), _disk(after)
    lids = eye.in_photograph(eye.lids)
    axes = product(product(new, np.linalg.inv(old)), eye.axes)
    moved = replace(eye, centre=eye.centre + now - was, axes=axes)
    return replace(moved, lids=moved.in_frame(lids))


def _disk(iris: Float) -> tuple[Array, Array]:
    """The middle of an iris ``(5, 3)`` and its axes as columns, as seen."""
    centre, right, top, left, bottom = iris[:, :2].astype(np.float64)
    return centre, np.stack([right - left, bottom - top], axis=1) / 2


def _white(own: Float, eye: Eye) -> Float:
    """How much of each texel of an eye's window ``(h, w, 3)`` is plain white, ``(h, w)``."""
    plain = smoothstep(eye.radius, *_BEYOND) * smoothstep(eye.lid, *_EDGE)
    return plain * eye.white(to_lab(own)[..., 0])


def _drawn(colour: Float, eye: Eye, moved: Eye, white: Float) -> Float:
    """The window of an eye with its iris moved, over its white carried on, ``(h, w, 3)``."""
    own = colour[eye.box]
    bare = mixed(spread(own, white), own, white)
    iris, catchlight = _iris(colour, eye)
    rim = moved.disk(1)
    shade = 1 - _SHADE * (1 - smoothstep(moved.below_upper_lid(moved.places), 0, _SHADED))
    out = mixed(bare, iris_view.read(iris, moved.places) * shade[..., None], rim)
    way = eye.in_frame(moved.centre).astype(np.float32) * np.float32(_FOLLOWS)
    out = np.clip(out + iris_view.read(catchlight, eye.places - way), 0, 1)
    return mixed(own, out, smoothstep(eye.lid, -eye.blur, eye.blur))


def _iris(colour: Float, eye: Eye) -> tuple[Float, Float]:
    """Views of a whole iris without reflections, and of these (`facelab.face.iris_view`).

    What the lids hide is taken from below or above, from the other side, or from all around.
    """
    plain, catchlight = iris_view.parted(colour, eye)
    at = iris_view.places()
    weight = smoothstep(eye.within_lids(at), *_LASHES)
    return _whole(plain, weight, np.linalg.norm(at, axis=2)), catchlight * weight[..., None]


def _whole(iris: Float, weight: Float, radius: Array) -> Float:
    """A view of an iris ``(n, n, 3)`` with what has no weight filled from the rest of it."""
    ring = np.minimum(radius * (_RINGS / radius.max()), _RINGS - 1).astype(np.intp)
    total = np.bincount(ring.ravel(), weight.ravel(), _RINGS) + 1e-6
    sums = [np.bincount(ring.ravel(), (weight * one).ravel(), _RINGS) for one in cv2.split(iris)]
    out = np.dstack([(one / total)[ring] for one in sums]).astype(np.float32)
    for flipped in (np.s_[::-1, ::-1], np.s_[::-1], np.s_[:]):
        out = mixed(out, iris[flipped], weight[flipped])
    return out
