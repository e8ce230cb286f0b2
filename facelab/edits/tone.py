"""Tone: exposure, contrast, temperature, hue and saturation of parts of the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.atlas import Atlas
from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import faded, mean_of
from facelab.edits.edit import References, TextureEdit
from facelab.edits.fields import choices, number
from facelab.types import Face, Float

REGIONS = (
    "face", "forehead", "brows", "eyes", "eye areas", "eyelids", "nose", "cheeks", "left cheek",
    "right cheek", "lips", "mouth area", "chin",
)  # fmt: skip
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear sRGB, Rec. 709
_WARM = np.array([1.0, 0.0, -1.0], np.float32)
_STOPS = 0.25  # of red and blue against green, for a temperature of 1


@dataclass(frozen=True, kw_only=True)
class Tone(TextureEdit):
    """The light and colour of a part of the face, as in a photo editor."""

    name: ClassVar[str] = "tone"
    exposure: float = number(0.0, -2.0, 2.0, "brighter or darker", "stops")
    contrast: float = number(0.0, -1.0, 1.0, "about the part's mean lightness")
    temperature: float = number(0.0, -1.0, 1.0, "colder or warmer")
    hue: float = number(0.0, -180.0, 180.0, "turn of the hues", "degrees")
    saturation: float = number(0.0, -1.0, 1.0, "-1 is grey")
    regions: tuple[str, ...] = choices(("face",), REGIONS, "where")
    softness: float = number(0.5, 0.0, 1.0, "of the regions' edges")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The face in the other tone, and the regions."""
        mask = self._mask(face)
        lab = to_lab(self._exposed(face.texture.colour))
        middle = mean_of(lab[..., :1], mask * face.texture.confidence)
        lightness = middle + np.float32(1 + self.contrast) * (lab[..., :1] - middle)
        return to_rgb(np.dstack([lightness, lab[..., 1:] @ self._hues()])), mask

    def _mask(self, face: Face) -> Float:
        atlas, size = face.positions.atlas, face.texture.size
        masks = [_soft(atlas, part, size, self.softness) for part in self.regions]
        combined: Float = np.maximum.reduce(masks)
        return combined

    def _exposed(self, colour: Float) -> Float:
        """Exposure, and a temperature that keeps the luminance of grey, in linear light."""
        gain = np.exp2(np.float32(self.temperature * _STOPS) * _WARM)
        gain *= np.float32(2**self.exposure) / (gain @ _LUMINANCE)
        return encoded(decoded(colour) * gain)

    def _hues(self) -> Float:
        """``(2, 2)``: a row (a, b) of CIELAB times it is turned and scaled."""
        angle = np.deg2rad(self.hue)
        turn = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
        return np.array(turn, np.float32) * np.float32(1 + self.saturation)


def _soft(atlas: Atlas, part: str, size: int, softness: float) -> Float:
    if part == "face":
        return faded(atlas, size, 0.02 + 0.3 * softness)
    return atlas.soft_region(part, size, 0.2 * softness)


def decoded(colour: Float) -> Float:
    """Linear light of sRGB-encoded colours (IEC 61966-2-1)."""
    high = ((np.maximum(colour, 0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    linear: Float = np.where(colour <= 0.04045, colour / np.float32(12.92), high)
    return linear


def encoded(linear: Float) -> Float:
    """sRGB-encoded colours of linear light, clipped to [0, 1]."""
    inside = np.clip(linear, 0, 1)
    high = np.float32(1.055) * inside ** np.float32(1 / 2.4) - np.float32(0.055)
    colour: Float = np.where(inside <= 0.0031308, inside * np.float32(12.92), high)
    return colour
