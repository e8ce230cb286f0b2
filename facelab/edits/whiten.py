"""Whiten: teeth and the whites of the eyes, less yellow, less red and a little lighter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.edit import References, TextureEdit
from facelab.edits.parameters import choice, number
from facelab.edits.regions import gap, grown
from facelab.face.eye_layer import eyes_of, over_texture
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import Face

_LIGHTER = 4.0  # lightness added to what is white
_PALE = 13.0, 26.0  # chroma from which a white begins to count less, and where it is none
_PINK = 7.0, 16.0  # likewise a of CIELAB, of teeth: they may be yellow, gums and lips are red
_GENTLY = 0.55  # what teeth get: where a change is strong, a photo's own detail no longer shows
_ALONG = 0.012  # of the side: deviation of the Gaussian along a row of teeth


@dataclass(frozen=True, kw_only=True)
class Whiten(TextureEdit):
    """Whiter eyes and teeth; irises, lids and lips stay."""

    name: ClassVar[str] = "whiten"
    paints: ClassVar[tuple[str, ...]] = ("eyes", "lips", "mouth")
    looks_at_eyes: ClassVar[bool] = True
    part: str = choice("both", ("teeth", "eyes", "both"), "what to whiten")
    lightness: float = number(1.0, 0.0, 2.0, "how much lighter, 1 is a little")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """White where it nearly was, in the regions."""
        lab = to_lab(face.texture.colour)
        masks = []
        if self.part != "teeth":
            masks.append(_eyes(face, lab))
        if self.part != "eyes":
            masks.append(np.float32(_GENTLY) * _teeth(face, lab))
        white = lab * np.array([1, 0.5, 0.5], np.float32)
        white[..., 0] += np.float32(_LIGHTER * self.lightness)
        return to_rgb(white), np.maximum.reduce(masks)


def _eyes(face: Face, lab: Float) -> Float:
    """Where the whites of the eyes show, ``(S, S)`` in [0, 1]: no lash, no vein, no corner."""
    pale = 1 - smoothstep(np.hypot(lab[..., 1], lab[..., 2]), *_PALE)
    eyes = eyes_of(face)
    masks = [eye.white(lab[eye.box][..., 0]) * pale[eye.box] for eye in eyes]
    return over_texture(eyes, masks, face.texture.size)


def _teeth(face: Face, lab: Float) -> Float:
    """Where teeth show, ``(S, S)`` in [0, 1], by the mean of their whites along a row.

    An open mouth is a few texels high in the atlas: what differs from texel to texel there would
    be drawn as streaks down the teeth.
    """
    mouth = grown(gap(face), 0.004)
    whites = _whites(face, lab, mouth, 1 - smoothstep(lab[..., 1], *_PINK))
    both = np.dstack([whites, mouth])
    both = cv2.GaussianBlur(both, (0, 0), sigmaX=_ALONG * len(mouth), sigmaY=0.5)
    mean: Float = both[..., 0] / np.maximum(both[..., 1], 1e-3)
    return np.clip(mean, 0, 1) * mouth


def _whites(face: Face, lab: Float, region: Float, pale: Float) -> Float:
    """The light share of a region, of what is `pale`, ``(S, S)`` in [0, 1]."""
    inside = (region > 0.5) & (face.texture.confidence > 0.1)
    if not inside.any():
        return np.zeros_like(region)
    dark, light = np.quantile(lab[..., 0][inside], (0.3, 0.85))
    bright = smoothstep(lab[..., 0], dark, max(light, dark + 8))
    rough = np.asarray(bright * pale * region, np.float32)
    soft: Float = cv2.GaussianBlur(rough, (0, 0), max(0.0015 * len(lab), 0.5)) * (region > 0)
    return soft
