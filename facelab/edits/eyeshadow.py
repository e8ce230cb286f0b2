"""Eyeshadow: colour on the upper lids, fading toward the brows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from facelab.atlas import Atlas, canonical
from facelab.edits.cielab import lab_of
from facelab.edits.complexion import Complexion
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choice, colour, number
from facelab.edits.pigment import FINISHES, powdered
from facelab.numerics.arrays import Float
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import resized, smoothstep
from facelab.numerics.windows import window_of
from facelab.types import Face

_SIZE = 256  # side of the map on which it is drawn, texels
_HIDE = 0.45, 0.6  # how much of the skin's lightness and hue it hides
_WING, _RISE = 0.07, 0.8  # of the side: how far it goes on outward; how steeply it rises there
_LASHES = 0.008  # of the side: softness of its edge at the lashes


@dataclass(frozen=True, kw_only=True)
class Eyeshadow(TextureEdit):
    """Colour on the upper lids, strongest at the lashes."""

    name: ClassVar[str] = "eyeshadow"
    paints: ClassVar[tuple[str, ...]] = (*SKIN, "eyes")
    colour: str = colour("#7a4c58", "the colour of the shadow")
    finish: str = choice("satin", tuple(FINISHES), "how it takes the light")
    height: float = number(0.65, 0.2, 1.0, "how far up it goes; 1 is the brow")
    softness: float = number(0.7, 0.0, 1.0, "over how much of its height it fades")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The lids under a veil of the pigment."""
        mask = self._lids(face.positions.atlas, face.texture.size)
        window, colour = window_of(mask), face.texture.colour.copy()
        tone = Complexion(face).tone(window)
        colour[window] = powdered(colour[window], tone, lab_of(self.colour), self.finish, _HIDE)
        return colour, mask

    def _lids(self, atlas: Atlas, size: int) -> Float:
        way = _from_lashes(atlas)
        fading = 1 - smoothstep(way, self.height * (1 - self.softness), self.height + 0.05)
        eyes = atlas.soft_region("eyes", size, _LASHES)
        return resized(_above_the_eyes(atlas) * fading, size) * (1 - eyes)


@lru_cache(maxsize=4)
def _above_the_eyes(atlas: Atlas) -> Float:
    """1 from the lashes, and their line drawn on outward, to the brows; it fades at both ends."""
    own = canonical()
    marks = (own.landmarks68 + np.float32(0.5)) / np.float32(own.size)
    marks = marks - np.array([0.5, 0], np.float32)
    uv = atlas.canonical_uv(_SIZE)
    across, down = np.abs(uv[..., 0] - np.float32(0.5)), uv[..., 1]
    eye, brow = marks[42:46], marks[22:27]  # from the inner end to the outer one
    (inner, _), (outer, corner) = eye[0], eye[-1]
    line = np.vstack([eye, [outer + _WING, corner - _RISE * _WING]])
    lashes, top = (np.interp(across, path[:, 0], path[:, 1]) for path in (line, brow))
    between = smoothstep(lashes - down, -0.004, 0.012) * smoothstep(down - top, 0, 0.02)
    ends = smoothstep(across, inner - 0.025, inner + 0.02)
    ends *= 1 - smoothstep(across, outer - 0.01, outer + _WING)
    out = np.asarray(between * ends, np.float32)
    out.flags.writeable = False
    return out


def _from_lashes(atlas: Atlas) -> Float:
    """0 at the eyes, 1 at the brows, by the distance to either: ``(256, 256)``."""
    eyes, brows = (_distance(atlas, name) for name in ("eyes", "brows"))
    share: Float = eyes / np.maximum(eyes + brows, np.float32(1e-3))
    return share


def _distance(atlas: Atlas, name: str) -> Float:
    """Texels from a region, 0 inside, ``(256, 256)``."""
    return distance_within(atlas.region(name, _SIZE) < 0.5)
