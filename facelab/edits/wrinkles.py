"""Wrinkles: folds of the skin as a relief in the photograph's own light, or less of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.edits.cielab import decoded, encoded, to_lab, to_rgb
from facelab.edits.complexion import Complexion, blurred
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import choices, number, whole
from facelab.edits.relief import shading
from facelab.edits.strokes import Ints, curve, stroke
from facelab.face.skin import learn
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.numerics.windows import window_of
from facelab.types import Face

PLACES = (
    "forehead",
    "frown",
    "crow's feet",
    "under eyes",
    "nose to mouth",
    "mouth corners",
    "upper lip",
)
_SIZE = 512  # largest side on which creases are drawn: they are wider than its texels
_WIDTH = 0.0023  # of the side: deviation of a crease's profile
_DEPTH = 0.0044  # of the side: of a crease of depth 1
_BULGE = 0.42, 3.2, 2.0  # of skin beside it: its height, of the depth; how far away, how wide
_REACH = 9  # of the width
_BLOOD = np.array([0.85, 1.06, 1.12], np.float32)  # powers of the shade: folds redden
_ASTRAY = 0.0011  # of the side: deviation of a crease's points from where they are planned
_COMPANIONS = 2  # faint creases beside each
_BESIDE = 0.007, 0.016  # of the side: how far from it
_SOFTENED, _KEPT = 0.016, 0.0012  # of the side: relief is between; what is finer are pores
_AROUND = 0.008  # of the side: around planned creases, where those that are there lie
_LEFT = 0.25  # of a softened crease


@dataclass(frozen=True, slots=True, eq=False)
class Crease:
    """A line: its points ``(k, 2)`` in parts of the side, how deep it is along it, how wide.

    `bulge` is the side on which skin stands out: -1 left, as one walks along, 1 right, 0 both.
    """

    points: Float
    depth: Float
    width: float
    bulge: int = 0


@dataclass(frozen=True, kw_only=True)
class Wrinkles(TextureEdit):
    """Folds that the light of the photograph falls into; or those that are there, softened."""

    name: ClassVar[str] = "wrinkles"
    paints: ClassVar[tuple[str, ...]] = SKIN
    amount: float = number(1.0, -1.0, 1.0, "how deep; below 0 those that are there are softened")
    places: tuple[str, ...] = choices(PLACES, PLACES, "where")
    seed: int = whole(0, 0, 2**32 - 1, "which of the many")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The skin shaded by the folds, or without the shading of its own."""
        size = face.texture.size
        relief = self.relief(face.positions.atlas, min(size, _SIZE))
        complexion = Complexion(face)
        if self.amount < 0:
            return _softened(face, complexion.bare, relief, -self.amount)
        height = np.float32(self.amount) * resized(relief, size)
        skin = learn(face.texture, face.positions.atlas)
        mask = complexion.bare * (cv2.blur(np.abs(height), (3, 3)) > 0)
        window, colour = window_of(mask), face.texture.colour.copy()
        shade = shading(height, face.positions, skin)[window]
        colour[window] = encoded(decoded(colour[window]) * shade[..., None] ** _BLOOD)
        return colour, mask

    def relief(self, atlas: Atlas, size: int) -> Float:
        """Height over the skin, parts of the side, ``(size, size)``; creases are below 0."""
        rng = np.random.default_rng(self.seed)
        height = np.zeros((size, size), np.float32)
        rows, columns = np.indices((size, size), np.float32)
        grid = (np.dstack([columns, rows]) + np.float32(0.5)) / np.float32(size)
        for place, creases in _creases(atlas, rng).items():
            for crease in creases if place in self.places else ():
                texels, pressed = _pressed(grid, crease)
                height[texels] += pressed
        return height


def _softened(face: Face, bare: Float, relief: Float, amount: float) -> tuple[Float, Float]:
    """The skin without its relief where wrinkles may be; its pores stay."""
    size = face.texture.size
    near = cv2.GaussianBlur(np.abs(relief), (0, 0), _AROUND * len(relief))
    mask = resized(smoothstep(near, 0.02 * _DEPTH, 0.12 * _DEPTH), size) * bare
    lab = to_lab(face.texture.colour)
    coarse, fine = blurred(lab, bare, _SOFTENED * size), blurred(lab, bare, _KEPT * size)
    return to_rgb(lab + np.float32((1 - _LEFT) * amount) * (coarse - fine)), mask


def _pressed(grid: Float, crease: Crease) -> tuple[tuple[Ints, Ints], Float]:
    """The texels near a crease, rows and columns, and their height over the skin."""
    width = np.float32(_WIDTH * crease.width)
    near = stroke(grid, crease.points, float(_REACH * width))
    across = near.distance / width
    ends = smoothstep(near.along, 0, 0.45) * smoothstep(1 - near.along, 0, 0.45)
    height, away, wide = _BULGE
    beside = np.exp(-(((np.abs(across) - away) / wide) ** 2) / 2)
    if crease.bulge:
        beside *= 1.6 * smoothstep(crease.bulge * across, -1, 2)
    profile = height * beside - np.exp(-(across**2) / 2)
    rim = smoothstep(_REACH - np.abs(across), 0, 3)
    depth = np.interp(near.along, np.linspace(0, 1, len(crease.depth)), crease.depth)
    deep = _DEPTH * np.sqrt(crease.width)
    return near.texels, np.asarray(deep * depth * ends * profile * rim, np.float32)


def _creases(atlas: Atlas, rng: np.random.Generator) -> dict[str, list[Crease]]:
    """All creases by place; all are drawn, so that leaving one place out moves no other."""
    marks = (atlas.landmarks68 + np.float32(0.5)) / np.float32(atlas.size)
    sides = ((marks[31], marks[48]), (marks[35], marks[54]))
    return {
        "forehead": _forehead(marks, atlas, rng),
        "frown": _frown(marks, rng),
        "crow's feet": _fan(marks[36], marks[39], rng) + _fan(marks[45], marks[42], rng),
        "under eyes": _under(marks[36:42], rng) + _under(marks[45:41:-1], rng),
        "nose to mouth": [
            one for wing, corner in sides for one in _fold(wing, corner, marks[33], rng)
        ],
        "mouth corners": [
            one for _, corner in sides for one in _below(corner, marks[33], marks[8], rng)
        ],
        "upper lip": _upper_lip(marks, rng),
    }


def _drawn(
    points: Float, depth: float, width: float, rng: np.random.Generator, bulge: int = 0
) -> list[Crease]:
    """A crease that is not quite as planned nor everywhere as deep, and faint ones beside it."""
    moved = points + rng.normal(0, _ASTRAY, points.shape)
    uneven = depth * rng.uniform(0.7, 1.0) * rng.uniform(0.45, 1.0, 12)
    main = Crease(moved.astype(np.float32), uneven.astype(np.float32), width, bulge)
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
    arch = rng.uniform(0.002, 0.008)
    creases = []
    for height in rng.normal((0.22, 0.4, 0.57, 0.75), 0.025):
        start, end = rng.uniform(0.0, 0.25, 2) * span
        u = np.linspace(brows[0, 0] + start, brows[-1, 0] - end, 11)
        turn = (u - middle) / span * 2 * np.pi
        own = np.sin(rng.uniform(0.8, 2.0) * turn + rng.uniform(0, 2 * np.pi))
        v = low + height * (top - low) - arch * np.cos(2 * turn) + 0.002 * own
        creases += _drawn(np.column_stack([u, v]), 0.9, rng.uniform(0.9, 1.4), rng)
    return creases


def _frown(marks: Float, rng: np.random.Generator) -> list[Crease]:
    """Two short lines between the brows, one of them the longer."""
    between, middle = marks[22, 0] - marks[21, 0], marks[[21, 22], 0].mean()
    root, brow = marks[27, 1], marks[21, 1]
    creases = []
    for side in (-1, 1):
        low, high = rng.uniform(0.35, 0.6), rng.uniform(1.2, 1.6)
        v = root + np.linspace(low, high, 4) * (brow - root)
        lean = rng.uniform(0.2, 0.26) + np.array([0, 0.02, 0.03, rng.uniform(0.02, 0.08)])
        creases += _drawn(np.column_stack([middle + side * between * lean, v]), 0.85, 1.2, rng)
    return creases


def _fan(corner: Float, inner: Float, rng: np.random.Generator) -> list[Crease]:
    """Lines that spread from the outer corner of an eye."""
    width = corner - inner
    creases = []
    for angle in rng.normal((-30, -10, 10, 32), 5):
        turn = np.deg2rad(angle) * np.sign(width[0])
        way = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ width
        near, length = rng.uniform(0.16, 0.24), rng.uniform(0.28, 0.5)
        steps = np.linspace(near, near + length, 4)[:, None]
        sag = np.array([[0, 1]]) * np.linspace(0, 0.2, 4)[:, None] ** 2 * abs(width[0])
        creases += _drawn(corner + steps * way + sag, 0.85, 0.8, rng)
    return creases


def _under(eye: Float, rng: np.random.Generator) -> list[Crease]:
    """Two arcs below an eye, whose points go round from its outer corner."""
    outer, inner = eye[0], eye[3]
    bow = np.sin(np.linspace(0.45, np.pi - 0.2, 5))[:, None] * np.array([[0, 1]])
    drop = abs(outer[0] - inner[0]) * bow
    creases = []
    for far, depth in ((0.32, 0.6), (0.47, 0.45)):
        start, end = rng.uniform(0.05, 0.2), rng.uniform(0.6, 0.85)
        arc = inner + np.linspace(start, end, 5)[:, None] * (outer - inner)
        creases += _drawn(arc + (far + rng.normal(0, 0.03)) * drop, depth, 1.0, rng)
    return creases


def _fold(wing: Float, corner: Float, middle: Float, rng: np.random.Generator) -> list[Crease]:
    """From the wing of the nose past a corner of the mouth; the cheek bulges over it."""
    out, width = np.sign(wing[0] - middle[0]), abs(corner[0] - middle[0])
    start = wing + np.array([out * 0.36 * width, -0.2 * width])
    end = corner + np.array([out * 0.34 * width, rng.uniform(0.15, 0.35) * width])
    bent = 0.45 * start + 0.55 * end + np.array([out * 0.1 * width, 0])
    return _drawn(np.stack([start, bent, end]), 0.95, 3.0, rng, bulge=int(out))


def _below(corner: Float, middle: Float, chin: Float, rng: np.random.Generator) -> list[Crease]:
    """From a corner of the mouth down toward the jaw."""
    out, drop = np.sign(corner[0] - middle[0]), chin[1] - corner[1]
    steps = np.array([[0.1, 0.04], [0.15, 0.22], [0.22, rng.uniform(0.38, 0.5)]])
    path = corner + steps * np.array([out, 1]) * drop
    return _drawn(path, 0.6, 1.9, rng, bulge=int(out))


def _upper_lip(marks: Float, rng: np.random.Generator) -> list[Crease]:
    """Short lines that fan out from the edge of the upper lip."""
    edge = curve(marks[48:55])
    height = marks[51, 1] - marks[33, 1]
    creases = []
    for along in rng.normal(np.linspace(0.2, 0.8, 7), 0.02):
        foot = edge[int(along * (len(edge) - 1))]
        lean = 0.25 * (foot[0] - marks[51, 0])
        steps = np.array([[0.15], [0.45], [rng.uniform(0.6, 0.95)]])
        path = foot + steps * np.array([[lean, -height]])
        creases += _drawn(path, 0.4, 0.7, rng)[:1]
    return creases
