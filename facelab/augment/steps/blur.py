"""``blur``: defocus or motion blur of the photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.augment.scene import Photometric, Seen
from facelab.edits.parameters import number
from facelab.numerics.arrays import Float


@dataclass(frozen=True, kw_only=True)
class Blur(Photometric):
    """A Gaussian blur, a motion blur, or both."""

    name: ClassVar[str] = "blur"
    sigma: float = number(1.0, 0.0, 20.0, "of the Gaussian", "px")
    motion: float = number(0.0, 0.0, 60.0, "length of the motion", "px")
    angle: float = number(0.0, -180.0, 180.0, "of the motion, counter-clockwise", "degrees")

    def apply(self, image: Float, seen: Seen) -> Float:  # noqa: ARG002  # as every step
        """The picture blurred."""
        if self.sigma > 0:
            image = cv2.GaussianBlur(image, (0, 0), self.sigma, borderType=cv2.BORDER_REFLECT_101)
        if self.motion > 0:
            kernel = _line(self.motion, self.angle)
            image = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
        return image


def _line(length: float, angle: float) -> Float:
    """A kernel whose weights lie along a line through its middle, and sum to 1."""
    reach = int(np.ceil(length / 2)) + 1
    along = np.linspace(-length / 2, length / 2, 8 * reach + 1)
    x, y = along * np.cos(np.deg2rad(angle)), -along * np.sin(np.deg2rad(angle))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    column, row = np.floor(x).astype(int), np.floor(y).astype(int)
    right, below = x - column, y - row
    for down, right_ in ((0, 0), (0, 1), (1, 0), (1, 1)):  # each point shared among four pixels
        weight = (below if down else 1 - below) * (right if right_ else 1 - right)
        np.add.at(kernel, (row + down + reach, column + right_ + reach), weight)
    return np.asarray(kernel / kernel.sum(), np.float32)
