"""The grain of a photograph, so that what is drawn into it is not smoother than it is."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Float

# The difference of two Laplacians: of what is smooth it is 0 (Immerkaer, "Fast noise variance
# estimation", Computer Vision and Image Understanding 1996).
_MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_OF_MASK = 6.0  # the deviation that it has for noise of deviation 1
_NORMAL = 0.6745  # median of the absolute values of normal numbers
_MOST = 0.08


def grain_of(image: Float) -> float:
    """The deviation of a photograph's noise, of colours in [0, 1].

    The median tells it, since most of a photograph is smooth.
    """
    found = cv2.filter2D(np.ascontiguousarray(image[..., 1]), -1, _MASK)[1:-1, 1:-1]
    if not found.size:
        return 0.0
    return min(float(np.median(np.abs(found))) / (_OF_MASK * _NORMAL), _MOST)


def with_grain(colour: Float, deviation: float, seed: int) -> Float:
    """Colours ``(H, W, 3)`` with noise of a deviation, the same in all channels."""
    noise = np.random.default_rng(seed).standard_normal(colour.shape[:2], np.float32)
    return np.asarray(colour + np.float32(deviation) * noise[..., None], np.float32)
