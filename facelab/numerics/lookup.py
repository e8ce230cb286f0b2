"""Reading images at any number of places."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Float

_ROW = 4096  # places side by side: OpenCV takes no more than 32767 in a row or a column


def bilinear(values: Float, x: Float, y: Float) -> Float:
    """Read an image between its pixels; beyond it its border goes on.

    Parameters
    ----------
    values : (H, W, C) float32, C at most 4
    x, y : (n,) floating
        Pixels, centres at integers.

    Returns
    -------
    (n, C) float32
    """
    rows = max(-(-len(x) // _ROW), 1)
    places = np.zeros((2, rows * _ROW), np.float32)
    places[:, : len(x)] = x, y
    across, down = places.reshape(2, rows, _ROW)
    read = cv2.remap(values, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    out: Float = np.asarray(read, np.float32).reshape(rows * _ROW, -1)[: len(x)]
    return out


def shrunk(values: Float, times: float) -> Float:
    """Return an image whose pixels are about `times` as wide, each the mean of those it replaces.

    By powers of two, rounded; never larger than it was.
    """
    level = max(round(float(np.log2(max(times, 1e-6)))), 0)
    height, width = values.shape[:2]
    size = max(width >> level, 1), max(height >> level, 1)
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA) if level else values
    return np.asarray(small, np.float32).reshape(size[1], size[0], -1)
