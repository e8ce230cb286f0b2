"""Foundation: skin of one even colour, with its own light and pores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import lab_of, to_lab, to_rgb
from facelab.edits.complexion import blurred, complexion, faded, mean_of
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choice, colour, number
from facelab.numerics.arrays import Float
from facelab.types import Face

_BLOTCH = 0.004  # of the side: what is finer are pores, and stays
_FARTHEST = 12.0  # in CIELAB: a shade further from the skin would be a mask
# By finish: contrast of what is darker and what is lighter than the skin's tone.
_FINISHES = {"matte": (0.75, 0.45), "satin": (0.75, 0.85), "dewy": (0.75, 1.25)}


@dataclass(frozen=True, kw_only=True)
class Foundation(TextureEdit):
    """Evens the skin's colour, and brings it to a shade."""

    name: ClassVar[str] = "foundation"
    paints: ClassVar[tuple[str, ...]] = SKIN
    colour: str = colour("#d8a888", "the shade, where `match` is below 1")
    match: float = number(1.0, 0.0, 1.0, "how far the shade is taken from the skin itself")
    coverage: float = number(0.7, 0.0, 1.0, "how far redness and spots are covered")
    finish: str = choice("satin", tuple(_FINISHES), "how it takes the light")
    softness: float = number(0.5, 0.0, 1.0, "over how much of the face it fades at the rim")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Blotches drawn toward an evened tone, on bare skin."""
        skin, atlas, size = complexion(face), face.positions.atlas, face.texture.size
        known = skin.bare * face.texture.confidence
        lab = to_lab(face.texture.colour)
        slow = blurred(lab, np.maximum(known, 1e-3), _BLOTCH)
        own = mean_of(skin.tone, known)
        change = self._evened(slow - skin.tone) - (slow - skin.tone)
        change[..., 1:] -= np.float32(0.5 * self.coverage) * (skin.tone - own)[..., 1:]
        shade = np.float32(1 - self.match) * (lab_of(self.colour) - own)
        change += shade * min(1, _FARTHEST / max(float(np.linalg.norm(shade)), 1e-6))
        return to_rgb(lab + change), skin.bare * faded(atlas, size, 0.02 + 0.2 * self.softness)

    def _evened(self, blotches: Float) -> Float:
        """The deviations from the tone that are left."""
        below, above = _FINISHES[self.finish]
        colourful = np.float32(1 - self.coverage)
        light = blotches[..., :1]
        lightness = np.where(light < 0, light * np.float32(below), light * np.float32(above))
        return np.dstack([light + np.float32(self.coverage) * (lightness - light),
                          blotches[..., 1:] * colourful])  # fmt: skip
