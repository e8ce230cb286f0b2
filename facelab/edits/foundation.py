"""Foundation: skin of one even colour, with its own light and pores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.edits.cielab import lab_of, to_lab, to_rgb
from facelab.edits.complexion import Complexion, blurred, ending, mean_of
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choice, colour, number
from facelab.face.quality import share
from facelab.numerics.arrays import Float
from facelab.numerics.windows import window_of
from facelab.types import Face, Texture

_BLOTCH = 0.004  # of the side: what is finer are pores, and stays
_GOLDEN = np.array([0, -0.5, 3.5], np.float32)  # of CIELAB, for an undertone of 1
_FARTHEST = 12.0  # in CIELAB: a shade further from the skin would be a mask
# By finish: contrast of what is darker and what is lighter than the skin's tone.
_FINISHES = {"matte": (0.75, 0.45), "satin": (0.75, 0.85), "dewy": (0.75, 1.25)}


@dataclass(frozen=True, kw_only=True)
class Foundation(TextureEdit):
    """Evens the skin's colour, and brings it to a shade."""

    name: ClassVar[str] = "foundation"
    paints: ClassVar[tuple[str, ...]] = SKIN
    continues: ClassVar[bool] = True
    colour: str = colour("#d8a888", "the shade, where `match` is below 1")
    match: float = number(1.0, 0.0, 1.0, "how far the shade is taken from the skin itself")
    coverage: float = number(0.7, 0.0, 1.0, "how far redness and spots are covered")
    undertone: float = number(0.0, -1.0, 1.0, "cooler and rosier, or warmer and more golden")
    finish: str = choice("satin", tuple(_FINISHES), "how it takes the light")
    softness: float = number(
        0.5,
        0.0,
        1.0,
        "over how much of the face it fades at the rim, where none tells the skin beyond",
    )

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Blotches drawn toward an evened tone, on skin; hair on it, which is darker, stays."""
        skin, texture = Complexion(face), face.texture
        covered = _covered(texture, skin)
        window = window_of(covered)
        lab, tone = to_lab(texture.colour[window]), skin.tone(window)
        known = (skin.bare * texture.confidence)[window]
        slow = blurred(lab, np.maximum(known, 1e-3), _BLOTCH * texture.size)
        own = mean_of(tone, known)
        change = self._change(slow - tone, tone - own) + self._shade(own)
        change *= np.minimum(lab[..., :1] / np.maximum(tone[..., :1], 1), 1)
        colour = texture.colour.copy()
        colour[window] = to_rgb(lab + change)
        return colour, covered * ending(face, 0.02 + 0.2 * self.softness)

    def _shade(self, own: Float) -> Float:
        """How far the shade lies from the skin's own mean colour, CIELAB."""
        shade = np.float32(1 - self.match) * (lab_of(self.colour) - own)
        shade += np.float32(self.undertone) * _GOLDEN
        shade *= np.float32(min(1, _FARTHEST / max(float(np.linalg.norm(shade)), 1e-6)))
        return shade

    def _change(self, blotches: Float, uneven: Float) -> Float:
        """The change of CIELAB, by how far blotches are off the tone, and the tone off its mean."""
        below, above = (self.coverage * (finish - 1) for finish in _FINISHES[self.finish])
        light, *colours = cv2.split(blotches)
        darker, lighter = np.minimum(light, 0), np.maximum(light, 0)
        change = [np.float32(below) * darker + np.float32(above) * lighter]
        for blotch, tone in zip(colours, cv2.split(uneven)[1:], strict=True):
            change.append(np.float32(-self.coverage) * (blotch + np.float32(0.5) * tone))
        return np.asarray(cv2.merge(change), np.float32)


def _covered(texture: Texture, skin: Complexion) -> Float:
    """Where it goes on: up to brows, lids and lips where these are known, else well off them."""
    return skin.bare if texture.parts is None else share(texture, texture.size, *SKIN)
