"""Glasses and sunglasses, fitted to a face: rims, bridge, temples and lenses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.materials import opaque, plain, uneven
from facelab.augment.occluders.surface import Surface, of_grid, tube
from facelab.numerics.algebra import Floats

Rng = np.random.Generator

_POINTS = 48  # of a rim
_EYES = (33, 133, 159, 145), (263, 362, 386, 374)  # of the canonical mesh, right and left
_BRIDGE = 168, 6  # on the nose, between the eyes
_EARS = 127, 356  # before the ears
_CLEAR_OF_EYES = 1.25  # cm from the eye to the lens
_CLEAR_OF_SKIN = 0.1  # cm
_TILT = np.deg2rad(7)  # of lenses, their lower edges nearer to the cheeks


@dataclass(frozen=True, slots=True)
class Shape:
    """The outline of a lens: a superellipse, pulled about.

    Parameters
    ----------
    width, height : float
        cm.
    corners : float
        Its exponent: 2 is an ellipse, more has corners.
    narrower : float
        How much narrower it is below than above.
    lifted : float
        How far its outer upper corner is lifted, cm.
    dropped : float
        How far its outer lower part hangs, cm.
    """

    width: float
    height: float
    corners: float = 2.4
    narrower: float = 0.0
    lifted: float = 0.0
    dropped: float = 0.0

    def outline(self, side: int) -> Floats:
        """Its points ``(48, 2)`` about the middle, cm, counter-clockwise; side 1 is the left."""
        turn = np.linspace(0, 2 * np.pi, _POINTS)
        cos, sin = np.cos(turn), np.sin(turn)
        power = 2 / self.corners
        x, y = np.sign(cos) * np.abs(cos) ** power, np.sign(sin) * np.abs(sin) ** power
        outer = np.clip(x * side, 0, 1)
        down = self.height / 2 * y + self.lifted * outer * np.clip(y, 0, 1)
        down = down - self.dropped * (0.5 + 0.5 * x * side) * np.clip(-y, 0, 1)
        across = self.width / 2 * x * (1 - self.narrower * (0.5 - 0.5 * y))
        return np.stack([across, down], axis=1)


SHAPES = {
    "round": Shape(4.6, 4.5, 2.0),
    "panto": Shape(4.9, 4.4, 2.2, narrower=0.12),
    "oval": Shape(5.0, 3.4, 2.1),
    "rectangle": Shape(5.4, 3.3, 4.5),
    "square": Shape(5.3, 4.5, 4.0, narrower=0.08),
    "trapeze": Shape(5.4, 4.3, 3.4, narrower=0.16, lifted=0.15),
    "cat": Shape(5.4, 4.1, 2.6, narrower=0.12, lifted=0.75),
    "aviator": Shape(5.7, 4.6, 2.5, narrower=0.2, dropped=0.5),
    "large": Shape(6.1, 5.4, 2.6, narrower=0.06, dropped=0.2),
    "narrow": Shape(5.2, 2.6, 3.0),
}
SUNNY = ("round", "panto", "square", "trapeze", "cat", "aviator", "large", "rectangle", "narrow")


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame: how thick its rims are, cm, across and from front to back; how much it shines."""

    across: float
    along: float
    gloss: float
    texture: Floats


def glasses(
    frame: HeadFrame, rng: Rng, *, dark: bool, colour: Floats | None = None
) -> list[Surface]:
    """Glasses on a face, or sunglasses, drawn by chance."""
    shape = SHAPES[str(rng.choice(list(SUNNY if dark else SHAPES)))]
    material = _frame(rng, colour)
    size = 0.97 * frame.width * float(rng.uniform(0.94, 1.06))
    lenses = [_lens_place(frame, shape, side, size) for side in (-1, 1)]
    rims = [_rim(lens, material) for lens in lenses]
    solid = [rim for rim in rims if material.across > 0]
    solid.append(_bridge(lenses, material))
    solid += [
        _temple(frame, lens, side, material) for lens, side in zip(lenses, (-1, 1), strict=True)
    ]
    glass = _glass(rng, dark)
    panes = [_pane(lens, glass) for lens in lenses]
    contact = np.concatenate([rim.vertices for rim in rims])
    push = frame.pushed_out(contact, np.array([0, 0, 1], np.float32), _CLEAR_OF_SKIN)
    push = np.maximum(push, 0)
    return [each.moved(np.eye(3, dtype=np.float32), push) for each in (*solid, *panes)]


def _lens_place(frame: HeadFrame, shape: Shape, side: int, size: float) -> Floats:
    """The outline of a lens before its eye, ``(48, 3)``: tilted, and wrapped about the face."""
    eyes = frame.points[list(_EYES[(side + 1) // 2])].mean(axis=0)
    nose = frame.points[_BRIDGE[0], 2]
    flat = shape.outline(side) * size
    gap = 0.5 * size * shape.width + 0.85  # half of the nose's width and of the lens
    middle = side * max(gap, abs(eyes[0]) * 0.98), eyes[1] - 0.1
    x, y = flat[:, 0] + middle[0], flat[:, 1] + middle[1]
    front = max(eyes[2] + _CLEAR_OF_EYES, nose - 0.3)
    wrap = 0.02 * np.maximum(np.abs(x) - 1.2, 0) ** 2
    z = front - wrap + np.tan(_TILT) * (y - eyes[1])
    return np.stack([x, y, z], axis=1)


def _rim(outline: Floats, material: Frame) -> Surface:
    grid = tube(outline, (material.across, material.along), closed=True)
    return of_grid(grid, material.texture, "glasses", closed=True, gloss=material.gloss)


def _bridge(lenses: list[Floats], material: Frame) -> Surface:
    """From rim to rim over the nose."""
    right, left = lenses
    starts = right[_inner(right, -1)], left[_inner(left, 1)]
    share = np.linspace(0, 1, 9)[:, None]
    path = starts[0] + share * (starts[1] - starts[0])
    path[:, 1] += 0.35 * np.sin(np.pi * share[:, 0])
    path[:, 2] = np.maximum(path[:, 2] + 0.25 * np.sin(np.pi * share[:, 0]), path[:, 2])
    wide = max(material.across, 0.09) * 1.15
    grid = tube(path, (wide, max(material.along, 0.09)))
    return of_grid(grid, material.texture, "glasses", closed=True, gloss=material.gloss)


def _inner(outline: Floats, side: int) -> int:
    """The rim's point toward the nose, a little above its middle."""
    away = np.hypot(
        outline[:, 0] * side - (outline[:, 0] * side).min(),
        0.4 * (outline[:, 1] - outline[:, 1].mean() - 0.7),
    )
    return int(away.argmin())


def _temple(frame: HeadFrame, outline: Floats, side: int, material: Frame) -> Surface:
    """From the rim's outer upper part beside the head to the ear, and down behind it."""
    height = outline[:, 1].max() - outline[:, 1].min()
    score = outline[:, 0] * side + 0.25 * outline[:, 1] * (
        outline[:, 1] < outline[:, 1].max() - 0.15 * height
    )
    hinge = outline[int(score.argmax())]
    beside = frame.points[_EARS[(side + 1) // 2]]
    wide = max(abs(beside[0]) + 0.25, abs(hinge[0]) + 0.3)
    path = np.array(
        [
            hinge,
            [side * (abs(hinge[0]) + 0.35), hinge[1] + 0.02, hinge[2] - 0.12],
            [side * wide * 0.985, hinge[1] + 0.05, hinge[2] - 1.6],
            [side * wide, hinge[1], 0.5 * (hinge[2] + beside[2]) - 0.6],
            [side * (wide + 0.1), hinge[1] - 0.15, beside[2] - 1.2],
            [side * (wide + 0.1), hinge[1] - 0.5, beside[2] - 2.6],
            [side * (wide - 0.1), hinge[1] - 2.2, beside[2] - 4.0],
        ]
    )
    fine = _smoothed(path, 22)
    thick = max(material.across, 0.09)
    grid = tube(fine, (0.75 * thick, max(1.2 * thick, 0.16)))
    return of_grid(grid, material.texture, "glasses", closed=True, gloss=material.gloss)


def _smoothed(path: Floats, count: int) -> Floats:
    """A path through points, its corners rounded (Chaikin, 1974)."""
    for _ in range(2):
        cut = np.stack(
            [0.75 * path[:-1] + 0.25 * path[1:], 0.25 * path[:-1] + 0.75 * path[1:]], axis=1
        )
        path = np.concatenate([path[:1], cut.reshape(-1, 3), path[-1:]])
    at = np.linspace(0, len(path) - 1, count)
    return np.stack([np.interp(at, np.arange(len(path)), axis) for axis in path.T], axis=1)


def _pane(outline: Floats, glass: Floats) -> Surface:
    """A lens, bulging forward, from its middle to the rim; its texture goes from above downward."""
    middle = outline.mean(axis=0)
    share = np.array([0.001, 0.2, 0.4, 0.6, 0.75, 0.9, 1.0])[:, None, None]
    grid = middle + share * (outline - middle)
    grid[..., 2] += 0.28 * (1 - share[..., 0] ** 2)
    pane = of_grid(grid, glass, "glasses", closed=True, gloss=0.3, thin=True)
    low, high = outline.min(axis=0), outline.max(axis=0)
    places = (pane.vertices - low) / np.maximum(high - low, 1e-6)
    uv = np.stack([places[:, 0], 1 - places[:, 1]], axis=1)
    return replace(pane, uv=uv.astype(np.float32), lens=True)


def _frame(rng: Rng, colour: Floats | None) -> Frame:
    """A frame of acetate, metal or wire."""
    kind = rng.random()
    if kind < 0.5:
        dark = rng.random() < 0.6
        tone = rng.uniform(0.02, 0.12, 3) if dark else rng.uniform(0.1, 0.8, 3)
        tone = tone if colour is None else colour
        spots = uneven(rng, (48, 48), 0.9 * (rng.random() < 0.4), (6, 12))
        thick = float(rng.uniform(0.14, 0.28))
        return Frame(thick, float(rng.uniform(0.14, 0.2)), 0.35, opaque(tone * spots))
    metals = ([0.1, 0.1, 0.11], [0.62, 0.6, 0.58], [0.72, 0.58, 0.32], [0.55, 0.4, 0.35])
    tone = np.array(metals[int(rng.integers(len(metals)))]) if colour is None else colour
    thick = float(rng.uniform(0.05, 0.1))
    return Frame(thick, thick, 0.8, plain(tone))


def _glass(rng: Rng, dark: bool) -> Floats:
    """The texture of a lens: clear, or dark, some lighter below, some mirrored."""
    if not dark:
        return plain(np.array([0.85, 0.9, 0.92]), float(rng.uniform(0.03, 0.1)))
    down = np.linspace(0, 1, 32, dtype=np.float32)[:, None]
    tints: list[Callable[[], Floats]] = [
        lambda: np.array([0.03, 0.03, 0.035]),
        lambda: np.array([0.10, 0.06, 0.03]),
        lambda: np.array([0.04, 0.07, 0.04]),
        lambda: rng.uniform(0.05, 0.6, 3),
    ]
    tint = tints[int(rng.choice(4, p=[0.45, 0.2, 0.15, 0.2]))]()
    least = 0.97 - 0.35 * (rng.random() < 0.3) * down[..., 0]
    strength = float(rng.uniform(0.72, 1.0))
    if rng.random() < 0.2:  # mirrored: a sky above, the ground below
        sky, ground = rng.uniform(0.3, 0.9, 3), rng.uniform(0.05, 0.3, 3)
        tint, strength = sky + down * (ground - sky), 1.0
    colour = np.broadcast_to(tint, (32, 3)) if tint.ndim == 1 else tint
    alpha = (
        np.broadcast_to(least * strength, (32, 1))
        if least.ndim > 1
        else (least * strength)[:, None]
    )
    return np.concatenate([colour, alpha], axis=1).astype(np.float32)[:, None]
