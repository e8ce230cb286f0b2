"""Under-eyes: dark circles lightened and bags flattened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import Complexion, blurred
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import number
from facelab.edits.placement import Line, along
from facelab.numerics.arrays import Float
from facelab.numerics.windows import window_of
from facelab.types import Face

# Below the eyes, from the inner corners outward (`facelab.edits.placement`).
LINES: tuple[Line, ...] = (((0.095, 0.425), (0.15, 0.445)), ((0.15, 0.445), (0.21, 0.425)))
_REACH = 0.036
_CIRCLE, _BAG, _PORE = 0.012, 0.014, 0.0018  # of the side: what varies more slowly than each
_SHADE_LEFT = 0.25  # of a dark circle, at full strength: none would look painted
_DARKEST = 14.0  # lightness below the tone up to which it is a circle's


@dataclass(frozen=True, kw_only=True)
class UnderEyes(TextureEdit):
    """Rested eyes: the skin below them as light as the face's, and smoother."""

    name: ClassVar[str] = "under-eyes"
    paints: ClassVar[tuple[str, ...]] = SKIN
    circles: float = number(1.0, 0.0, 1.0, "how far dark circles are lightened")
    bags: float = number(0.7, 0.0, 1.0, "how far bags are flattened")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The skin below the eyes, its pores kept."""
        size, complexion = face.texture.size, Complexion(face)
        mask = along(face.positions.atlas, size, LINES, _REACH, 0.8) * complexion.bare
        window, colour = window_of(mask), face.texture.colour.copy()
        lab, bare, tone = to_lab(colour[window]), complexion.bare[window], complexion.tone(window)
        patch, slow, fine = (blurred(lab, bare, sigma * size) for sigma in (_CIRCLE, _BAG, _PORE))
        darker = np.clip(tone[..., 0] - patch[..., 0], 0, _DARKEST)
        cold = darker[..., None] / _DARKEST * (tone[..., 1:] - patch[..., 1:])
        lifted = np.float32(self.circles * (1 - _SHADE_LEFT)) * np.dstack([darker, cold])
        flatter = np.float32(self.bags) * (slow - fine)
        colour[window] = to_rgb(lab + lifted + flatter)
        return colour, mask
