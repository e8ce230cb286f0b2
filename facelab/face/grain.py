"""Grain and sharpness of a painted face, as its photograph has them.

What is finer than 0.5 % of a face is compared on skin. A photograph that is coarser lends its own
residual, grain, pores and compression alike; one that is softer takes away from the painted face.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Bool, Float

_FINE = 0.005  # of the face's size: what is finer is grain
_AROUND = 0.03  # of the face's size, over which grain is measured
_MOST = np.float32(1.5)  # deviations: what is stronger is an edge or a hair, not grain
_SOFTEST = 0.3  # of the painted face's fine contrast that is left
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)
_FEW = 30  # pixels
_LOUD = 0.1
_LEAST = np.float32(1e-4)


def match_grain(colour: Float, photo: Float, skin: Float, features: Float, size: float) -> Float:
    """Return a painted face with the grain and sharpness of its photograph.

    Parameters
    ----------
    colour : (h, w, 3) float32
        The painted face, RGB.
    photo : (h, w, 3) float32
        The photograph in its place.
    skin : (h, w) float32
        How sure it is that both show bare skin, [0, 1].
    features : (h, w) float32
        Where either shows eyes, brows or lips.
    size : float
        Of the face, pixels.
    """
    sigma = max(_FINE * size, 0.7)
    own, wanted = _residual(colour, sigma), _residual(photo, sigma)
    fine, grain = cv2.transform(own, _LUMA), cv2.transform(wanted, _LUMA)
    has, should = (_deviation(one, skin, _AROUND * size) for one in (fine, grain))
    kept = min(_ratio(grain, fine, skin > 0.5), 1)
    sharp = min(max(kept, _ratio(grain, fine, features > 0.5)), 1)
    kept = sharp + skin * np.float32(kept - sharp)
    softened = colour - (1 - kept)[..., None] * own
    missing = np.sqrt(np.maximum(1 - (kept * has / should) ** 2, 0))
    clipped = np.minimum(1, _MOST * should / np.maximum(np.abs(grain), _LEAST))
    return softened + (skin * missing * clipped)[..., None] * wanted


def _residual(image: Float, sigma: float) -> Float:
    return image - cv2.GaussianBlur(image, (0, 0), sigma)


def _ratio(wanted: Float, own: Float, where: Bool) -> float:
    """Fine contrast of the one over that of the other."""
    if where.sum() < _FEW:
        return 1.0
    energy = [float(np.mean(np.minimum(np.abs(one[where]), _LOUD))) for one in (wanted, own)]
    return max(energy[0] / max(energy[1], 1e-6), _SOFTEST)


def _deviation(fine: Float, skin: Float, sigma: float) -> Float:
    """Root mean square around each pixel, of skin."""
    step = max(int(sigma / 2), 1)
    small = (max(fine.shape[1] // step, 1), max(fine.shape[0] // step, 1))
    both = cv2.resize(np.dstack([skin * fine * fine, skin]), small, interpolation=cv2.INTER_AREA)
    total, weight = cv2.split(cv2.GaussianBlur(both, (0, 0), sigma / step))
    mean = (total + _LEAST * _LEAST) / (weight + _LEAST)
    return np.maximum(np.sqrt(cv2.resize(mean, fine.shape[::-1])), _LEAST)
