"""Hair, brows and lashes: see-through cards in the colours that hair has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facelab.edits.cielab import decoded, rgb_of
from facelab.heads.parts import Part
from facelab.heads.surface import Paint
from facelab.numerics.arrays import Float, Int
from facelab.numerics.vectors import unit

Array = NDArray[np.float64]
Rng = np.random.Generator

COLOURS: Mapping[str, str] = {
    "black": "#191412",
    "dark brown": "#2e2019",
    "brown": "#4a3324",
    "light brown": "#6d5138",
    "dark blond": "#8a6c48",
    "blond": "#b4935f",
    "light blond": "#d2ba8b",
    "auburn": "#5a2a1a",
    "red": "#8c4522",
    "grey": "#7b7874",
    "white": "#b9b6b1",
}
"""Hair as it looks in white light, from sparse melanin to dense, and without."""
DYED = ("#7a1f3d", "#25456e", "#5b3a7a", "#2e6a5a", "#b35a86", "#c8c3b0")

_INTO, _SOFT = 0.6, 0.4  # cm: how far hair goes into a hat, and over which it ends
_DYES = 0.4  # of people: they are never grey
_CENTRE = np.array([0.0, 3.0, -4.0], np.float32)  # of a skull, cm
_ROUND = 0.5  # how far a lock's normals are those of the whole head of hair


def melanin(origins: tuple[float, ...], rng: Rng) -> str:
    """Draw the natural colour of somebody's hair by shares of origins, `family.ORIGINS`' order."""
    dark = ("black", "black", "black", "dark brown", "dark brown", "brown")
    light = ("black", "dark brown", "dark brown", "brown", "brown", "light brown", "dark blond",
             "blond", "light blond", "auburn", "red")  # fmt: skip
    return str(rng.choice(light if rng.random() < origins[2] ** 2 else dark))


def mixed(name: str, age: float, rng: Rng) -> Float:
    """Draw a colour near a named one, linear RGB ``(3,)``, greyer with age."""
    colour = decoded(rgb_of(COLOURS[name])).astype(np.float64)
    grey = decoded(rgb_of(COLOURS["white" if rng.uniform(50, 90) < age else "grey"]))
    share = np.clip((age - 50) / 35 + rng.normal(0, 0.25), 0, 1) * (rng.random() > _DYES)
    colour = colour * np.exp(rng.normal(0, 0.18)) * np.exp(rng.normal(0, 0.05, 3))
    return np.asarray(colour + share * (grey - colour), np.float32)


def normals(vertices: Float, mesh: Float) -> Float:
    """Return the normals of locks ``(v, 3)``, outward and rounder than the mesh's own."""
    away = unit(vertices - _CENTRE)
    outward = np.sign((mesh * away).sum(axis=1, keepdims=True))
    return unit((1 - _ROUND) * outward * mesh + _ROUND * away)


def tangents(vertices: Float, part: Part) -> Float:
    """Return the directions of strands ``(v, 3)``: those in which v of the picture grows."""
    a, b, c = (vertices[corner].astype(np.float64) for corner in part.triangles.T)
    ua, ub, uc = (part.uv[corner].astype(np.float64) for corner in part.triangles.T)
    (bu, _), (cu, _) = (ub - ua).T, (uc - ua).T
    area = (ub - ua)[:, 0] * (uc - ua)[:, 1] - (ub - ua)[:, 1] * (uc - ua)[:, 0]
    along = ((c - a) * bu[:, None] - (b - a) * cu[:, None]) * np.sign(area)[:, None]
    total = _summed(along, part.triangles, len(vertices))
    return unit(total)


def room_below(vertices: Float, hat: Float) -> Float:
    """Return how far vertices ``(v, 3)`` lie below a hat's mesh ``(h, 3)``, cm, ``(v, 1)``.

    Below its lower side, where that is nearest: what is above it is within the hat.
    """
    from scipy.spatial import cKDTree

    nearest = cKDTree(hat[:, [0, 2]]).query(vertices[:, [0, 2]], k=8)[1]
    lowest = hat[nearest, 1].min(axis=1)
    return np.asarray(lowest + _INTO - vertices[:, 1], np.float32)[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Under:
    """Paint of hair under a hat: places are those of `paint`, then `room_below`."""

    paint: Paint

    def __call__(self, places: Float) -> Float:
        """Return the colours ``(k, 4)`` at places ``(k, c + 1)``."""
        out = self.paint(places[:, :-1]).copy()
        out[:, 3] *= np.clip(places[:, -1] / np.float32(_SOFT), 0, 1)
        return out


def _summed(values: Array, triangles: Int, count: int) -> Array:
    flat = triangles.ravel()
    sums = [np.bincount(flat, np.repeat(axis, 3), count) for axis in values.T]
    return np.stack(sums, axis=1)
