"""Highlighter: a sheen that make-up puts where a face shall stand out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import decoded, encoded, rgb_of
from facelab.edits.complexion import Complexion
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choices, colour
from facelab.edits.placement import Line, along
from facelab.numerics.arrays import Float
from facelab.numerics.windows import window_of
from facelab.types import Face

# By area: where it shines most, and how far it reaches (`facelab.edits.placement`).
AREAS: dict[str, tuple[tuple[Line, ...], float]] = {
    "cheekbones": ((((0.22, 0.475), (0.33, 0.42)),), 0.028),
    "nose": ((((0.0, 0.4), (0.0, 0.5)),), 0.013),
    "brow bones": ((((0.2, 0.325), (0.24, 0.335)),), 0.014),
    "cupid's bow": ((((0.0, 0.624), (0.014, 0.62)),), 0.013),
    "eye corners": ((((0.05, 0.39), (0.052, 0.395)),), 0.013),
}
_SHEEN = 0.16  # of the skin's light, root and all: what pigment adds to it
_SHINE = 0.7  # how much stronger it is on what is lighter than the skin around


@dataclass(frozen=True, kw_only=True)
class Highlighter(TextureEdit):
    """Light off fine pigment, the more where light falls already."""

    name: ClassVar[str] = "highlighter"
    paints: ClassVar[tuple[str, ...]] = SKIN
    areas: tuple[str, ...] = choices(tuple(AREAS), tuple(AREAS), "where")
    colour: str = colour("#ffe0c0", "of the sheen")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The skin with the sheen added to its light."""
        atlas, size, complexion = face.positions.atlas, face.texture.size, Complexion(face)
        placed = [along(atlas, size, *AREAS[area]) for area in self.areas]
        mask = np.maximum.reduce(placed) * complexion.bare
        window, colour = window_of(mask), face.texture.colour.copy()
        light, tone = decoded(colour[window]), decoded(complexion.rgb(window)).mean(axis=2)
        fine = np.clip(1 + _SHINE * (light.mean(axis=2) / np.maximum(tone, 1e-3) - 1), 0.4, 2)
        sheen = np.float32(_SHEEN) * np.sqrt(np.maximum(tone, 0)) * fine
        colour[window] = encoded(light + sheen[..., None] * decoded(rgb_of(self.colour)))
        return colour, mask
