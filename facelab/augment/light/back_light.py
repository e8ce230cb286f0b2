"""``back light``: bright behind, dark in front: against a window, against the sun."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.augment.distributions import Rng
from facelab.augment.light.lamp import direction, exposed, facing, warmth
from facelab.augment.light.lighting import Lighting
from facelab.augment.light.surface import Surface
from facelab.numerics.arrays import Float

_GLARE = 0.5  # sizes of the face that light spreads within a lens


def back_light(surface: Surface, rng: Rng) -> Lighting:
    """Draw a bright background, a rim of its light, glare over all, and a dim face."""
    lamp, fill = warmth(rng.uniform(-0.6, 0.8)), warmth(rng.uniform(-0.8, 0.4))
    toward = direction(rng.choice([-1, 1]) * rng.uniform(20, 80), rng.uniform(-20, 50))
    light = np.float32(rng.uniform(0.4, 1.2)) + facing(surface, toward)
    gain = exposed(surface, light[..., None] * fill, rng.uniform(0.1, 0.45))
    person = surface.silhouette
    rim = _blurred(1 - person, rng.uniform(0.015, 0.05) * surface.size) * np.float32(2)
    gain += (rim * np.float32(rng.uniform(0, 1.2)))[..., None] * lamp
    bright = np.float32(rng.uniform(0.05, 1.2)) * _sky(surface, rng)[..., None] * lamp
    behind = np.full((1, 1, 3), rng.uniform(1.0, 4.0), np.float32) * lamp
    glare = _blurred((1 - person)[..., None] * bright, _GLARE * surface.size)
    glare *= np.float32(rng.uniform(0.02, 0.2))
    return Lighting(gain, behind, glare, glare + bright)


def _sky(surface: Surface, rng: Rng) -> Float:
    """How bright what is behind is: uneven, brightest anywhere, ``(h, w)``."""
    cells = rng.uniform(0.3, 1.2, (3, 3)).astype(np.float32)
    height, width = surface.shape
    out = cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.maximum(out, 0), np.float32)


def _blurred(field: Float, sigma: float) -> Float:
    out = cv2.GaussianBlur(field, (0, 0), max(sigma, 0.3), borderType=cv2.BORDER_REFLECT)
    return np.asarray(out, np.float32)
