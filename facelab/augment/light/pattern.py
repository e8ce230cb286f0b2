"""``pattern``: sun through blinds, a window, leaves, or past an edge, and the shadows it casts."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.augment.distributions import Rng
from facelab.augment.light.lamp import direction, exposed, facing, shadowed, warmth
from facelab.augment.light.lighting import Lighting
from facelab.augment.light.surface import Surface
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep

_LEAVES = 64  # cells along the sides of a pattern of leaves, which repeats
_BRIGHTEST = 3.0  # of what is in the sun


def pattern(surface: Surface, rng: Rng) -> Lighting:
    """Draw the sun and what stands before it; the pattern bends over the face as over a relief."""
    azimuth = rng.choice([-1, 1]) * rng.uniform(5, 70)
    toward = direction(azimuth, rng.uniform(5, 55))
    roll, soft = rng.uniform(-25, 25), max(rng.uniform(0.01, 0.12), 1.5 / surface.size)
    kind, seed = _PATTERNS[int(rng.integers(len(_PATTERNS)))], int(rng.integers(2**32))

    def sun(at: Float, facing: Float) -> Float:
        """How much of the sun meets a surface of that depth, ``(h, w, 1)``."""
        places = _projected(surface, at, toward, roll)
        open_ = kind(*places, soft, np.random.default_rng(seed))
        return (facing * open_ * (1 - shadowed(surface, toward, soft, at)))[..., None]

    hardness = np.float32(rng.uniform(0.4, 1.0))
    rest = np.float32(rng.uniform(0.08, 0.5)) * warmth(rng.uniform(-0.8, 0.1))
    colour = warmth(rng.uniform(0, 0.6))
    wall = np.zeros(surface.shape, np.float32)
    light = rest + colour * sun(surface.depth, facing(surface, toward) ** hardness)
    behind = rest + colour * sun(wall, toward[2:] ** hardness)
    level = rng.uniform(0.5, 1.1)
    gain = np.minimum(exposed(surface, light, level), np.float32(_BRIGHTEST))
    return Lighting(gain, behind * np.float32(level * rng.uniform(0.6, 1.4)))


def _projected(surface: Surface, depth: Float, toward: Float, roll: float) -> tuple[Float, Float]:
    """Where rays to the sun meet a plane across them: right and up, sizes of the face."""
    right = np.array([toward[2], 0, -toward[0]]) / np.hypot(toward[0], toward[2])
    up = np.cross(toward, right)
    c, s = np.cos(np.deg2rad(roll)), np.sin(np.deg2rad(roll))
    axes = (c * right + s * up) / surface.size, (c * up - s * right) / surface.size
    height, width = surface.shape
    x = np.arange(width, dtype=np.float32) - np.float32(surface.middle[0])
    y = np.float32(surface.middle[1]) - np.arange(height, dtype=np.float32)[:, None]
    u, v = (x * np.float32(a) + y * np.float32(b) + depth * np.float32(d) for a, b, d in axes)
    return u, v


def _blinds(across: Float, up: Float, soft: float, rng: Rng) -> Float:
    """Light between slats, upright in some."""
    along = across if rng.random() < 0.3 else up
    return _bars(along, rng.uniform(0.12, 0.45), rng.uniform(0.3, 0.7), soft, rng.uniform(0, 1))


def _window(across: Float, up: Float, soft: float, rng: Rng) -> Float:
    """Panes between bars."""
    wide = rng.uniform(0.35, 1.0)
    tall = wide * rng.uniform(0.8, 1.6)
    open_ = rng.uniform(0.75, 0.9)
    columns = _bars(across, wide, open_, soft, rng.uniform(0, 1))
    return columns * _bars(up, tall, open_, soft, rng.uniform(0, 1))


def _edge(across: Float, up: Float, soft: float, rng: Rng) -> Float:
    """Sun on one side of an edge: a wall, the brim of a hat, another head."""
    angle = rng.uniform(0, 2 * np.pi)
    away = across * np.float32(np.cos(angle)) + up * np.float32(np.sin(angle))
    bend = np.float32(rng.uniform(-0.5, 0.5)) * (across * across + up * up)
    away = away + bend - np.float32(rng.uniform(-0.25, 0.25))
    return smoothstep(away / np.float32(soft) + np.float32(0.5))


def _leaves(across: Float, up: Float, soft: float, rng: Rng) -> Float:
    """Patches of sun between leaves."""
    cells = rng.random((_LEAVES, _LEAVES), np.float32)
    cells = cv2.GaussianBlur(cells, (0, 0), rng.uniform(0.8, 1.5), borderType=cv2.BORDER_REFLECT)
    cells = (cells - cells.mean()) / cells.std()
    scale = np.float32(rng.uniform(8, 18))
    u, v = (np.asarray(one * scale + np.float32(_LEAVES / 2), np.float32) for one in (across, up))
    at = cv2.remap(cells, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    width = np.float32(max(8 * soft, 0.2))
    return smoothstep((at - np.float32(rng.uniform(-0.6, 0.6))) / width + np.float32(0.5))


def _bars(along: Float, period: float, open_: float, soft: float, phase: float) -> Float:
    """1 in openings that repeat, 0 between."""
    at = np.abs((along / np.float32(period) + np.float32(phase)) % 1 - np.float32(0.5))
    edge = (np.float32(open_ / 2) - at) * np.float32(period / soft)
    return smoothstep(edge + np.float32(0.5))


_PATTERNS = (_blinds, _window, _edge, _leaves)
