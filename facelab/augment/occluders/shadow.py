"""The soft shadow that what is in front of a person casts on them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from facelab.augment.classes import COVERED
from facelab.augment.occluders.light import Light
from facelab.augment.occluders.shading import Placed, Window
from facelab.numerics import raster
from facelab.numerics.arrays import Bool, Float

_DARK = 0.6  # how much of the light it takes away where things touch
_FADING = 4.0  # cm: at this distance it is half as dark
_FARTHEST = 4.0  # cm of the distance that move it and make it soft
_SLANTING = 1.0  # how far at most it moves over the distance
_FLIP = np.array([-1, 1], np.float32)  # away from the light; pixels have y down
_BELOW = 0.6  # cm below the surface: what lies deeper is behind the head and casts none
_SOFT = 0.22  # its blur's sigma over the distance; the lamp is so wide
_LEAST = 0.06  # cm, of that sigma
_CELLS = 3.0  # per cm, in which it is drawn: it is soft


def shadow(
    placed: Sequence[Placed], ground: Float, scale: float, light: Light, window: Window
) -> Float:
    """How much of the light surfaces take from the person behind them.

    Each vertex is moved along the light to the depth of the person behind it, and drawn there with
    its distance, which tells how faint and how soft the shadow is.

    Parameters
    ----------
    placed : sequence of Placed
    ground : (h, w) float32
        The depth of the person in the window, -inf where nobody is.
    scale : float
        Pixels per cm.
    light : Light
    window : Window

    Returns
    -------
    (h, w) float32
        [0, 1]; 0 where nobody is.
    """
    there = np.isfinite(ground)
    casting = [each for each in placed if each.surface.opacity > COVERED]
    if not casting or not there.any():
        return np.zeros(ground.shape, np.float32)
    shrink = max(int(scale / _CELLS), 1)
    vertices, before = _on_the_ground(casting, ground, there, scale, light, window)
    starts = np.cumsum([0, *(len(each.vertices) for each in casting[:-1])])
    each_own = [one.surface.triangles + at for one, at in zip(casting, starts, strict=True)]
    triangles = np.concatenate(each_own).astype(np.int32)
    triangles = triangles[before[triangles].all(axis=1)]
    vertices[:, :2] = (vertices[:, :2] + np.float32(0.5)) / np.float32(shrink) - np.float32(0.5)
    small = -(-ground.shape[0] // shrink), -(-ground.shape[1] // shrink)
    seen = raster.rasterize(vertices, np.concatenate([triangles, triangles[:, ::-1]]), small)
    if not seen.covered.any():
        return np.zeros(ground.shape, np.float32)
    away = seen.depth / np.float32(scale)
    dark = np.where(seen.covered, np.float32(_DARK) / (1 + (away / np.float32(_FADING)) ** 2), 0)
    typical = min(float(np.median(away[seen.covered])), _FARTHEST)
    sigma = max(_SOFT * typical, _LEAST) * scale / shrink
    soft = cv2.GaussianBlur(dark.astype(np.float32), (0, 0), max(sigma, 0.5))
    size = small[1] * shrink, small[0] * shrink
    wide = cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR)
    wide = wide[: ground.shape[0], : ground.shape[1]]
    return np.asarray(wide * cv2.blur(there.astype(np.float32), (3, 3)), np.float32)


def _on_the_ground(
    casting: Sequence[Placed],
    ground: Float,
    there: Bool,
    scale: float,
    light: Light,
    window: Window,
) -> tuple[Float, Bool]:
    """Where the light carries vertices to, with their distance; and which are before the head."""
    rows, columns = window
    corner = np.array([columns.start, rows.start, 0], np.float32)
    vertices = np.concatenate([each.vertices for each in casting]) - corner
    column = np.rint(vertices[:, 0]).astype(int).clip(0, ground.shape[1] - 1)
    row = np.rint(vertices[:, 1]).astype(int).clip(0, ground.shape[0] - 1)
    beside = np.float32(np.median(ground[there]))
    gap = vertices[:, 2] - np.where(there, ground, beside)[row, column]
    before = gap > -_BELOW * scale
    toward = light.toward
    slope = toward[:2] / max(float(toward[2]), float(np.hypot(*toward[:2])) / _SLANTING)
    vertices[:, :2] += gap.clip(0, _FARTHEST * scale)[:, None] * slope * _FLIP
    vertices[:, 2] = gap.clip(0)
    return vertices, before
