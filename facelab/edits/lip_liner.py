"""Lip liner: a drawn line along the lips' outline, blended into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import lab_of, to_lab
from facelab.edits.complexion import blurred
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.lip_outline import lip_depth
from facelab.edits.parameters import colour, number
from facelab.edits.pigment import powdered
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.numerics.windows import window_of
from facelab.types import Face

_HIDE = 0.75, 0.9  # of the lips' lightness and of their hue
_FINE = 0.006  # of the side: creases finer than that show through
_SHARP = 0.006  # of the side, over which the line begins on the skin
_BLENDED = 0.05  # of the side, over which it fades into the lips at full softness


@dataclass(frozen=True, kw_only=True)
class LipLiner(TextureEdit):
    """A line around the lips, on their own side of the outline."""

    name: ClassVar[str] = "lip-liner"
    paints: ClassVar[tuple[str, ...]] = (*SKIN, "lips")
    colour: str = colour("#8f3a40", "of the pencil")
    width: float = number(0.012, 0.004, 0.03, "of the line, a part of the face's width")
    softness: float = number(0.4, 0.0, 1.0, "how far it is blended into the lips")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The pencil's pigment, creases showing through, along the outline."""
        texture = face.texture
        mask = self._line(lip_depth(face))
        window, changed = window_of(mask), texture.colour.copy()
        known = np.maximum(texture.confidence[window], np.float32(1e-3))
        tone = blurred(to_lab(changed[window]), known, _FINE * texture.size)
        changed[window] = powdered(changed[window], tone, lab_of(self.colour), "matte", _HIDE)
        return changed, mask

    def _line(self, depth: Float) -> Float:
        """How much of the pencil is at a depth inside the outline, parts of the side."""
        fade = max(_BLENDED * self.softness, _SHARP)
        return smoothstep(depth, -_SHARP, 0) * (
            1 - smoothstep(depth, self.width - _SHARP, self.width - _SHARP + fade)
        )
