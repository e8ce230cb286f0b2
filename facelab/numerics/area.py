"""Reducing a photograph by area."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Float, Frame
from facelab.numerics.integers import unit

_STRIP = 1 << 17  # pixels of a frame that are floats at a time: they stay in the cache


def by_area(image: Frame, size: tuple[int, int]) -> Float:
    """Scale an image, by area where that shrinks it.

    Parameters
    ----------
    image : (H, W, 3) float32, uint8 or uint16
        Of one of integers a strip at a time becomes floats, and is reduced across.
    size : (width, height)

    Returns
    -------
    (height, width, 3) float32
    """
    height, width = image.shape[:2]
    if image.dtype != np.float32 and size[0] <= width and size[1] <= height:
        rows = max(_STRIP // width, 1)
        strips = (unit(image[top : top + rows]) for top in range(0, height, rows))
        image = np.concatenate([_resized(strip, (size[0], len(strip))) for strip in strips])
    return _resized(unit(image), size)


def _resized(image: Float, size: tuple[int, int]) -> Float:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
