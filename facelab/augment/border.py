"""Filling what lies beyond the border of a photograph, so that nobody notices it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np

from facelab.geometry.crop import cut, reduced
from facelab.numerics.arrays import Float
from facelab.types import Crop

_SLOPE = 0.35  # how the blur's sigma grows with the distance from the border, px per px
_LEVELS = 3


def extended(image: Float, margin: int) -> Float:
    """An image with `margin` more pixels on each side, which carry its border outward.

    Parameters
    ----------
    image : (H, W, C) float32
    margin : int
        Pixels.

    Returns
    -------
    (H + 2 margin, W + 2 margin, C) float32
        The image itself in the middle. Around it its edge pixels go on, the blurrier the further
        out, so that they leave no streaks.
    """
    if margin == 0:
        return image
    sharp = cv2.copyMakeBorder(image, *(margin,) * 4, cv2.BORDER_REPLICATE)
    height, width = sharp.shape[:2]
    sharp, away = sharp.reshape(height, width, -1), _away(height, width, margin)
    first, *others = (_SLOPE * margin * 2.0 ** (level + 1 - _LEVELS) for level in range(_LEVELS))
    shrink = max(int(first / 2), 1)  # what is as soft as this needs no more pixels
    soft = _soft(_resized(sharp, height // shrink, width // shrink), first / shrink)
    near = _resized(away, *soft.shape[:2])
    for sigma in others:
        soft = soft + _share(near, sigma) * (_soft(soft, sigma / shrink) - soft)
    out = sharp + _share(away, first) * (_resized(soft, height, width) - sharp)
    out[margin:-margin, margin:-margin] = image.reshape(*image.shape[:2], -1)
    return np.asarray(out, np.float32)


def cut_out(image: Float, crop: Crop) -> Float:
    """The view ``(size, size, C)`` of an image that goes on beyond its border as far as it does.

    Parameters
    ----------
    image : (H, W, C) float32
        In [0, 1]; of one channel, the view has none: ``(size, size)``.
    crop : Crop
    """
    image, crop = reduced(image, crop)
    height, width = image.shape[:2]
    (x, y), reach = crop.centre, crop.side * np.sqrt(0.5)
    past = max(reach - x, x + reach - width, reach - y, y + reach - height, 0.0)
    margin = min(int(np.ceil(past)), 4 * max(height, width))
    moved = replace(crop, centre=(x + margin, y + margin))
    return np.clip(cut(extended(image, margin), moved), 0, 1)  # rounding: powers of -1e-9 are NaN


@lru_cache(maxsize=4)
def _away(height: int, width: int, margin: int) -> Float:
    """How far the pixels of an extended image lie outside of its middle, ``(H, W, 1)``."""
    down, right = (
        np.maximum(np.abs(np.arange(side) - (side - 1) / 2) - ((side - 1) / 2 - margin), 0)
        for side in (height, width)
    )
    out = np.asarray(np.sqrt(down[:, None] ** 2 + right**2)[..., None], np.float32)
    out.flags.writeable = False  # all callers share it
    return out


def _share(away: Float, sigma: float) -> Float:
    """How much of a blur shows so far from the border, [0, 1]."""
    return np.asarray(np.clip(_SLOPE / sigma * away - 0.5, 0, 1), np.float32)


def _resized(image: Float, height: int, width: int) -> Float:
    """Resize by area where it becomes smaller, else linearly; ``(H, W, 1)`` keeps its channel."""
    way = cv2.INTER_AREA if height < image.shape[0] else cv2.INTER_LINEAR
    out = cv2.resize(image, (width, height), interpolation=way)
    return np.asarray(out.reshape(height, width, -1), np.float32)


def _soft(image: Float, sigma: float) -> Float:
    """A Gaussian blur, of a reduced image where it is wide."""
    shrink = max(int(sigma / 2), 1)
    height, width = image.shape[:2]
    small = _resized(image, max(height // shrink, 1), max(width // shrink, 1))
    soft = cv2.GaussianBlur(small, (0, 0), max(sigma / shrink, 0.3))
    return _resized(soft.reshape(small.shape), height, width)
