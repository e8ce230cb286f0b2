"""Mascara: lashes, longer, darker and denser, along the lids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import cv2
import numpy as np

from facelab.atlas import Atlas, canonical
from facelab.edits.cielab import rgb_of
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choice, colour, number
from facelab.edits.strokes import curve
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import Face

_SIDE = 2048  # of the canvas on which lashes are drawn, texels
_COUNT = {"upper": 40, "lower": 20}  # on each lid
_LENGTH = {"upper": 0.02, "lower": 0.008}  # of the side: of lashes of length 1
_DARK = {"upper": 0.9, "lower": 0.55}  # opacity
_THICK = 0.0013  # of the side, at the root
_BEND = 0.35  # how far a lash bends up, of its length
_LEAN = 0.75  # how far the outer ones lean outward
_SHIFT = 4  # bits of a texel in which OpenCV takes places


@dataclass(frozen=True, kw_only=True)
class Mascara(TextureEdit):
    """Single lashes, and the dark line of their roots."""

    name: ClassVar[str] = "mascara"
    paints: ClassVar[tuple[str, ...]] = (*SKIN, "eyes")
    colour: str = colour("#120c0a", "of the lashes")
    length: float = number(1.0, 0.4, 1.6, "of the lashes")
    lids: str = choice("both", ("upper", "lower", "both"), "on which lids")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The colour of the lashes, and where they lie."""
        lids = ("upper", "lower") if self.lids == "both" else (self.lids,)
        atlas, size = face.positions.atlas, face.texture.size
        mask = np.maximum.reduce(
            [np.float32(_DARK[lid]) * _lashes(atlas, size, lid, self.length) for lid in lids]
        )
        return np.broadcast_to(rgb_of(self.colour), face.texture.colour.shape), mask


@lru_cache(maxsize=8)
def _lashes(atlas: Atlas, size: int, lid: str, length: float) -> Float:
    """How much of each texel lashes cover, ``(size, size)``; both eyes alike."""
    drawn = np.zeros((_SIDE, _SIDE), np.uint8)
    for root, path in _paths(lid, length):
        widths = np.maximum(_THICK * _SIDE * np.linspace(1, 0.3, len(path) - 1), 1)
        places = np.rint(np.vstack([root, path[1:]]) * _SIDE * 2**_SHIFT).astype(np.int32)
        for start, end, width in zip(places[:-1], places[1:], widths, strict=True):
            cv2.line(drawn, start.tolist(), end.tolist(), 255, round(width), cv2.LINE_AA, _SHIFT)
    both = np.maximum(drawn, drawn[:, ::-1]).astype(np.float32) / np.float32(255)
    out: Float = np.clip(resized(atlas.from_canonical(resized(both, size)), size), 0, 1)
    out = out * (atlas.region("face", size) > 0)
    out.flags.writeable = False
    return out


def _paths(lid: str, length: float) -> Iterator[tuple[Float, Float]]:
    """The roots and paths ``(8, 2)`` of one eye's lashes, parts of the side."""
    marks = (canonical().landmarks68 + np.float32(0.5)) / np.float32(canonical().size)
    edge = curve(marks[42:46] if lid == "upper" else marks[[42, 47, 46, 45]])
    up = -1 if lid == "upper" else 1
    rng = np.random.default_rng(0)
    steps = np.linspace(0, 1, 8)[:, None]
    for along in np.linspace(0.12, 1.0, _COUNT[lid]):
        root = edge[round(float(along) * (len(edge) - 1))]
        reach = length * _LENGTH[lid] * (0.45 + 0.55 * along) * rng.uniform(0.75, 1.1)
        lean = _LEAN * (along - 0.35) + rng.normal(0, 0.1)
        way = np.array([lean, up]) / np.hypot(lean, 1)
        bent = np.array([0, -_BEND]) * steps**2 * (1 if lid == "upper" else -0.4)
        yield root, np.asarray(root + reach * (steps * way + bent), np.float32)
