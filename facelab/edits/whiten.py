"""Whiten: teeth and the whites of the eyes, less yellow, less red and a little lighter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import smoothstep
from facelab.edits.edit import References, TextureEdit
from facelab.edits.fields import choice, number
from facelab.edits.mouth import gap, grown
from facelab.types import Face, Float

_LIGHTER = 4.0  # lightness added to what is white
_WHITE = 26.0  # chroma at which nothing counts as white any more


@dataclass(frozen=True, kw_only=True)
class Whiten(TextureEdit):
    """Whiter eyes and teeth; irises, lids and lips stay."""

    name: ClassVar[str] = "whiten"
    part: str = choice("eyes", ("teeth", "eyes", "both"), "what to whiten")
    lightness: float = number(1.0, 0.0, 2.0, "how much lighter, 1 is a little")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """White where it nearly was, in the regions."""
        lab = to_lab(face.texture.colour)
        atlas, size = face.positions.atlas, face.texture.size
        parts = {"eyes": atlas.soft_region("eyes", size, 0.008), "teeth": grown(gap(face), 0.004)}
        wanted = parts if self.part == "both" else (self.part,)
        mask = np.maximum.reduce([_whites(face, lab, parts[part]) for part in wanted])
        white = lab * np.array([1, 0.5, 0.5], np.float32)
        white[..., 0] += np.float32(_LIGHTER * self.lightness)
        return to_rgb(white), mask


def _whites(face: Face, lab: Float, region: Float) -> Float:
    """The light and colourless share of a region, ``(S, S)`` in [0, 1]."""
    inside = (region > 0.5) & (face.texture.confidence > 0.1)
    if not inside.any():
        return np.zeros_like(region)
    dark, light = np.quantile(lab[..., 0][inside], (0.3, 0.85))
    bright = smoothstep(lab[..., 0], dark, max(light, dark + 8))
    pale = 1 - smoothstep(np.hypot(lab[..., 1], lab[..., 2]), _WHITE / 2, _WHITE)
    rough = np.asarray(bright * pale * region, np.float32)
    soft: Float = cv2.GaussianBlur(rough, (0, 0), max(0.0015 * len(lab), 0.5)) * (region > 0)
    return soft
