"""``noise``: the grain of a sensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.augment.scene import Photometric, Seen
from facelab.edits.parameters import number, whole
from facelab.numerics.arrays import Float


@dataclass(frozen=True, kw_only=True)
class Noise(Photometric):
    """Gaussian noise: some everywhere, and some that grows with the root of the light."""

    name: ClassVar[str] = "noise"
    read: float = number(0.02, 0.0, 0.5, "deviation where it is dark, of the range")
    shot: float = number(0.0, 0.0, 0.5, "deviation that white has beside it, of the range")
    colour: float = number(0.5, 0.0, 1.0, "0: alike in all channels, 1: each its own")
    seed: int = whole(0, 0, 2**32 - 1, "of the noise")

    def apply(self, image: Float, seen: Seen) -> Float:  # noqa: ARG002  # as every step
        """The picture with noise; the seed came with the keys."""
        rng = np.random.default_rng(self.seed)
        own = rng.standard_normal(image.shape, np.float32)
        shared = rng.standard_normal((*image.shape[:2], 1), np.float32)
        grain = np.float32(self.colour) * own + np.float32(np.sqrt(1 - self.colour**2)) * shared
        light = np.float32(self.shot) ** 2 * image + np.float32(self.read) ** 2
        return np.asarray(np.clip(image + np.sqrt(light) * grain, 0, 1), np.float32)
