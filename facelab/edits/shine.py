"""Shine: highlights of skin taken back to its tone, as blotting paper does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import Complexion, blurred
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import number
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import Face

_MATTE = 4.0  # lightness above the tone that matte skin has too
_FULL = 14.0  # lightness above the tone at which it is all shine
_SPREAD = 0.006  # of the side: highlights are found without their grain


@dataclass(frozen=True, kw_only=True)
class Shine(TextureEdit):
    """Takes the shine off forehead, nose and cheeks."""

    name: ClassVar[str] = "shine"
    paints: ClassVar[tuple[str, ...]] = SKIN
    continues: ClassVar[bool] = True
    kept: float = number(0.35, 0.0, 1.0, "how much of the highlights stays")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Highlights lowered to the tone and given its colour back."""
        skin = Complexion(face)
        lab = to_lab(face.texture.colour)
        known = np.maximum(face.texture.confidence, 1e-3)
        tone = skin.tone()
        slow = blurred(lab[..., :1], known, _SPREAD * face.texture.size)
        above = slow[..., 0] - tone[..., 0] - np.float32(_MATTE)
        shiny = smoothstep(above, 0, _FULL)
        gone = np.float32(1 - self.kept) * np.maximum(above, 0)
        lab[..., 0] -= gone
        pale = np.float32(0.6 * (1 - self.kept)) * shiny[..., None]
        lab[..., 1:] += pale * (tone - lab)[..., 1:]
        return to_rgb(lab), skin.bare * smoothstep(above, 0, 2)
