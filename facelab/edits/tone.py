"""Tone: exposure, contrast, temperature, hue and saturation of parts of the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import decoded, encoded, to_lab, to_rgb
from facelab.edits.complexion import ending, mean_of
from facelab.edits.edit import References, TextureEdit
from facelab.edits.parameters import choices, number
from facelab.edits.regions import PARTS, union
from facelab.face.eye_layer import eyes_of, over_texture
from facelab.face.quality import SURFACE
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.windows import mixed
from facelab.types import Face

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear sRGB, Rec. 709
_AROUND_THE_MOUTH = {"face", "mouth-area"}  # regions in which teeth are
_EYES = {"eyes": (0, 1), "right-eye": (0,), "left-eye": (1,)}
_WARM = np.array([1.0, 0.0, -1.0], np.float32)
_STOPS = 0.25  # of red and blue against green, for a temperature of 1


@dataclass(frozen=True, kw_only=True)
class Tone(TextureEdit):
    """The light and colour of a part of the face, as in a photo editor."""

    name: ClassVar[str] = "tone"
    paints: ClassVar[tuple[str, ...]] = SURFACE
    looks_at_eyes: ClassVar[bool] = True
    continues: ClassVar[bool] = True
    exposure: float = number(0.0, -2.0, 2.0, "brighter or darker", "stops")
    contrast: float = number(0.0, -1.0, 1.0, "about the part's mean lightness")
    temperature: float = number(0.0, -1.0, 1.0, "colder or warmer")
    hue: float = number(0.0, -180.0, 180.0, "turn of the hues", "degrees")
    saturation: float = number(0.0, -1.0, 1.0, "-1 is grey")
    regions: tuple[str, ...] = choices(("face",), tuple(PARTS), "where")
    softness: float = number(0.5, 0.0, 1.0, "of the regions' edges")

    @property
    def goes_on(self) -> bool:
        """Of the whole face alone: other regions end on it."""
        return super().goes_on and "face" in self.regions

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The face in the other tone, and the regions."""
        mask = self._mask(face)
        lab = to_lab(self._exposed(face.texture.colour))
        middle = mean_of(lab[..., :1], mask * face.texture.confidence)
        lightness = middle + np.float32(1 + self.contrast) * (lab[..., :1] - middle)
        return to_rgb(np.dstack([lightness, product(lab[..., 1:], self._hues())])), mask

    def between_lips(self, colour: Float, shown: Float) -> Float:
        """What shows in a mouth that is among the regions goes along, but for the contrast."""
        if not _AROUND_THE_MOUTH & set(self.regions):
            return colour
        lab = to_lab(self._exposed(np.clip(colour, 0, 1)))
        toned = to_rgb(np.dstack([lab[..., :1], product(lab[..., 1:], self._hues())]))
        return mixed(colour, toned, np.full_like(shown, self.strength))

    def _mask(self, face: Face) -> Float:
        """The regions; all of the face, if it is among them, fades further in."""
        atlas, size = face.positions.atlas, face.texture.size
        if "face" in self.regions:
            return ending(face, 0.02 + 0.3 * self.softness)
        others = [PARTS[key] for key in self.regions if key not in _EYES]
        mask = self._eyes(face)
        if others:
            mask = np.maximum(mask, union(atlas, others, size, 0.2 * self.softness))
        return mask

    def _eyes(self, face: Face) -> Float:
        """The eyes among the regions, between their lids."""
        wanted = {side for key in self.regions for side in _EYES.get(key, ())}
        eyes = [eye for eye in eyes_of(face) if eye.side in wanted] if wanted else []
        return over_texture(eyes, [eye.opening for eye in eyes], face.texture.size)

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
