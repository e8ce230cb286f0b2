"""``half dark``: one hard lamp from the side; the other half of the head is nearly dark."""

from __future__ import annotations

import numpy as np

from facelab.augment.distributions import Rng
from facelab.augment.light.lamp import direction, exposed, facing, shadowed, warmth
from facelab.augment.light.lighting import Lighting
from facelab.augment.light.surface import Surface


def half_dark(surface: Surface, rng: Rng) -> Lighting:
    """Draw a lamp at the side, with the shadow of the nose and a terminator."""
    azimuth = rng.choice([-1, 1]) * rng.uniform(45, 115)
    toward = direction(azimuth, rng.uniform(-25, 60))
    rest, hardness = rng.uniform(0.01, 0.2), rng.uniform(0.5, 1.0)
    key = facing(surface, toward) ** np.float32(hardness)
    key *= 1 - shadowed(surface, toward, rng.uniform(0.05, 0.5), surface.depth)
    lamp, ambient = warmth(rng.uniform(-0.5, 1)), warmth(rng.uniform(-1, 0.5))
    light = np.float32(rest) * ambient + key[..., None] * lamp
    gain = exposed(surface, light, rng.uniform(0.35, 1.1))
    behind = np.full((1, 1, 3), rng.uniform(0.05, 1.0), np.float32) * ambient
    return Lighting(gain, behind)
