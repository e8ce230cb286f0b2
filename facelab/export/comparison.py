"""Before, after, what changed and the texture, side by side in one picture."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import Box

_AROUND = 0.4  # of the box's size: how much of the photograph is shown around the faces
_GAIN = 3  # of the difference, about mid grey
_SMALLEST, _LARGEST = 256, 1024  # height of the picture, pixels


def comparison(before: Float, after: Float, box: Box, texture: Float) -> Float:
    """The photograph around a box before and after, the difference, and a texture.

    Parameters
    ----------
    before, after : (H, W, 3) float32
        RGB in [0, 1].
    box : Box
        Source-image pixels; where it lies outside the photograph it is cut off.
    texture : (S, S, 3) float32
        RGB in [0, 1].

    Returns
    -------
    (h, w, 3) float32
        Four panels of one height, 256 to 1024 pixels. The difference is three times as strong as
        it is, about mid grey.
    """
    window = _window(box, before.shape[:2])
    height = int(np.clip(window[0].stop - window[0].start, _SMALLEST, _LARGEST))
    was, now = _scaled(before[window], height), _scaled(after[window], height)
    difference = np.clip(0.5 + np.float32(_GAIN) * (now - was), 0, 1)
    return np.hstack([was, now, difference, resized(texture, height)])


def _window(box: Box, shape: tuple[int, int]) -> tuple[slice, slice]:
    spans = []
    for low, high, side in ((box.y0, box.y1, shape[0]), (box.x0, box.x1, shape[1])):
        first = int(np.clip(low - _AROUND * box.size, 0, side - 1))
        spans.append(slice(first, max(int(min(high + _AROUND * box.size, side)), first + 1)))
    return spans[0], spans[1]


def _scaled(image: Float, height: int) -> Float:
    width = max(round(image.shape[1] * height / image.shape[0]), 1)
    method = cv2.INTER_AREA if height < len(image) else cv2.INTER_CUBIC
    out: Float = cv2.resize(image, (width, height), interpolation=method)
    return np.clip(out, 0, 1)
