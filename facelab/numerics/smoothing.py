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
    t: Float = np.asarray((values - np.float32(low)) / np.float32(high - low))
    np.clip(t, 0, 1, out=t)
    slope = 3 - 2 * t
    t *= t
    t *= slope
    return t


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
    share = np.minimum(np.asarray(weight, np.float32), 1)
    planes = _pull_push([plane * share for plane in cv2.split(values)], share)
    out: Float = cv2.merge(planes)
    return out.reshape(values.shape)


def _pull_push(totals: list[Float], weight: Float) -> list[Float]:
    """Fill planes ``(H, W)`` of values times their weight ``(H, W)``, in place."""
    height, width = weight.shape
    if max(height, width) <= 2:
        for plane in totals:
            plane[:] = plane.sum() / np.maximum(weight.sum(), 1e-6)
        return totals
    *coarse, lighter = (
        cv2.pyrDown(plane, borderType=cv2.BORDER_REPLICATE) for plane in (*totals, weight)
    )
    heavier = np.minimum(lighter * 2, 1)
    gain = heavier / np.maximum(lighter, np.float32(1e-6))
    for plane in coarse:
        plane *= gain
    lacking = 1 - weight
    for plane, filling in zip(totals, _pull_push(coarse, heavier), strict=True):
        up = cv2.resize(filling, (width, height), interpolation=cv2.INTER_LINEAR)
        up *= lacking
        plane += up
    return totals
