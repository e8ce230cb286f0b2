"""Freckles: strewn over nose and cheeks, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import Complexion
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import number, whole
from facelab.face.skin import SIZE
from facelab.numerics.arrays import Float
from facelab.types import Face

_MOST = 2400  # freckles at full density
_SMALLEST, _LARGEST = 0.0016, 0.0052  # deviations of their blobs, parts of the side
_DARKER = 0.17, 4.0  # lightness lost in the darkest: a part of the skin's, and units
_BROWNER = np.array([6.0, 12.0], np.float32)  # added to a and b of CIELAB
_CLUSTERS = 0.06, 0.55  # deviation, parts of the side, and contrast of where there are more
_BAND = 0.1  # of the side: deviation of the band over nose and cheeks that has most
_TEXEL = 0.6  # deviation, texels: a photograph shows nothing finer


@dataclass(frozen=True, kw_only=True)
class Freckles(TextureEdit):
    """Small brown spots, each of its own size, shape and depth."""

    name: ClassVar[str] = "freckles"
    paints: ClassVar[tuple[str, ...]] = SKIN
    density: float = number(0.5, 0.0, 1.0, "how many")
    size: float = number(1.0, 0.5, 2.0, "how large")
    seed: int = whole(0, 0, 2**32 - 1, "which of the many")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Skin darker and browner, in spots."""
        lab = to_lab(face.texture.colour)
        lab[..., 0] -= np.float32(_DARKER[0]) * lab[..., 0] + np.float32(_DARKER[1])
        lab[..., 1:] += _BROWNER
        spots = self._spots(face.positions.atlas, face.texture.size)
        return to_rgb(lab), spots * Complexion(face).bare

    def _spots(self, atlas: Atlas, size: int) -> Float:
        """How much of a freckle lies on each texel, ``(size, size)`` in [0, 1]."""
        rng = np.random.default_rng(self.seed)
        likely = _likely(atlas, rng)
        count = round(_MOST * self.density)
        cells = rng.choice(likely.size, count, p=likely.ravel())
        v, u = np.divmod(cells, SIZE)
        places = (np.column_stack([u, v]) + rng.random((count, 2))) / SIZE
        sizes = rng.beta(1, 5, count)
        sigma = self.size * (_SMALLEST + (_LARGEST - _SMALLEST) * sizes)
        depth = rng.beta(1.1, 3.2, count)
        seen = np.hypot(sigma, _TEXEL / size)
        shapes = _shapes(rng, seen)
        left = np.ones((size, size), np.float32)
        for place, shape, weight, reach in zip(
            places, shapes, depth * (sigma / seen) ** 2, 4.5 * seen, strict=True
        ):
            window, blob = _blob(size, place, shape, reach)
            left[window] *= 1 - np.float32(weight) * blob
        return 1 - left


def _likely(atlas: Atlas, rng: np.random.Generator) -> Float:
    """Where freckles are, as probabilities that sum to 1: ``(128, 128)``."""
    middle = (atlas.landmarks68[[1, 15, 29], 1].mean() + 0.5) / atlas.size
    row = (np.arange(SIZE)[:, None] + 0.5) / SIZE
    band = 0.06 + np.exp(-(((row - middle) / _BAND) ** 2) / 2)
    spread, contrast = _CLUSTERS
    noise = cv2.GaussianBlur(rng.normal(0, 1, (SIZE, SIZE)), (0, 0), spread * SIZE)
    clusters = np.exp(contrast * noise / noise.std())
    density = band * clusters * atlas.region("oval", SIZE)
    return np.asarray(density / density.sum())


def _shapes(rng: np.random.Generator, sigma: Float) -> Float:
    """Inverse square roots of covariances: blobs drawn out by up to 1.5, ``(n, 2, 2)``."""
    angle = rng.uniform(0, np.pi, len(sigma))
    stretch = rng.uniform(1, 1.5, len(sigma)) ** 0.5
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    axes = np.stack([1 / (sigma * stretch), stretch / sigma])
    return np.asarray((turn * axes[:, None]).transpose(2, 0, 1))


def _blob(size: int, place: Float, shape: Float, reach: float) -> tuple[tuple[slice, slice], Float]:
    """A window of rows and columns, and a Gaussian blob in it."""
    u0, v0 = np.maximum(np.floor((place - reach) * size).astype(int), 0)
    u1, v1 = np.minimum(np.ceil((place + reach) * size).astype(int) + 1, size)
    u = (np.arange(u0, u1) + 0.5) / size - place[0]
    v = ((np.arange(v0, v1) + 0.5) / size - place[1])[:, None]
    away = sum((u * across + v * down) ** 2 for across, down in shape)
    blob: Float = np.exp(-away / 2).astype(np.float32)
    return (slice(v0, v1), slice(u0, u1)), blob
