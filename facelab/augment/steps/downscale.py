"""``downscale``: loss of resolution, as of a face far away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2

from facelab.augment.scene import Augmentation, Scene
from facelab.edits.parameters import number


@dataclass(frozen=True, kw_only=True)
class Downscale(Augmentation):
    """The photograph made smaller and enlarged again: a face far away."""

    name: ClassVar[str] = "downscale"
    times: float = number(2.0, 1.0, 32.0, "how many times fewer pixels along each side")

    def __call__(self, scene: Scene) -> Scene:
        """The scene reduced by area and enlarged again, linearly."""
        height, width = scene.image.shape[:2]
        small = max(round(width / self.times), 1), max(round(height / self.times), 1)
        if small == (width, height):
            return scene
        reduced = cv2.resize(scene.image, small, interpolation=cv2.INTER_AREA)
        image = cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR)
        return scene.with_image(image)
