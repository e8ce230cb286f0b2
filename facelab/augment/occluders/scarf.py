"""Scarves around the neck, up to the chin or over the mouth."""

from __future__ import annotations

import numpy as np

from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.materials import cloth, knit
from facelab.augment.occluders.surface import Surface, of_grid
from facelab.numerics.algebra import Floats

Rng = np.random.Generator

_OVER_MOUTH = 0.45  # how many hide the mouth
_CHIN, _NOSE = 152, 4  # points of the canonical mesh


def scarf(frame: HeadFrame, rng: Rng, colour: Floats) -> list[Surface]:
    """Two turns of a scarf about the neck, and often an end that hangs down."""
    texture = knit(rng, colour, 50, 24) if rng.random() < 0.5 else cloth(rng, colour, 192)
    chin, nose = frame.points[[_CHIN, _NOSE]]
    over = rng.random() < _OVER_MOUTH
    top = (
        0.5 * (chin[1] + nose[1]) + 1.8 + rng.normal(0, 0.7)
        if over
        else chin[1] + rng.uniform(-1, 1.2)
    )
    front = (max(nose[2] - 1.0, chin[2] + 2.2) if over else chin[2] + 0.6) + 4.4
    upper = _turn(
        frame, rng, top, float(rng.uniform(2.6, 3.4)), front, tilt=float(rng.normal(0, 0.06))
    )
    lower = _turn(frame, rng, top - 4.4, 3.2, front + 0.7, tilt=float(rng.normal(0, 0.08)))
    out = [of_grid(each, texture, "clothes", closed=True, thin=True) for each in (lower, upper)]
    if rng.random() < 0.6:
        out.insert(0, of_grid(_end(rng, top, front), texture, "clothes", thin=True))
    return out


def _turn(
    frame: HeadFrame, rng: Rng, top: float, thick: float, front: float, tilt: float
) -> Floats:
    """The grid of one turn, its folds running along it; closed around its section.

    Rows lead around the neck, columns around the section.
    """
    around = np.linspace(0, 2 * np.pi, 49)[:, None]
    section = np.linspace(0, 2 * np.pi, 29)[None]
    phase = rng.uniform(0, 6, 3)
    folds = sum(
        0.16 * np.sin(k * section + p + m * around) / (1 + 0.3 * i)
        for i, (k, m, p) in enumerate(zip((3, 5, 8), (1, -1, 2), phase, strict=True))
    )
    flat = 1 + folds
    across = 8.7 * frame.width, front / 2 + 3.4
    middle = front - across[1] - 4.4
    out = 1.9 * flat * np.cos(section)
    high = top - thick + thick * flat * np.sin(section)
    x = (across[0] + out) * np.sin(around)
    z = middle + (across[1] + out) * np.cos(around)
    y = high + tilt * x - 0.9 * (1 - np.cos(around))
    return np.stack([x, y, z], axis=-1)


def _end(rng: Rng, top: float, front: float) -> Floats:
    """The end that hangs down in front."""
    down = np.linspace(0, 1, 10)[:, None]
    across = np.linspace(-1, 1, 15)[None]
    side = float(rng.choice([-1, 1])) * float(rng.uniform(1.5, 4.5))
    x = side + 3.2 * across * (0.7 + 0.4 * down)
    y = top - 3 - 24 * down + 0 * across
    z = front - 2.6 - 1.5 * across**2 + 0.5 * np.sin(5 * across + 2) - 1.0 * down
    return np.stack([x, y, z], axis=-1)
