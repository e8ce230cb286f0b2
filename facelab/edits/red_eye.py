"""Red-eye: the red of a flash taken out of pupils."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.edit import References, TextureEdit
from facelab.face.eye_layer import Eye, eyes_of
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import Face

_REACH = 0.85  # radii of the iris within which a pupil may glow
_RED = 22.0, 36.0  # a of CIELAB from which a pupil glows, and wholly; brown irises stay below
_ORANGE = 1.2  # b over a, from which it is an iris of amber
_PUPIL = 12.0  # lightness of a pupil
_KEPT = 0.3  # of what is lighter or darker than the glow: its edge and the catchlight
_SOFT = 0.06  # radii: deviation of the Gaussian at the glow's edge


@dataclass(frozen=True, kw_only=True)
class RedEye(TextureEdit):
    """Dark pupils where a flash made them red; eyes without any stay."""

    name: ClassVar[str] = "red-eye"
    looks_at_eyes: ClassVar[bool] = True

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Grey and dark pupils, where they glow."""
        colour = face.texture.colour.copy()
        mask = np.zeros(colour.shape[:2], np.float32)
        for eye in eyes_of(face):
            lab = to_lab(colour[eye.box])
            glow = _glow(lab, eye)
            if glow.any():
                colour[eye.box], mask[eye.box] = _darkened(lab, glow), glow
        return colour, mask


def _glow(lab: Float, eye: Eye) -> Float:
    """How much of each texel of an eye's window glows, ``(h, w)`` in [0, 1]."""
    _, a, b = cv2.split(lab)
    red = smoothstep(a, *_RED) * (b < _ORANGE * a)
    between = smoothstep(eye.lid, -2 * eye.blur, 0) * np.float32(eye.opened)
    rough = np.asarray(red * between * eye.disk(_REACH), np.float32)
    wider = cv2.GaussianBlur(cv2.dilate(rough, np.ones((3, 3))), (0, 0), _SOFT / eye.texel + 0.3)
    return np.asarray(np.maximum(rough, wider) * between * eye.disk(1), np.float32)


def _darkened(lab: Float, glow: Float) -> Float:
    """A window ``(h, w, 3)`` whose glow is as dark as a pupil; catchlights stay light."""
    middle = np.median(lab[..., 0][glow > 0.5]) if (glow > 0.5).any() else np.float32(0)
    lightness = _PUPIL + np.float32(_KEPT) * (lab[..., 0] - middle)
    white = 1 - smoothstep(np.hypot(lab[..., 1], lab[..., 2]), 8, 20)
    lightness += white * np.maximum(lab[..., 0] - lightness, 0)
    return to_rgb(np.dstack([np.clip(lightness, 0, 100), 0 * glow, 0 * glow]))
