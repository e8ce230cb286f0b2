"""``shade``: a shadow with an edge across the photograph: half-dark faces, bars, leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.augment.scene import Photometric, Seen
from facelab.edits.cielab import rgb_of
from facelab.edits.parameters import colour, number, whole
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep


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
    seed: int = whole(0, 0, 2**32 - 1, "of the waves")

    def apply(self, image: Float, seen: Seen) -> Float:
        """The picture with the shadow, which falls on everything alike."""
        share = self._share(image.shape[:2], seen)[..., None] * np.float32(self.dark)
        linear = image ** np.float32(2.2)
        low = linear * rgb_of(self.tint) * np.float32(0.5)
        shaded = (linear * (1 - share) + share * low) ** np.float32(1 / 2.2)
        return np.asarray(np.clip(shaded, 0, 1), np.float32)

    def _share(self, shape: tuple[int, int], seen: Seen) -> Float:
        """1 in the shadow, 0 in the light, ``(H, W)``."""
        (height, width), box = shape, seen.box
        y, x = np.mgrid[:height, :width].astype(np.float32)
        angle = np.deg2rad(self.angle)
        away = (x - box.centre[0]) * np.cos(angle) - (y - box.centre[1]) * np.sin(angle)
        coarse = np.random.default_rng(self.seed).uniform(-1, 1, (6, 6)).astype(np.float32)
        waves = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        distance = away / np.float32(box.size) - np.float32(self.place) + self.waves * waves
        soft = max(self.soft, 1.5 / box.size)
        share = smoothstep(distance / np.float32(soft) + np.float32(0.5))
        return np.asarray(share, np.float32)
