"""``night``: little light, of street lamps, screens and neon signs, and the noise of a sensor."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.augment.distributions import Rng
from facelab.augment.light.lamp import colour, direction, exposed, facing, shadowed, warmth
from facelab.augment.light.lighting import Lighting
from facelab.augment.light.surface import Surface
from facelab.numerics.arrays import Float

_MOST_LAMPS = 2
_GRID = 32  # pixels of a field that is smooth


def night(surface: Surface, rng: Rng) -> Lighting:
    """Draw one or two coloured lamps from the sides, in the dark."""
    light = np.float32(rng.uniform(0.02, 0.15)) * warmth(rng.uniform(-1, 0.3))
    side = rng.choice([-1, 1])
    for _ in range(int(rng.integers(1, _MOST_LAMPS, endpoint=True))):
        light = light + _lamp(surface, side, rng)
        side = -side
    gain = exposed(surface, light, rng.uniform(0.12, 0.6))
    around = colour(rng, rng.uniform(0.2, 0.8)) * np.float32(rng.uniform(0.02, 0.35))
    return Lighting(gain, around * _lights_behind(rng), grain=rng.uniform(0.01, 0.06))


def _lights_behind(rng: Rng) -> Float:
    """Light of what is behind: here bright, there dark, ``(g, g, 1)``."""
    stops = rng.uniform(-2.5, 2, (5, 5)).astype(np.float32)
    smooth = cv2.resize(stops, (_GRID, _GRID), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.exp2(smooth)[..., None], np.float32)


def _lamp(surface: Surface, side: float, rng: Rng) -> Float:
    """Light of one lamp, sodium or of any colour, ``(h, w, 3)``."""
    toward = direction(side * rng.uniform(10, 100), rng.uniform(-30, 60))
    sodium = rng.random() < 0.4
    hue = warmth(rng.uniform(0.6, 1.4)) if sodium else colour(rng, rng.uniform(0.3, 0.85))
    light = facing(surface, toward) * (
        1 - shadowed(surface, toward, rng.uniform(0.2, 1.0), surface.depth)
    )
    return light[..., None] * hue * np.float32(rng.uniform(0.4, 1.0))
