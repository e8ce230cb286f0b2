"""Cutting a levelled square view out of a photograph."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from facelab.numerics.arrays import Float, Frame
from facelab.numerics.integers import unit
from facelab.types import Crop

_FARTHEST = 0.75  # of a crop's side: from its middle to its corners, and some more


def cut(image: Frame, crop: Crop) -> Float:
    """Cut the view `crop` out of an image ``(H, W, 3)``: ``(size, size, 3)`` float32.

    Of a frame of integers only what the crop can touch becomes floats.
    Where the photograph is finer than the crop it is reduced by area first, so that nothing
    aliases; beyond the image's border its edge pixels are repeated.
    """
    image, crop = reduced(image, crop)
    out: Float = cv2.warpAffine(
        image,
        crop.matrix,
        (crop.size, crop.size),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return out


def reduced(image: Frame, crop: Crop) -> tuple[Float, Crop]:
    """Reduce an image ``(H, W, C)`` to less than twice as fine as a crop, and the crop with it.

    Reduced by area, and only what the crop can touch; the image itself where it is not finer.
    """
    shrink = int(crop.side // crop.size)
    if shrink <= 1 and image.dtype == np.float32:
        return image, crop
    image, origin = _around(image, crop)
    if shrink <= 1:
        x, y = np.array(crop.centre) - origin
        return unit(image), replace(crop, centre=(x, y))
    below, right = (-side % shrink for side in image.shape[:2])
    if below or right:
        image = np.asarray(
            cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE), image.dtype
        )
    size = image.shape[1] // shrink, image.shape[0] // shrink
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], -1)
    # Source pixel x = shrink * small + (shrink - 1) / 2 + origin.
    x, y = (np.array(crop.centre) - origin - (shrink - 1) / 2) / shrink
    return unit(np.asarray(small, image.dtype)), replace(
        crop, centre=(x, y), side=crop.side / shrink
    )


def _around(image: Frame, crop: Crop) -> tuple[Frame, tuple[int, int]]:
    """The part of the image that the crop touches and its top-left pixel (x, y).

    Where the image goes on it is whole blocks of the pixels that are reduced to one.
    """
    shrink, roll = max(int(crop.side // crop.size), 1), np.deg2rad(crop.roll)
    reach = crop.side / 2 * (abs(np.cos(roll)) + abs(np.sin(roll))) + 2 * shrink
    (x0, x1), (y0, y1) = (
        _span(at, side, crop.side * _FARTHEST + 2 * shrink, reach, shrink)
        for at, side in zip(crop.centre, image.shape[1::-1], strict=True)
    )
    return image[y0:y1, x0:x1], (x0, y0)


def _span(at: float, side: int, farthest: float, reach: float, block: int) -> tuple[int, int]:
    """Where along a side of an image begins and ends what is read of it, `reach` around a place.

    Blocks are counted from what is read of a crop of any roll, so that they do not jump when a
    face is levelled.
    """
    least = 2 * block
    first = int(np.clip(at - farthest, 0, max(side - least, 0)))
    first += max(int(at - reach) - first, 0) // block * block
    first = min(first, max(side - least, 0))
    last = int(np.clip(at + reach, first + least, side))
    return first, last + (first - last) % block
