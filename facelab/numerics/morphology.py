"""What OpenCV's morphology grows and shrinks by."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def disk(radius: int) -> NDArray[np.uint8]:
    """A disk of ones, ``(2 radius + 1, 2 radius + 1)``."""
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
