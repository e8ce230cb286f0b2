"""Outlines of masks, glasses and patches by the atlas's landmarks, texels of the position map."""

from __future__ import annotations

import numpy as np

from facelab.atlas import Atlas
from facelab.atlas.layout import fill
from facelab.numerics.arrays import Float

_RIGHT_EYE, _LEFT_EYE = slice(36, 42), slice(42, 48)
_JAW = range(2, 15)
_ACROSS = 0.38  # half the width of a lens, in distances of the eyes
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


def glasses(atlas: Atlas, size: int) -> Float:
    """The frame and the temples as far as the face reaches, ``(size, size)``."""
    bars = [_bar(start, end, thickness(atlas)) for start, end in _temples(atlas)]
    return np.maximum(frame(atlas, size), np.clip(fill(bars, atlas.size, size), 0, 1))


def frame(atlas: Atlas, size: int) -> Float:
    """Two rims and a bridge, ``(size, size)``."""
    right, left, gap = _eyes(atlas)
    thick, across, up = thickness(atlas), _ACROSS * gap, 0.30 * gap
    lowered = [eye + _point(0, 0.04 * gap) for eye in (right, left)]
    outer = [_ring(eye, across, up) for eye in lowered]
    inner = [_ring(eye, across - thick, up - thick) for eye in lowered]
    bridge = _point(across - thick / 2, -0.06 * gap), _point(thick / 2 - across, -0.06 * gap)
    bar = _bar(right + bridge[0], left + bridge[1], thick)
    rims = fill(outer, atlas.size, size) - fill(inner, atlas.size, size)
    drawn: Float = np.clip(np.maximum(rims, fill([bar], atlas.size, size)), 0, 1)
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
