"""Blush: a hint of colour on the cheeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import lab_of
from facelab.edits.complexion import Complexion
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choice, colour, number
from facelab.edits.pigment import FINISHES, powdered
from facelab.numerics.arrays import Float
from facelab.numerics.windows import window_of
from facelab.types import Face

_HIDE = 0.06, 0.2  # how much of the skin's lightness and hue it hides


@dataclass(frozen=True, kw_only=True)
class Blush(TextureEdit):
    """Colour on the cheeks, strongest on their height."""

    name: ClassVar[str] = "blush"
    paints: ClassVar[tuple[str, ...]] = SKIN
    colour: str = colour("#d9506a", "the colour of the blush")
    finish: str = choice("matte", tuple(FINISHES), "how it takes the light")
    softness: float = number(0.6, 0.0, 1.0, "of its edge; at 1 it fades all the way")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The skin under a veil of the pigment, on bare cheeks."""
        skin = Complexion(face)
        mask = skin.bare * self._cheeks(face)
        window, colour = window_of(mask), face.texture.colour.copy()
        colour[window] = powdered(
            colour[window], skin.tone(window), lab_of(self.colour), self.finish, _HIDE
        )
        return colour, mask

    def _cheeks(self, face: Face) -> Float:
        softness = 0.03 + 0.25 * self.softness
        cheeks = face.positions.atlas.soft_region("cheeks", face.texture.size, softness)
        return cheeks / np.float32(max(float(cheeks.max()), 1e-6))
