"""Wrinkles: lines where faces fold, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.atlas import Atlas
from facelab.edits.cielab import to_lab, to_rgb
from facelab.edits.complexion import Complexion
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choices, whole
from facelab.edits.strokes import Ints, curve, stroke
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import Face

PLACES = ("forehead", "frown", "crow's feet", "under eyes", "nose to mouth")
_SIZE = 512  # largest side on which creases are drawn: they are wider than its texels
_DEEPEST = 0.175  # of the skin's lightness, in the middle of a crease
_REDDER = np.array([8.0, 6.0], np.float32)  # a and b of CIELAB for all lightness lost
_WIDTH = 0.0028  # of the side: deviation of a crease's profile
_REACH = 9  # of the width
_ASTRAY = 0.0012  # of the side: deviation of a crease's points from where they are planned
_COMPANIONS = 2  # faint creases beside each
_BESIDE = 0.007, 0.016  # of the side: how far from it


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
    paints: ClassVar[tuple[str, ...]] = SKIN
    places: tuple[str, ...] = choices(PLACES, PLACES, "where")
    seed: int = whole(0, 0, 2**32 - 1, "which of the many")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The skin shaded by the creases."""
        size = face.texture.size
        shade = resized(self.shade(face.positions.atlas, min(size, _SIZE)), size)
        lab = to_lab(face.texture.colour)
        lab[..., 0] *= 1 + np.clip(shade, -0.6, 0.3)
        lab[..., 1:] += _REDDER * np.maximum(-shade, 0)[..., None]
        return to_rgb(lab), Complexion(face).bare * (shade != 0)

    def shade(self, atlas: Atlas, size: int) -> Float:
        """The share by which each texel becomes lighter, ``(size, size)``."""
        rng = np.random.default_rng(self.seed)
        shade = np.zeros((size, size), np.float32)
        rows, columns = np.indices((size, size), np.float32)
        grid = (np.dstack([columns, rows]) + np.float32(0.5)) / np.float32(size)
        for place, creases in _creases(atlas, rng).items():
            for crease in creases if place in self.places else ():
                texels, pressed = _pressed(grid, crease)
                shade[texels] += pressed
        return shade


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
            *_fold(marks[31], marks[48], marks[33], rng),
            *_fold(marks[35], marks[54], marks[33], rng),
        ],
    }


def _drawn(points: Float, depth: float, width: float, rng: np.random.Generator) -> list[Crease]:
    """A crease that is not quite as planned nor everywhere as deep, and faint ones beside it."""
    moved = points + rng.normal(0, _ASTRAY, points.shape)
    uneven = depth * rng.uniform(0.5, 1.0) * rng.uniform(0.35, 1.0, 12)
    main = Crease(moved.astype(np.float32), uneven.astype(np.float32), width)
    return [main, *(_beside(main, rng) for _ in range(_COMPANIONS))]


def _beside(crease: Crease, rng: np.random.Generator) -> Crease:
    """A finer, fainter and shorter crease on either side of another one."""
    path = curve(crease.points)
    start, length = rng.uniform(0, 0.6), rng.uniform(0.25, 0.4)
    steps = (np.linspace(start, start + length, 5) * (len(path) - 1)).astype(int)
    across = np.gradient(path, axis=0)[steps][:, ::-1] * np.array([-1, 1])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    away = rng.choice([-1, 1]) * rng.uniform(*_BESIDE) + rng.normal(0, _ASTRAY, (5, 1))
    faint = crease.depth * np.float32(rng.uniform(0.3, 0.6))
    return Crease((path[steps] + away * across).astype(np.float32), faint, 0.6 * crease.width)


def _forehead(marks: Float, atlas: Atlas, rng: np.random.Generator) -> list[Crease]:
    """Lines over the brows: each of its own length, depth and wave, on a common arch."""
    top = atlas.rows("oval", atlas.size)[0] / atlas.size
    brows = marks[17:27]
    low, span, middle = brows[:, 1].min(), np.ptp(brows[:, 0]), brows[:, 0].mean()
    arch = rng.uniform(0.0, 0.01)
    creases = []
    for height in rng.normal((0.28, 0.43, 0.57, 0.71), 0.03):
        start, end = rng.uniform(0.02, 0.38, 2) * span
        u = np.linspace(brows[0, 0] + start, brows[-1, 0] - end, 9)
        turn = (u - middle) / span * 2 * np.pi
        own = np.sin(rng.uniform(0.8, 2.0) * turn + rng.uniform(0, 2 * np.pi))
        v = low + height * (top - low) + arch * np.cos(1.4 * turn) + 0.003 * own
        creases += _drawn(np.column_stack([u, v]), 1.25, rng.uniform(1.0, 1.6), rng)
    return creases


def _frown(marks: Float, rng: np.random.Generator) -> list[Crease]:
    """Two short lines between the brows, one of them the longer."""
    between, middle = marks[22, 0] - marks[21, 0], marks[[21, 22], 0].mean()
    root, brow = marks[27, 1], marks[21, 1]
    creases = []
    for side in (-1, 1):
        low, high = rng.uniform(0.2, 0.52), rng.uniform(1.23, 1.74)
        v = root + np.linspace(low, high, 3) * (brow - root)
        lean = rng.uniform(0.16, 0.24) + np.array([0, 0.01, rng.uniform(0.02, 0.1)])
        creases += _drawn(np.column_stack([middle + side * between * lean, v]), 1.1, 1.3, rng)
    return creases


def _fan(corner: Float, inner: Float, rng: np.random.Generator) -> list[Crease]:
    """Lines that spread from the outer corner of an eye."""
    width = corner - inner
    creases = []
    for angle in rng.normal((-32, -12, 8, 30), 6):
        turn = np.deg2rad(angle) * np.sign(width[0])
        way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ width
        near, length = rng.uniform(0.2, 0.3), rng.uniform(0.22, 0.48)
        steps = np.linspace(near, near + length, 4)[:, None]
        sag = np.array([[0, 1]]) * np.linspace(0, 0.2, 4)[:, None] ** 2 * abs(width[0])
        creases += _drawn(corner + steps * way + sag, 1.1, 0.9, rng)
    return creases


def _under(eye: Float, rng: np.random.Generator) -> list[Crease]:
    """Two arcs below an eye, whose points go round from its outer corner."""
    outer, inner = eye[0], eye[3]
    bow = np.sin(np.linspace(0.45, np.pi - 0.2, 5))[:, None] * np.array([[0, 1]])
    drop = abs(outer[0] - inner[0]) * bow
    creases = []
    for far, depth in ((0.32, 0.9), (0.5, 0.7)):
        start, end = rng.uniform(0.05, 0.2), rng.uniform(0.6, 0.85)
        arc = inner + np.linspace(start, end, 5)[:, None] * (outer - inner)
        creases += _drawn(arc + (far + rng.normal(0, 0.03)) * drop, depth, 1.2, rng)
    return creases


def _fold(wing: Float, corner: Float, middle: Float, rng: np.random.Generator) -> list[Crease]:
    """From the wing of the nose past a corner of the mouth."""
    out, width = np.sign(wing[0] - middle[0]), abs(corner[0] - middle[0])
    start = wing + np.array([out * 0.28 * width, -0.1 * width])
    end = corner + np.array([out * 0.4 * width, rng.uniform(-0.05, 0.1) * width])
    bent = 0.45 * start + 0.55 * end + np.array([out * 0.12 * width, 0])
    return _drawn(np.stack([start, bent, end]), 0.95, 2.8, rng)
