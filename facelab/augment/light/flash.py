"""``flash``: a bright lamp at the camera in the dark."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.augment.distributions import Rng
from facelab.augment.light.lamp import direction, exposed, facing, warmth
from facelab.augment.light.lighting import Lighting
from facelab.augment.light.surface import Surface
from facelab.numerics.arrays import Float

_FADING = 0.08  # sizes of the face over which hot spots fade toward hair


def flash(surface: Surface, rng: Rng) -> Lighting:
    """Draw a flash: flat light that falls off with depth, hot spots, and a shadow on the wall."""
    toward = direction(rng.uniform(-12, 12), rng.uniform(-5, 20))
    distance = rng.uniform(2, 5) * surface.size
    near = surface.depth[surface.known > 0].max() if surface.known.any() else 0
    falloff = (1 + np.maximum(near - surface.depth, 0) / np.float32(distance)) ** np.float32(-2)
    light = facing(surface, toward) ** np.float32(rng.uniform(0.6, 1.2)) * falloff
    gain = exposed(
        surface, light[..., None] * warmth(rng.uniform(-0.4, 0.1)), rng.uniform(0.9, 2.2)
    )
    rest = np.float32(rng.uniform(0.02, 0.3)) * warmth(rng.uniform(0, 1))
    wall = np.float32(rng.uniform(0, 0.5)) * (1 - _shadow_on_wall(surface, rng))
    spots = _hot_spots(surface, toward, rng)
    return Lighting(gain, rest + wall[..., None], spots, np.zeros((1, 1, 3), np.float32))


def _hot_spots(surface: Surface, toward: Float, rng: Rng) -> Float:
    """Mirror images of the lamp in skin, ``(h, w, 3)`` (Blinn 1977)."""
    half = toward + np.array([0, 0, 1], np.float32)
    shine = facing(surface, half / np.sqrt((half * half).sum())) ** np.float32(rng.uniform(15, 60))
    inside = cv2.GaussianBlur(surface.known, (0, 0), _FADING * surface.size)
    shine = shine * np.maximum(2 * inside - 1, 0) * np.float32(rng.uniform(0, 0.5))
    return np.asarray(cv2.merge([shine] * 3), np.float32)


def _shadow_on_wall(surface: Surface, rng: Rng) -> Float:
    """The person's shadow beside the person, ``(h, w)``."""
    person = surface.silhouette
    right, down = rng.uniform(-0.25, 0.25) * surface.size, rng.uniform(0, 0.2) * surface.size
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    moved = cv2.warpAffine(person, matrix, person.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(moved, (0, 0), rng.uniform(0.01, 0.05) * surface.size + 0.3)
    return np.asarray(soft, np.float32)
