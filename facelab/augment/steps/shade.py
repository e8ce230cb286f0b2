"""``shade``: a shadow with an edge across the photograph: half-dark faces, bars, leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.augment.light.lighting import Lighting, lit
from facelab.augment.scene import Photometric, Seen
from facelab.edits.cielab import rgb_of
from facelab.edits.parameters import colour, number, whole
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep

_LEFT = np.float32(0.5)  # of the light in its tint


@dataclass(frozen=True, kw_only=True)
class Shade(Photometric):
    """Part of the photograph in shadow; where its edge runs across the face is drawn."""

    name: ClassVar[str] = "shade"
    dark: float = number(0.6, 0.0, 0.95, "how much of the light is missing")
    tint: str = colour("#000000", "of what light there is in the shadow")
    soft: float = number(0.1, 0.0, 1.0, "width of its edge, in sizes of the face")
    angle: float = number(0.0, -180.0, 180.0, "which way it lies: 0 is to the right", "degrees")
    place: float = number(0.0, -1.0, 1.0, "of its edge, from the face's middle, in its sizes")
    waves: float = number(0.15, 0.0, 1.0, "how far the edge is from straight, in sizes of the face")
    relief: float = number(0.0, 0.0, 2.0, "how far the edge bends over nose and cheeks")
    seed: int = whole(0, 0, 2**32 - 1, "of the waves")

    def apply(self, image: Float, seen: Seen) -> Float:
        """The picture with the shadow, which falls on everything alike but for the relief."""
        share = self._share(image.shape[:2], seen)[..., None] * np.float32(self.dark)
        gain = 1 - share * (1 - _LEFT * rgb_of(self.tint))
        return np.clip(lit(image, None, Lighting(gain)), 0, 1)

    def _share(self, shape: tuple[int, int], seen: Seen) -> Float:
        """1 in the shadow, 0 in the light, ``(H, W)``."""
        (height, width), box = shape, seen.box
        x = np.arange(width, dtype=np.float32) - box.centre[0]
        y = np.arange(height, dtype=np.float32)[:, None] - box.centre[1]
        angle = np.deg2rad(self.angle)
        away = x * np.cos(angle) - y * np.sin(angle)
        coarse = np.random.default_rng(self.seed).uniform(-1, 1, (6, 6)).astype(np.float32)
        waves = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        distance = away / np.float32(box.size) - np.float32(self.place) + self.waves * waves
        if self.relief > 0:
            surface = seen.surface
            depth = cv2.resize(surface.depth, (width, height), interpolation=cv2.INTER_LINEAR)
            distance += np.float32(self.relief) * (depth / np.float32(surface.size) - 1)
        soft = max(self.soft, 1.5 / box.size)
        share = smoothstep(distance / np.float32(soft) + np.float32(0.5))
        return np.asarray(share, np.float32)
