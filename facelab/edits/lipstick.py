"""Lipstick: a colour on the lips, their creases and highlights kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.cielab import lab_of, to_lab, to_rgb
from facelab.edits.complexion import Complexion, blurred, mean_of
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.lip_outline import lip_depth
from facelab.edits.parameters import choice, colour, number
from facelab.edits.pigment import in_light
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.numerics.windows import window_of
from facelab.types import Face

_OPACITY = 0.9  # of full strength: what is left of the lips' own colour keeps them lips
# How far the pigment's lightness follows that of darker lips and of lighter ones.
_DARKER, _LIGHTER = 0.5, 0.15
_FINE = 0.012  # of the side: deviation of the Gaussian that leaves creases and highlights out
# By finish: contrast of creases, contrast of highlights, and how far highlights turn white.
_FINISHES = {"matte": (0.85, 0.35, 0.0), "satin": (1.0, 0.9, 0.35), "gloss": (1.1, 1.6, 0.6)}


@dataclass(frozen=True, kw_only=True)
class Lipstick(TextureEdit):
    """Colour on the lips; what shows between them stays."""

    name: ClassVar[str] = "lipstick"
    paints: ClassVar[tuple[str, ...]] = (*SKIN, "lips")
    colour: str = colour("#b3263f", "the colour of the lipstick")
    finish: str = choice("satin", tuple(_FINISHES), "how it takes the light")
    softness: float = number(0.15, 0.0, 1.0, "of the lips' outline; 0 is a drawn edge")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The pigment with the lips' own lightness, on the lips."""
        atlas, size = face.positions.atlas, face.texture.size
        soft = (0.006 + 0.05 * self.softness) / 2
        lips = smoothstep(lip_depth(face), -soft, soft)
        window, colour = window_of(lips), face.texture.colour.copy()
        lab = to_lab(colour[window])
        inside = atlas.region("lips", size) * (1 - atlas.region("mouth", size))
        known = (inside * face.texture.confidence)[window]
        own = mean_of(lab, known)
        skin = mean_of(Complexion(face).tone(window), known)
        pigment = in_light(lab_of(self.colour), skin[0])
        slow = blurred(lab[..., :1], known, _FINE * size)[..., 0]
        inner = np.clip(2 * lips[window] - 1, 0, 1)
        colour[window] = to_rgb(self._painted(lab[..., 0], slow, own, pigment, inner))
        mask = np.zeros_like(lips)
        mask[window] = _OPACITY * lips[window]
        return colour, mask

    def _painted(
        self, lightness: Float, slow: Float, own: Float, pigment: Float, inner: Float
    ) -> Float:
        """CIELAB of lips painted all over, with highlights only where `inner` says."""
        creases, highlights, white = _FINISHES[self.finish]
        adapted = _DARKER if own[0] < pigment[0] else _LIGHTER
        base = np.float32(max(pigment[0] + adapted * (own[0] - pigment[0]), 1))
        slow = np.where(slow > 1, slow, own[0])
        fine = lightness - slow
        shaded = base * np.clip(slow / max(own[0], 1), 0.4, 1.6) ** np.float32(0.7)
        shine = np.maximum(fine, 0) * inner * np.float32(highlights)
        dark = np.minimum(fine, 0) * np.float32(creases) * base / max(own[0], 1)
        lightness = np.clip(shaded + dark + shine, 0, 100)
        chroma = np.clip((shaded + dark) / base, 0, 1.15) * np.exp(-white * shine / 12)
        return np.dstack([lightness, chroma[..., None] * pigment[1:]])
