"""Shine: highlights of skin taken back to its tone, as blotting paper does.

Skin sends back light of its own colour from within, and light of the lamp's colour, much like
white, from its surface (Shafer, "Using color to separate reflection components", 1985). So what is
light and pale shines, what is light alone is lit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.edits.cielab import decoded, to_lab, to_rgb
from facelab.edits.complexion import Complexion, blurred
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import number
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import Face

_MATTE = 3.0  # lightness above the tone that matte skin has too
_SOFT = 6.0  # lightness above that, over which highlights are flattened: they stay round
_PALE = 0.03, 0.25  # white light over the tone's, at which skin begins to shine, and does wholly
_COLOURED = 0.1, 0.25  # red less blue light over the tone's, at which a tone tells what is pale
_COLOUR = 0.7  # how much of its colour a highlight gets back
_SPREAD = 0.006  # of the side: highlights are found without their grain


@dataclass(frozen=True, kw_only=True)
class Shine(TextureEdit):
    """Takes the shine off forehead, nose and cheeks."""

    name: ClassVar[str] = "shine"
    paints: ClassVar[tuple[str, ...]] = SKIN
    continues: ClassVar[bool] = True
    kept: float = number(0.35, 0.0, 1.0, "how much of the highlights stays")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Highlights lowered toward the tone and given its colour back."""
        skin, texture = Complexion(face), face.texture
        lab, tone = to_lab(texture.colour), skin.tone()
        slow = blurred(lab, np.maximum(texture.confidence, 1e-3), _SPREAD * texture.size)
        above = np.maximum(slow[..., 0] - tone[..., 0] - np.float32(_MATTE), 0)
        gone = np.float32(1 - self.kept) * _pale(slow, tone) * above
        lab[..., 0] -= gone * above / (above + np.float32(_SOFT))
        paled = np.float32(_COLOUR) * gone / (above + np.float32(_SOFT))
        lab[..., 1:] += paled[..., None] * (tone - slow)[..., 1:]
        return to_rgb(lab), skin.bare * (gone > 0)


def _pale(slow: Float, tone: Float) -> Float:
    """How much of colours in CIELAB is white light beside the tone's colour, ``(S, S)`` in [0, 1].

    All of it where the tone itself is nearly grey: then nothing but lightness tells.
    """
    red, _, blue = cv2.split(decoded(to_rgb(slow)))
    own_red, own_green, own_blue = cv2.split(decoded(to_rgb(tone)))
    colourful = (own_red - own_blue) / np.maximum(own_green, np.float32(1e-3))
    skin = (red - blue) / np.maximum(own_red - own_blue, np.float32(1e-3))
    white = (blue - skin * own_blue) / np.maximum(own_green, np.float32(1e-3))
    told = smoothstep(colourful, *_COLOURED)
    return 1 + told * (smoothstep(white, *_PALE) - 1)
