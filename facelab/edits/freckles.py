"""Freckles: strewn over nose and cheeks, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.atlas import Atlas
from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import complexion
from facelab.edits.edit import References, TextureEdit
from facelab.edits.fields import number, whole
from facelab.skin import SIZE
from facelab.types import Face, Float

_MOST = 700  # freckles at full density
_SMALLEST, _LARGEST = 0.0018, 0.0045  # deviations of their blobs, parts of the side
_DARKER = 0.15  # of the skin's lightness
_BROWNER = np.array([5.0, 9.0], np.float32)  # added to a and b of CIELAB


@dataclass(frozen=True, kw_only=True)
class Freckles(TextureEdit):
    """Small brown spots, each of its own size, shape and depth."""

    name: ClassVar[str] = "freckles"
    density: float = number(0.5, 0.0, 1.0, "how many")
    size: float = number(1.0, 0.5, 2.0, "how large")
    seed: int = whole(0, 0, 2**32 - 1, "which of the many")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Skin darker and browner, in spots."""
        lab = to_lab(face.texture.colour)
        lab[..., 0] *= np.float32(1 - _DARKER)
        lab[..., 1:] += _BROWNER
        spots = self._spots(face.positions.atlas, face.texture.size)
        return to_rgb(lab), spots * complexion(face).bare

    def _spots(self, atlas: Atlas, size: int) -> Float:
        """How much of a freckle lies on each texel, ``(size, size)`` in [0, 1]."""
        rng = np.random.default_rng(self.seed)
        likely = _likely(atlas)
        count = round(_MOST * self.density)
        cells = rng.choice(likely.size, count, p=likely.ravel())
        v, u = np.divmod(cells, SIZE)
        places = (np.column_stack([u, v]) + rng.random((count, 2))) / SIZE
        sizes = rng.beta(1.2, 4, count).astype(np.float32)
        sigma = np.float32(self.size) * (_SMALLEST + (_LARGEST - _SMALLEST) * sizes)
        shapes = _shapes(rng, sigma)
        depth = rng.beta(1.6, 1.6, count)
        mask = np.zeros((size, size), np.float32)
        for place, shape, weight, reach in zip(places, shapes, depth, 4.5 * sigma, strict=True):
            window, blob = _blob(size, place, shape, reach)
            mask[window] = np.maximum(mask[window], weight * blob)
        return mask


def _likely(atlas: Atlas) -> Float:
    """Where freckles are, as probabilities that sum to 1: ``(128, 128)``."""
    regions = (("nose", 1.0), ("cheeks", 1.0), ("forehead", 0.15), ("chin", 0.1))
    total = sum(weight * atlas.soft_region(name, SIZE, 0.2) for name, weight in regions)
    density = np.asarray(total * atlas.region("oval", SIZE), np.float64)
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
    v, u = np.mgrid[v0:v1, u0:u1]
    away = ((np.stack([u, v], axis=-1) + 0.5) / size - place) @ shape.T
    blob: Float = np.exp(-(away**2).sum(axis=-1) / 2).astype(np.float32)
    return (slice(v0, v1), slice(u0, u1)), blob
