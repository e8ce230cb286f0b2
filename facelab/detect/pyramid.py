"""A photograph at several sizes, each half the one before, for looks from afar and close-ups."""

from __future__ import annotations

from dataclasses import replace
from math import floor, log2

import cv2
import numpy as np

from facelab.geometry.crop import cut
from facelab.numerics.arrays import Float, Frame
from facelab.types import Crop

COARSEST = 192  # px; the image's longer side in the first look


class Pyramid:
    """An image and its halvings, down to the size of the coarsest look.

    Reducing by halves is what OpenCV does fastest: what a look or a close-up takes then hangs on
    its own size, whatever the image's. The halvings take a third of the image's memory. Those of
    integers are rounded, each by half a grey level at most.

    Burt and Adelson, "The Laplacian Pyramid as a Compact Image Code", IEEE Transactions on
    Communications 31(4), 1983, with the mean of 2 x 2 pixels in place of a Gaussian.

    Parameters
    ----------
    image : (H, W, 3) float32, uint8 or uint16

    Attributes
    ----------
    side : int
        The image's longer side, pixels.
    coarsest : float
        The scale in which that is `COARSEST` pixels long.
    """

    def __init__(self, image: Frame) -> None:
        self.image, self.side = image, max(image.shape[:2])
        self.coarsest = COARSEST / self.side
        self._levels = [image]
        while max(image.shape[:2]) >= 2 * COARSEST and min(image.shape[:2]) > 1:
            image = halved(image)
            self._levels.append(image)

    def at(self, scale: float) -> tuple[Frame, tuple[float, float]]:
        """The whole image scaled, by area where that shrinks it; slivers keep a few pixels.

        Returns
        -------
        view : (h, w, 3) of the image's dtype
        factors : tuple of float
            How many pixels of the image one of the view is wide and high.
        """
        width, height = (max(4, round(side * scale)) for side in self.image.shape[1::-1])
        level = self._level(1 / scale)
        image = self._levels[level]
        view = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        factors = image.shape[1] / width * 2**level, image.shape[0] / height * 2**level
        return np.asarray(view, image.dtype), factors

    def cut(self, crop: Crop) -> Float:
        """Cut the view `crop` out of the image, as `facelab.geometry.crop.cut`, sooner."""
        level = self._level(crop.side / crop.size)
        # Pixel x of the image is (x - (2**level - 1) / 2) / 2**level of the level.
        x, y = ((place + 0.5) / 2**level - 0.5 for place in crop.centre)
        return cut(self._levels[level], replace(crop, centre=(x, y), side=crop.side / 2**level))

    def _level(self, shrink: float) -> int:
        """The smallest level that is as fine as the image shrunk so many times."""
        return min(max(floor(log2(shrink)), 0), len(self._levels) - 1)


def halved(image: Frame) -> Frame:
    """Half an image's width and height; an odd last column or row is left out."""
    height, width = (side // 2 for side in image.shape[:2])
    even = image[: 2 * height, : 2 * width]
    small = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, image.dtype)
