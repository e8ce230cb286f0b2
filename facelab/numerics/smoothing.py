"""Resizing maps, smooth steps, and filling gaps smoothly."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Bool, Float


def resized(values: Float, size: int) -> Float:
    """Resize a square map: linear between texels, by area where it shrinks.

    Linear is what the rasterizer's triangles are.
    """
    method = cv2.INTER_AREA if size < len(values) else cv2.INTER_LINEAR
    out: Float = cv2.resize(values, (size, size), interpolation=method)
    return out


def smoothstep(values: Float, low: float = 0.0, high: float = 1.0) -> Float:
    """0 up to `low`, 1 from `high`, and smooth between: 3 t^2 - 2 t^3."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    step: Float = t * t * (3 - 2 * t)
    return step


def spread(values: Float, weight: Float | Bool) -> Float:
    """Carry weighted values smoothly into the places without weight.

    Pull-push (Gortler, Grzeszczuk, Szeliski & Cohen, "The Lumigraph", 1996, section 3.4): weighted
    means on a pyramid, and each level's gaps filled from the one above.

    Parameters
    ----------
    values : (H, W, C) float32
    weight : (H, W) float32 or bool
        0 where a value is not known.

    Returns
    -------
    (H, W, C) float32
        The values where the weight is 1; zeros if there is no weight at all.
    """
    share = np.minimum(np.asarray(weight, np.float32), 1)[..., None]
    out: Float = _pull_push(values * share, share)
    return out


def _pull_push(total: Float, weight: Float) -> Float:
    mean = total / np.maximum(weight, 1e-6)
    height, width = weight.shape[:2]
    if max(height, width) <= 2:
        whole = total.sum(axis=(0, 1)) / np.maximum(weight.sum(axis=(0, 1)), 1e-6)
        return np.broadcast_to(whole, total.shape)
    both = cv2.pyrDown(np.dstack([total, weight]), borderType=cv2.BORDER_REPLICATE)
    heavier = np.minimum(both[..., -1:] * 2, 1)
    scale = heavier / np.maximum(both[..., -1:], 1e-6)
    coarse = _pull_push(both[..., :-1] * scale, heavier)
    up = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    filled: Float = mean * weight + up * (1 - weight)
    return filled
