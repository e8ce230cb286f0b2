"""The light in which people are photographed, drawn: soft, from a side, from above, from behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facelab.heads.light import Light, lobe

Array = NDArray[np.float64]
Rng = np.random.Generator
Range = tuple[float, float]


class Setting(NamedTuple):
    """A kind of light.

    Parameters
    ----------
    aside, up : (low, high)
        Where the key light is, degrees from the camera to either side and up.
    key, fill : (low, high)
        How strong the key light and the light around are.
    spread : (low, high)
        How far the edges of shadows are blurred, cm.
    """

    aside: Range
    up: Range
    key: Range
    fill: Range
    spread: Range


SETTINGS: Mapping[str, Setting] = {
    "soft": Setting((0, 70), (15, 60), (0.3, 0.6), (0.6, 0.95), (1.5, 3.0)),
    "studio": Setting((15, 55), (15, 45), (0.7, 1.15), (0.35, 0.6), (0.8, 2.0)),
    "side": Setting((60, 100), (0, 40), (0.8, 1.4), (0.12, 0.45), (0.5, 1.5)),
    "sun": Setting((0, 90), (30, 75), (0.9, 1.5), (0.3, 0.6), (0.25, 0.6)),
    "flash": Setting((0, 10), (0, 10), (0.7, 1.3), (0.1, 0.4), (0.5, 1.0)),
    "back": Setting((110, 170), (5, 50), (0.5, 1.4), (0.4, 0.75), (0.5, 1.5)),
    "window": Setting((35, 85), (0, 25), (0.6, 1.1), (0.2, 0.5), (2.0, 4.0)),
}


def draw_light(kind: str, rng: Rng) -> Light:
    """Draw a light of a kind of `SETTINGS`, or ``any``, in the camera's frame."""
    setting = SETTINGS[kind if kind != "any" else str(rng.choice(list(SETTINGS)))]
    side = 1 if rng.random() < 0.5 else -1
    toward = _direction(side * rng.uniform(*setting.aside), rng.uniform(*setting.up))
    warm = rng.normal(0, 0.10)
    key = rng.uniform(*setting.key) * _tint(warm, rng)
    fill = rng.uniform(*setting.fill)
    sky = _tint(-0.7 * warm + rng.normal(0, 0.05), rng)
    from_above = _direction(rng.uniform(-180, 180), rng.uniform(30, 90))
    around = lobe(from_above, 0.7 * fill * sky, rng.uniform(0.2, 0.9))
    bounced = _direction(rng.uniform(-180, 180), rng.uniform(-50, 20))
    around = around + lobe(bounced, 0.3 * fill * _tint(rng.normal(0, 0.12), rng), 1.0)
    return Light(around, toward, key, rng.uniform(*setting.spread))


def _direction(aside: float, up: float) -> Array:
    """The unit vector so many degrees right of the line to the camera and above it."""
    (a, b) = np.deg2rad([aside, up])
    return np.array([np.sin(a) * np.cos(b), np.sin(b), np.cos(a) * np.cos(b)])


def _tint(warm: float, rng: Rng) -> Array:
    """A white that is warmer or colder, and never quite the same."""
    return np.exp(np.array([warm, 0.0, -warm]) + rng.normal(0, 0.015, 3))
