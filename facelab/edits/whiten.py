"""Whiten: teeth and the whites of the eyes, less yellow, less red and a little lighter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.edit import References, TextureEdit
from facelab.edits.parameters import choice, number
from facelab.face.eye_layer import eyes_of, over_texture
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import Face

_LIGHTER = 4.0  # lightness added to what is white
_PALE = 13.0, 26.0  # chroma from which a white begins to count less, and where it is none
_PINK = 9.0, 20.0  # likewise a of CIELAB in good light: teeth may be yellow, gums are red
_BRIGHT, _DARKEST = 75.0, 15.0  # lightness of teeth in good light, and less than which shows none
_LIT = 0.45, 0.75  # of the lightness of what is lightest nearby: between teeth it is dark
_TOOTH = 0.04  # of the pixels' width: how far the lightest is looked for
_GENTLY = 0.55  # what teeth get: where a change is strong, a photo's own detail no longer shows


@dataclass(frozen=True, kw_only=True)
class Whiten(TextureEdit):
    """Whiter eyes and teeth; irises, lids and lips stay."""

    name: ClassVar[str] = "whiten"
    paints: ClassVar[tuple[str, ...]] = ("eyes", "mouth")
    looks_at_eyes: ClassVar[bool] = True
    part: str = choice("both", ("teeth", "eyes", "both"), "what to whiten")
    lightness: float = number(1.0, 0.0, 2.0, "how much lighter, 1 is a little")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """White where it nearly was, in the regions."""
        colour = face.texture.colour
        if self.part == "teeth":
            return colour, np.zeros(colour.shape[:2], np.float32)
        lab = to_lab(colour)
        white = lab * np.array([1, 0.5, 0.5], np.float32)
        white[..., 0] += np.float32(_LIGHTER * self.lightness)
        return to_rgb(white), _eyes(face, lab)

    def between_lips(self, colour: Float, shown: Float) -> Float:
        """Teeth less yellow and lighter, those in the cheeks' shade in proportion."""
        if self.part == "eyes":
            return colour
        lab = to_lab(colour)
        bright = _brightness(lab[..., 0], shown)
        amount = np.float32(self.strength * _GENTLY) * _teeth(lab, bright)
        lighter = np.float32(_LIGHTER * self.lightness / bright.max()) * amount * bright
        return to_rgb(
            np.dstack([lab[..., 0] + lighter, lab[..., 1:] * (1 - amount / 2)[..., None]])
        )


def _eyes(face: Face, lab: Float) -> Float:
    """Where the whites of the eyes show, ``(S, S)`` in [0, 1]: no lash, no vein, no corner."""
    pale = 1 - smoothstep(np.hypot(lab[..., 1], lab[..., 2]), *_PALE)
    eyes = eyes_of(face)
    masks = [eye.white(lab[eye.box][..., 0]) * pale[eye.box] for eye in eyes]
    return over_texture(eyes, masks, face.texture.size)


def _brightness(lightness: Float, shown: Float) -> Float:
    """How light what shows between the lips is nearby at its lightest, ``(h, w)``, at least 1."""
    near = 2 * max(1, round(_TOOTH * shown.shape[1])) + 1
    lightest = cv2.dilate(lightness * shown, np.ones((near, near), np.uint8))
    out: Float = np.maximum(cv2.GaussianBlur(lightest, (0, 0), near / 4), np.float32(1))
    return out


def _teeth(lab: Float, bright: Float) -> Float:
    """Where teeth show, ``(h, w)`` in [0, 1]: not gums and tongue, nor the dark between.

    Against what is lightest nearby, since the outermost tooth has little of the light.
    """
    lit = smoothstep(lab[..., 0] / bright, *_LIT)
    red = smoothstep(np.float32(_BRIGHT) * lab[..., 1] / bright, *_PINK)
    return np.asarray(lit * (1 - red) * (bright > _DARKEST), np.float32)
