"""``downscale``: loss of resolution, as of a face far away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2

from facelab.augment.scene import Photometric, Seen
from facelab.edits.parameters import number
from facelab.numerics.arrays import Float


@dataclass(frozen=True, kw_only=True)
class Downscale(Photometric):
    """The photograph made smaller and enlarged again: a face far away."""

    name: ClassVar[str] = "downscale"
    times: float = number(2.0, 1.0, 32.0, "how many times fewer pixels along each side")

    def apply(self, image: Float, seen: Seen) -> Float:  # noqa: ARG002  # as every step
        """The picture reduced by area and enlarged again, linearly."""
        height, width = image.shape[:2]
        small = max(round(width / self.times), 1), max(round(height / self.times), 1)
        if small == (width, height):
            return image
        reduced = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        out: Float = cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR)
        return out
