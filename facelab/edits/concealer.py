"""Concealer: a light, opaque make-up below the eyes, beside the nose and on the chin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import Complexion, blurred
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choices, number
from facelab.edits.placement import Line, along
from facelab.numerics.arrays import Float
from facelab.numerics.windows import window_of
from facelab.types import Face

# By area: where it is thickest, and how far it reaches (`facelab.edits.placement`).
AREAS: dict[str, tuple[tuple[Line, ...], float]] = {
    "under eyes": (
        (((0.1, 0.425), (0.2, 0.43)), ((0.11, 0.43), (0.14, 0.5)), ((0.2, 0.43), (0.14, 0.5))),
        0.032,
    ),
    "nose": ((((0.08, 0.58), (0.1, 0.6)),), 0.026),
    "chin": ((((0.0, 0.8), (0.03, 0.82)),), 0.03),
}
_SPOT = 0.011  # of the side: what is finer is covered
_PORES = 0.55  # of the relief that shows through


@dataclass(frozen=True, kw_only=True)
class Concealer(TextureEdit):
    """Skin of one tone, a shade lighter, through which little shows."""

    name: ClassVar[str] = "concealer"
    paints: ClassVar[tuple[str, ...]] = SKIN
    areas: tuple[str, ...] = choices(tuple(AREAS), tuple(AREAS), "where")
    coverage: float = number(0.7, 0.0, 1.0, "how far it hides what is below")
    lift: float = number(2.5, 0.0, 8.0, "how much lighter than the skin", "CIELAB")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The skin's own tone, lifted, over what is there."""
        atlas, size, complexion = face.positions.atlas, face.texture.size, Complexion(face)
        placed = [along(atlas, size, *AREAS[area], softness=0.8) for area in self.areas]
        mask = np.maximum.reduce(placed) * complexion.bare
        window, colour = window_of(mask), face.texture.colour.copy()
        lab, paint = to_lab(colour[window]), complexion.tone(window)
        slow = blurred(lab, complexion.bare[window], _SPOT * size)
        paint = paint + np.float32(_PORES) * (lab - slow)
        paint[..., 0] += np.float32(self.lift)
        colour[window] = to_rgb(lab + np.float32(self.coverage) * (paint - lab))
        return colour, mask
