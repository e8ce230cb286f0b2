"""Wrinkles: lines where faces fold, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.atlas import Atlas
from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import complexion, smoothstep
from facelab.edits.edit import References, TextureEdit
from facelab.edits.fields import choices, whole
from facelab.edits.strokes import Ints, stroke
from facelab.types import Face, Float

PLACES = ("forehead", "frown", "crow's feet", "under eyes", "nose to mouth")
_DEEPEST = 0.17  # of the skin's lightness, in the middle of a crease
_WIDTH = 0.0028  # of the side: deviation of a crease's profile
_REACH = 9  # of the width


@dataclass(frozen=True, slots=True, eq=False)
class Crease:
    """A line: its points ``(k, 2)`` in parts of the side, how deep it is along it, how wide."""

    points: Float
    depth: Float
    width: float


@dataclass(frozen=True, kw_only=True)
class Wrinkles(TextureEdit):
    """Creases in the skin, dark in the fold and light on its edge below."""

    name: ClassVar[str] = "wrinkles"
    places: tuple[str, ...] = choices(PLACES, PLACES, "where")
    seed: int = whole(0, 0, 2**32 - 1, "which of the many")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The skin shaded by the creases."""
        atlas, size = face.positions.atlas, face.texture.size
        rng = np.random.default_rng(self.seed)
        shade = np.zeros((size, size), np.float32)
        rows, columns = np.indices((size, size), np.float32)
        grid = (np.dstack([columns, rows]) + np.float32(0.5)) / np.float32(size)
        for place, creases in _creases(atlas, rng).items():
            for crease in creases if place in self.places else ():
                texels, pressed = _pressed(grid, crease)
                shade[texels] += pressed
        lab = to_lab(face.texture.colour)
        lab[..., 0] *= 1 + np.clip(shade, -0.6, 0.3)
        lab[..., 1] += 8 * np.maximum(-shade, 0)
        return to_rgb(lab), complexion(face).bare * (shade != 0)


def _pressed(grid: Float, crease: Crease) -> tuple[tuple[Ints, Ints], Float]:
    """The texels near a crease, rows and columns, and by what share each becomes lighter."""
    width = np.float32(_WIDTH * crease.width)
    near = stroke(grid, crease.points, float(_REACH * width))
    across = near.distance / width
    ends = smoothstep(near.along, 0, 0.45) * smoothstep(1 - near.along, 0, 0.45)
    fold = -np.exp(-(across**2) / 2) - 0.35 * np.exp(-(across**2) / 14)
    edge = 0.4 * np.exp(-((across - 2.8) ** 2) / 4)
    rim = smoothstep(_REACH - np.abs(across), 0, 3)
    depth = np.interp(near.along, np.linspace(0, 1, len(crease.depth)), crease.depth)
    shading = _DEEPEST * depth * ends * (fold + edge) * rim
    return near.texels, shading.astype(np.float32)


def _creases(atlas: Atlas, rng: np.random.Generator) -> dict[str, list[Crease]]:
    """All creases by place; all are drawn, so that leaving one place out moves no other."""
    marks = (atlas.landmarks68 + np.float32(0.5)) / np.float32(atlas.size)
    return {
        "forehead": _forehead(marks, atlas, rng),
        "frown": _frown(marks, rng),
        "crow's feet": _fan(marks[36], marks[39], rng) + _fan(marks[45], marks[42], rng),
        "under eyes": _under(marks[36:42], rng) + _under(marks[45:41:-1], rng),
        "nose to mouth": [
            _fold(marks[31], marks[48], marks[33], rng),
            _fold(marks[35], marks[54], marks[33], rng),
        ],
    }


def _drawn(
    points: Float, depth: float, width: float, rng: np.random.Generator, jitter: float = 0.001
) -> Crease:
    """A crease that no longer is quite straight nor everywhere as deep."""
    uneven = depth * rng.uniform(0.35, 1.0, 12)
    moved = points + rng.normal(0, jitter, points.shape)
    return Crease(moved.astype(np.float32), uneven.astype(np.float32), width)


def _forehead(marks: Float, atlas: Atlas, rng: np.random.Generator) -> list[Crease]:
    top = atlas.rows("oval", atlas.size)[0] / atlas.size
    brows = marks[17:27]
    low, span = brows[:, 1].min(), np.ptp(brows[:, 0])
    creases = []
    for height in (0.25, 0.45, 0.62):
        start, end = rng.uniform(0.05, 0.3, 2)
        u = np.linspace(brows[0, 0] + start * span, brows[-1, 0] - end * span, 9)
        wave = 0.008 * np.cos((u - brows[:, 0].mean()) / span * 2 * np.pi * 1.4)
        v = low + height * (top - low) + wave
        creases.append(_drawn(np.column_stack([u, v]), 1.0, 1.4, rng, 0.0018))
    return creases


def _frown(marks: Float, rng: np.random.Generator) -> list[Crease]:
    """Two short lines between the brows."""
    between, middle = marks[22, 0] - marks[21, 0], marks[[21, 22], 0].mean()
    v = np.linspace(marks[27, 1], 1.3 * marks[21, 1] - 0.3 * marks[27, 1], 3)
    return [
        _drawn(np.column_stack([middle + side * between * np.array([0.2, 0.22, 0.27]), v]), 0.9,
               1.3, rng)
        for side in (-1, 1)
    ]  # fmt: skip


def _fan(corner: Float, inner: Float, rng: np.random.Generator) -> list[Crease]:
    """Lines that spread from the outer corner of an eye."""
    width = corner - inner
    creases = []
    for angle in (-30, -8, 14, 34):
        turn = np.deg2rad(angle + rng.normal(0, 4)) * np.sign(width[0])
        way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ width
        steps = np.linspace(0.26, 0.6 + rng.uniform(0, 0.15), 4)[:, None]
        sag = np.array([[0, 1]]) * np.linspace(0, 0.2, 4)[:, None] ** 2 * abs(width[0])
        creases.append(_drawn(corner + steps * way + sag, 0.9, 0.9, rng))
    return creases


def _under(eye: Float, rng: np.random.Generator) -> list[Crease]:
    """Two arcs below an eye, whose points go round from its outer corner."""
    outer, inner = eye[0], eye[3]
    bow = np.sin(np.linspace(0.45, np.pi - 0.2, 5))[:, None] * np.array([[0, 1]])
    steps = np.linspace(0.08, 0.75, 5)[:, None]
    arc = inner + steps * (outer - inner)
    drop = abs(outer[0] - inner[0]) * bow
    return [_drawn(arc + far * drop, depth, 1.2, rng) for far, depth in ((0.32, 0.8), (0.5, 0.6))]


def _fold(wing: Float, corner: Float, middle: Float, rng: np.random.Generator) -> Crease:
    """From the wing of the nose past a corner of the mouth."""
    out, width = np.sign(wing[0] - middle[0]), abs(corner[0] - middle[0])
    start = wing + np.array([out * 0.2 * width, -0.1 * width])
    end = corner + np.array([out * 0.22 * width, 0.05 * width])
    bent = 0.45 * start + 0.55 * end + np.array([out * 0.05 * width, 0])
    return _drawn(np.stack([start, bent, end]), 1.2, 2.6, rng)
