"""Eyeshadow: colour on the upper lids, fading toward the brows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.atlas import Atlas
from facelab.edits.cielab import lab_of
from facelab.edits.complexion import Complexion
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choice, colour, number
from facelab.edits.pigment import FINISHES, powdered
from facelab.numerics.arrays import Float
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import resized, smoothstep
from facelab.numerics.windows import window_of
from facelab.types import Face

_SIZE = 256  # side of the map on which it is drawn, texels
_HIDE = 0.45, 0.6  # how much of the skin's lightness and hue it hides
_LASHES = 0.008  # of the side: softness of its edge at the lashes


@dataclass(frozen=True, kw_only=True)
class Eyeshadow(TextureEdit):
    """Colour on the upper lids, strongest at the lashes."""

    name: ClassVar[str] = "eyeshadow"
    paints: ClassVar[tuple[str, ...]] = (*SKIN, "eyes")
    colour: str = colour("#7a4c58", "the colour of the shadow")
    finish: str = choice("satin", tuple(FINISHES), "how it takes the light")
    height: float = number(0.65, 0.2, 1.0, "how far up it goes; 1 is the brow")
    softness: float = number(0.7, 0.0, 1.0, "over how much of its height it fades")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The lids under a veil of the pigment."""
        mask = self._lids(face.positions.atlas, face.texture.size)
        window, colour = window_of(mask), face.texture.colour.copy()
        tone = Complexion(face).tone(window)
        colour[window] = powdered(colour[window], tone, lab_of(self.colour), self.finish, _HIDE)
        return colour, mask

    def _lids(self, atlas: Atlas, size: int) -> Float:
        lids = atlas.soft_region("eyelids", _SIZE, 0.03)
        way = _from_lashes(atlas)
        fading = 1 - smoothstep(way, self.height * (1 - self.softness), self.height + 0.05)
        eyes = atlas.soft_region("eyes", size, _LASHES)
        return resized(lids * fading, size) * (1 - eyes)


def _from_lashes(atlas: Atlas) -> Float:
    """0 at the eyes, 1 at the brows, by the distance to either: ``(256, 256)``."""
    eyes, brows = (_distance(atlas, name) for name in ("eyes", "brows"))
    share: Float = eyes / np.maximum(eyes + brows, np.float32(1e-3))
    return share


def _distance(atlas: Atlas, name: str) -> Float:
    """Texels from a region, 0 inside, ``(256, 256)``."""
    return distance_within(atlas.region(name, _SIZE) < 0.5)
