"""Redness: flushed skin, patches and spots as red as the rest of the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import Complexion, blurred, mean_of
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import number
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import Face

_PATCH = 0.006  # of the side: what is finer is grain
_USUAL = 1.5, 7.0  # a of CIELAB above the mean at which skin begins to be red, and is
_LIGHTER = 0.15  # lightness for each unit of redness: blood darkens, too


@dataclass(frozen=True, kw_only=True)
class Redness(TextureEdit):
    """Less of what is redder than the skin is in the mean; cheeks keep some colour."""

    name: ClassVar[str] = "redness"
    paints: ClassVar[tuple[str, ...]] = SKIN
    kept: float = number(0.25, 0.0, 1.0, "of the redness")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The skin with its excess of red taken away."""
        bare, lab = Complexion(face).bare, to_lab(face.texture.colour)
        slow = blurred(lab, bare, _PATCH * face.texture.size)
        usual = mean_of(slow, bare)[1]
        excess = slow[..., 1] - usual
        excess = np.float32(1 - self.kept) * excess * smoothstep(excess, *_USUAL)
        lab[..., 1] -= excess
        lab[..., 0] += np.float32(_LIGHTER) * excess
        return to_rgb(lab), bare * (excess > 0)
