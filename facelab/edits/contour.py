"""Contour: shade that make-up puts where a face shall recede."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import Complexion
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choices
from facelab.edits.placement import Line, along
from facelab.numerics.arrays import Float
from facelab.numerics.windows import window_of
from facelab.types import Face

# By area: where it is darkest, and how far it reaches (`facelab.edits.placement`).
AREAS: dict[str, tuple[tuple[Line, ...], float]] = {
    "cheeks": ((((0.2, 0.62), (0.4, 0.5)),), 0.04),
    "nose": ((((0.058, 0.4), (0.066, 0.53)),), 0.019),
    "jaw": ((((0.12, 0.96), (0.32, 0.83)), ((0.32, 0.83), (0.45, 0.68))), 0.04),
    "temples": ((((0.3, 0.2), (0.42, 0.3)),), 0.045),
}
_DARKER = 0.13, 2.0  # lightness lost: a part of the skin's, and units
_HUE = np.array([0.5, -0.5], np.float32)  # a and b of CIELAB: shade is cooler than skin


@dataclass(frozen=True, kw_only=True)
class Contour(TextureEdit):
    """A soft shade below the cheekbones, beside the nose, along jaw and temples."""

    name: ClassVar[str] = "contour"
    paints: ClassVar[tuple[str, ...]] = SKIN
    areas: tuple[str, ...] = choices(tuple(AREAS), tuple(AREAS), "where")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The skin in shade, where the areas are."""
        atlas, size = face.positions.atlas, face.texture.size
        placed = [along(atlas, size, *AREAS[area]) for area in self.areas]
        mask = np.maximum.reduce(placed) * Complexion(face).bare
        window, colour = window_of(mask), face.texture.colour.copy()
        lab = to_lab(colour[window])
        lab[..., 0] -= np.float32(_DARKER[0]) * lab[..., 0] + np.float32(_DARKER[1])
        lab[..., 1:] += _HUE
        colour[window] = to_rgb(lab)
        return colour, mask
