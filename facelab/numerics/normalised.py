"""Weighted means: of all texels, and around each."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Float

_HELD = 2.0  # texels: a blur so wide is as well worked out on a map of half the side
_LEAST = np.float32(1e-3)  # of the weight: where there is none at all, means are plain ones


def normalised(values: Float, weight: Float, sigma: float) -> Float:
    """Blur values by their weight: normalised convolution, wide ones on a smaller map.

    Knutsson & Westin, "Normalized and differential convolution", CVPR 1993.

    Parameters
    ----------
    values : (H, W, C) float32
        Up to three channels.
    weight : (H, W) float32
        Not negative.
    sigma : float
        Of the Gaussian, texels.

    Returns
    -------
    (H, W, C) float32
    """
    height, width = weight.shape
    weight = weight + _LEAST
    weighted = cv2.merge([*(plane * weight for plane in cv2.split(values)), weight])
    every = 1 << max(int(np.log2(sigma / _HELD)), 0)
    small = max(width // every, 1), max(height // every, 1)
    weighted = cv2.resize(weighted, small, interpolation=cv2.INTER_AREA)
    *sums, total = cv2.split(cv2.GaussianBlur(weighted, (0, 0), sigma / every))
    means = cv2.merge([plane / total for plane in sums])
    out: Float = cv2.resize(means, (width, height)).reshape(values.shape)
    return out


def weighted_mean(values: Float, weight: Float) -> float:
    """The mean of values ``(H, W)`` by their weight ``(H, W)``; 0 where there is none."""
    return float((values * weight).sum() / max(float(weight.sum()), 1e-6))
