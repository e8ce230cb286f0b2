"""Blush: a hint of colour on the cheeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from facelab.edits.cielab import lab_of
from facelab.edits.complexion import Complexion
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choice, colour, number
from facelab.edits.pigment import FINISHES, powdered
from facelab.edits.placement import Line, along
from facelab.numerics.arrays import Float
from facelab.numerics.windows import window_of
from facelab.types import Face

# By style: where it is strongest, and how far it reaches (`facelab.edits.placement`).
STYLES: dict[str, tuple[tuple[Line, ...], float]] = {
    "lifted": ((((0.2, 0.51), (0.34, 0.42)),), 0.075),
    "apples": ((((0.2, 0.52), (0.23, 0.52)),), 0.085),
    "sun": ((((0.0, 0.47), (0.26, 0.5)),), 0.06),
}
_HIDE = 0.05, 0.19  # how much of the skin's lightness and hue it hides


@dataclass(frozen=True, kw_only=True)
class Blush(TextureEdit):
    """Colour on the cheeks, strongest on the cheekbones."""

    name: ClassVar[str] = "blush"
    paints: ClassVar[tuple[str, ...]] = SKIN
    style: str = choice(
        "lifted", tuple(STYLES), "along the cheekbones, on the apples, or over the nose"
    )
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
        lines, reach = STYLES[self.style]
        return along(face.positions.atlas, face.texture.size, lines, reach, self.softness)
