"""Brows: filled with powder and single hairs, and given a shape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import cv2
import numpy as np

from facelab.atlas import Atlas, canonical
from facelab.edits.cielab import lab_of, to_lab, to_rgb
from facelab.edits.complexion import Complexion
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choice, colour, number
from facelab.edits.pigment import in_light
from facelab.edits.strokes import curve
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import Face

SHAPES = {"own": (0.0, 0.0), "arched": (0.007, 0.006), "straight": (-0.006, 0.004)}
"""By shape: how much higher the brow is at its arch, and how far it goes on outward."""

_SIDE = 1024  # of the canvas on which hairs are drawn, texels
_HAIRS = 150  # of a brow
_LENGTH, _THICK = 0.03, 0.0018  # of a hair, parts of the side
_HALF = 0.016  # of the side: half the height of a brow at its arch
_FULL = 0.8  # opacity of the fullest
_POWDER = 0.4  # of the powder between the hairs, where a hair is 1
_LIGHTEST = 0.62  # of the skin's lightness: brows are darker than that
_SHIFT = 4  # bits of a texel in which OpenCV takes places


@dataclass(frozen=True, kw_only=True)
class Brows(TextureEdit):
    """Pencilled brows: hairs in the way hairs grow, on a veil of powder."""

    name: ClassVar[str] = "brows"
    paints: ClassVar[tuple[str, ...]] = (*SKIN, "brows")
    colour: str = colour("#3b2a20", "of the pencil")
    shape: str = choice("own", tuple(SHAPES), "of the brow that is drawn")
    density: float = number(0.7, 0.0, 1.0, "how full they are")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The brows in the pencil's colour, nowhere lighter than they are."""
        lab, tone = to_lab(face.texture.colour), Complexion(face).tone()
        pencil = in_light(lab_of(self.colour), tone[..., 0])
        pencil[..., 0] = np.minimum(pencil[..., 0], _LIGHTEST * tone[..., 0])
        pencil[..., 0] = np.minimum(pencil[..., 0], lab[..., 0])
        drawn = _brows(face.positions.atlas, face.texture.size, self.shape)
        return to_rgb(pencil), np.float32(_FULL * self.density) * drawn * (
            face.texture.confidence > 0
        )


@lru_cache(maxsize=8)
def _brows(atlas: Atlas, size: int, shape: str) -> Float:
    """How much pencil lies on each texel, ``(size, size)`` in [0, 1]; both brows alike."""
    line, rng = _middle(shape), np.random.default_rng(0)
    hairs = np.zeros((_SIDE, _SIDE), np.uint8)
    powder = np.zeros((_SIDE, _SIDE), np.uint8)
    for along in rng.uniform(0, 1, _HAIRS):
        step = round(float(along) * (len(line) - 2))
        way = line[step + 1] - line[step]
        way = way / np.linalg.norm(way)
        half = _HALF * (0.75 + 0.25 * np.sin(np.pi * along)) * (1 - 0.75 * along**2)
        offset = rng.uniform(-1, 1)
        root = line[step] + np.array([-way[1], way[0]]) * offset * half
        # Hairs of the inner end grow up, the others outward and toward the middle of the brow.
        rise = np.array([0, -1]) * max(0.9 - 1.8 * along, 0) + np.array([0, -0.45 * offset])
        grows = way + rise
        tip = root + _LENGTH * (0.8 - 0.35 * along) * grows / np.linalg.norm(grows)
        ends = np.rint(np.stack([root, tip]) * _SIDE * 2**_SHIFT).astype(np.int32)
        cv2.line(hairs, ends[0].tolist(), ends[1].tolist(), 255, 2, cv2.LINE_AA, _SHIFT)
        cv2.circle(powder, ends[0].tolist(), int(0.6 * half * _SIDE * 2**_SHIFT), 255, -1,
                   cv2.LINE_AA, _SHIFT)  # fmt: skip
    veil = cv2.GaussianBlur(powder.astype(np.float32), (0, 0), 0.006 * _SIDE)
    fine = cv2.GaussianBlur(hairs.astype(np.float32), (0, 0), _THICK / 2 * _SIDE)
    both = np.maximum(_POWDER * veil, fine) / np.float32(255)
    both = np.maximum(both, both[:, ::-1])
    out: Float = np.clip(resized(atlas.from_canonical(resized(both, size)), size), 0, 1)
    out = np.asarray(out * (atlas.region("face", size) > 0), np.float32)
    out.flags.writeable = False
    return out


def _middle(shape: str) -> Float:
    """The middle line of a brow from its inner end outward, ``(256, 2)`` parts of the side."""
    own = canonical()
    marks = (own.landmarks68[22:27] + np.float32(0.5)) / np.float32(own.size)
    higher, longer = SHAPES[shape]
    marks[3] += [0, -higher]
    marks[4] += [longer, 0]
    return curve(marks.astype(np.float32))
