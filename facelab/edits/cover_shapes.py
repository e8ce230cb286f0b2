"""Outlines of masks, glasses and patches by the atlas's landmarks, texels of the position map."""

from __future__ import annotations

import numpy as np

from facelab.atlas import Atlas
from facelab.atlas.layout import fill
from facelab.numerics.arrays import Float

_RIGHT_EYE, _LEFT_EYE = slice(36, 42), slice(42, 48)
_JAW = range(2, 15)
_ACROSS = 0.39  # half the width of a lens, in distances of the eyes
_BEYOND = np.float32(1.15)  # how far cloth goes on under the jaw


def mask(atlas: Atlas, size: int, height: float) -> Float:
    """From the bridge of the nose over the cheeks to below the chin, ``(size, size)``.

    `height` is how far up the nose it reaches, [0, 1].
    """
    marks = atlas.landmarks68
    top = marks[27] + (0.15 + 0.7 * (1 - height)) * (marks[30] - marks[27])
    cheeks = [0.55 * marks[jaw] + 0.45 * marks[eye] for jaw, eye in ((14, 45), (2, 36))]
    centre = marks[27:36].mean(axis=0)
    below = centre + _BEYOND * (marks[_JAW] - centre)
    outline = np.array([*below, cheeks[0], top, cheeks[1]], np.float32)
    return fill([_rounded(outline)], atlas.size, size)


def corners(atlas: Atlas) -> Float:
    """Where a mask's loops begin, ``(2, 2, 2)``: the right side first, the upper one first."""
    marks = atlas.landmarks68
    upper = [0.7 * marks[jaw] + 0.3 * marks[eye] for jaw, eye in ((2, 36), (14, 45))]
    lower = [0.9 * marks[jaw] + 0.1 * marks[33] for jaw in (4, 12)]
    return np.array([list(pair) for pair in zip(upper, lower, strict=True)], np.float32)


def glasses(atlas: Atlas, size: int, shape: str = "rectangle", *, dark: bool = False) -> Float:
    """The frame and the temples as far as the face reaches, ``(size, size)``; dark lenses, too."""
    right, left, gap = _eyes(atlas)
    thick, across = thickness(atlas), LENSES[shape][0] * gap
    middles = [(eye + _point(0, 0.04 * gap), side) for eye, side in ((right, -1), (left, 1))]
    outer, inner = (
        [middle + lens(shape, gap, less) * _point(side, -1) for middle, side in middles]
        for less in (0.0, thick)
    )
    bridge = _point(across - thick / 2, -0.06 * gap), _point(thick / 2 - across, -0.06 * gap)
    bars = [_bar(right + bridge[0], left + bridge[1], thick)]
    bars += [_bar(start, end, thick) for start, end in _temples(atlas)]
    rims = fill(outer, atlas.size, size)
    if not dark:
        rims = rims - fill(inner, atlas.size, size)
    drawn: Float = np.clip(np.maximum(rims, fill(bars, atlas.size, size)), 0, 1)
    return drawn


def temples(atlas: Atlas) -> Float:
    """Points along the temples from the rims to the face's end, ``(2, 16, 2)``; right first."""
    oval, lines = atlas.region("oval", atlas.size)[..., None], []
    for start, end in _temples(atlas):
        fine = _between(start, end, 65)
        last = int(np.flatnonzero(atlas.read(oval, fine)[:, 0] > 0.99)[-1])
        lines.append(_between(start, fine[last], 16))
    return np.stack(lines)


def _temples(atlas: Atlas) -> tuple[tuple[Float, Float], tuple[Float, Float]]:
    """Where the temples start and end, beyond the face; the right one first."""
    right, left, gap = _eyes(atlas)
    across = _ACROSS * gap
    return (
        (right - _point(across, 0.08 * gap), right - _point(gap, 0.1 * gap)),
        (left + _point(across, -0.08 * gap), left + _point(gap, -0.1 * gap)),
    )


def thickness(atlas: Atlas) -> float:
    """Of the frame of glasses, texels."""
    return 0.045 * _eyes(atlas)[2]


# By shape of glasses: half the width and height of a lens in distances of the eyes, the power of
# its superellipse, how far its outer upper corner is lifted, and its inner lower one cut.
LENSES = {
    "rectangle": (0.39, 0.26, 4.0, 0.0, 0.0),
    "round": (0.34, 0.33, 2.1, 0.0, 0.0),
    "aviator": (0.41, 0.36, 2.4, 0.0, 0.35),
    "cat-eye": (0.39, 0.28, 2.8, 0.3, 0.1),
}


def lens(shape: str, gap: float, less: float = 0.0) -> Float:
    """The outline of a left lens about its middle, ``(64, 2)``: outward and up, from outside down.

    Parameters
    ----------
    shape : str
        A key of `LENSES`.
    gap : float
        The distance of the eyes.
    less : float
        By which it is smaller on every side.
    """
    across, up, power, lift, cut = LENSES[shape]
    ring = _ring(_point(0, 0), 1.0, 1.0, power).astype(np.float64)
    x, y = ring[:, 0], -ring[:, 1]  # clockwise as seen
    y = y + lift * np.maximum(x, 0) ** 2 * (y > 0)
    x = x + cut * np.clip(-y, 0, 1) * np.maximum(-x, 0)
    sides = np.array([across * gap - less, up * gap - less])
    return np.asarray(np.column_stack([x, y]) * sides, np.float32)


def patch(atlas: Atlas, size: int) -> Float:
    """A patch over the person's right eye, with its band, ``(size, size)``."""
    right, left, gap = _eyes(atlas)
    cloth = _ring(right + _point(0, 0.05 * gap), 0.4 * gap, 0.36 * gap, 2.2)
    slope = _point(1.2 * gap, -0.62 * gap)
    bands = [_bar(right, end, 0.05 * gap) for end in (left + slope, right - slope)]
    return np.maximum(fill([cloth], atlas.size, size), fill(bands, atlas.size, size))


def _eyes(atlas: Atlas) -> tuple[Float, Float, float]:
    """The centres of the eyes, and the distance between them."""
    right, left = (atlas.landmarks68[eye].mean(axis=0) for eye in (_RIGHT_EYE, _LEFT_EYE))
    return right, left, float(np.linalg.norm(left - right))


def _between(start: Float, end: Float, count: int) -> Float:
    """Points of a line, ``(count, 2)``."""
    return start + np.linspace(0, 1, count, dtype=np.float32)[:, None] * (end - start)


def _point(u: float, v: float) -> Float:
    return np.array([u, v], np.float32)


def _rounded(polygon: Float) -> Float:
    """A closed polygon with its corners cut by Chaikin's algorithm (1974), twice."""
    for _ in range(2):
        after = np.roll(polygon, -1, axis=0)
        cut = np.stack([0.75 * polygon + 0.25 * after, 0.25 * polygon + 0.75 * after], axis=1)
        polygon = cut.reshape(-1, 2).astype(np.float32)
    return polygon


def _ring(centre: Float, across: float, up: float, power: float = 2.8) -> Float:
    """A superellipse with these half axes around a centre, ``(64, 2)``."""
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    shape = np.sign(circle) * np.abs(circle) ** (2 / power) * [across, up]
    return np.asarray(centre + shape, np.float32)


def _bar(start: Float, end: Float, thick: float) -> Float:
    """A straight bar as a polygon of four corners, ``(4, 2)``."""
    along = end - start
    across = _point(-along[1], along[0]) * np.float32(thick / 2 / np.linalg.norm(along))
    return np.array([start + across, end + across, end - across, start - across], np.float32)
