"""Grain and sharpness of a painted face, as its photograph has them.

What is finer than 0.5 % of a face is compared on skin. A coarser photograph lends the painted face
its own residual, which is grain, pores and traces of compression alike; a softer one softens it.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Bool, Float

_FINE = 0.005  # of the face's size: what is finer is grain
_LEAST_SIGMA = 0.7  # pixels, below which a Gaussian does nothing
_AROUND = 0.03  # of the face's size, over which grain is measured
_LOUDEST = np.float32(1.5)  # deviations: what is louder is a hair or a fold, and is held down
_SOFTEST = 0.3  # the least that is left of the painted face's fine contrast
_EDGE = np.float32(0.1)  # luma: an edge counts no more than this
_FEW = 30  # pixels, below which nothing is compared
_NONE = np.float32(1e-4)  # luma, below which there is no grain


def match_grain(colour: Float, photo: Float, skin: Float, features: Float, size: float) -> Float:
    """Return a painted face with the grain and the sharpness of the photograph around it.

    Parameters
    ----------
    colour : (h, w, 3) float32
        The painted face, RGB in [0, 1].
    photo : (h, w, 3) float32
        The photograph in its place; it lends grain to skin alone.
    skin : (h, w) float32
        How sure it is that both show bare skin, [0, 1].
    features : (h, w) float32
        How sure it is that either shows eyes, brows or lips, [0, 1]. They are softened no more
        than the photograph's own are softer.
    size : float
        Of the face, pixels.
    """
    sigma = max(_FINE * size, _LEAST_SIGMA)
    fine, grain = (_residual(one, sigma) for one in (colour, photo))
    least = min(_ratio(grain, fine, skin > 0.5), 1)
    sharp = min(max(least, _ratio(grain, fine, features > 0.5)), 1)
    kept = sharp + skin * np.float32(least - sharp)
    has, should = (_deviation(one, skin, _AROUND * size) for one in (kept * fine, grain))
    missing = np.sqrt(np.maximum(1 - (has / should) ** 2, 0))  # what is not correlated adds up so
    loudest = _LOUDEST * should
    lent = skin * missing * np.clip(grain, -loudest, loudest)
    change = lent - (1 - kept) * fine
    out: Float = cv2.add(colour, cv2.merge([change] * 3))
    return out


def _residual(image: Float, sigma: float) -> Float:
    """What of the luma is finer than a Gaussian."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    out: Float = cv2.subtract(luma, cv2.GaussianBlur(luma, (0, 0), sigma))
    return out


def _ratio(wanted: Float, own: Float, where: Bool) -> float:
    """Fine contrast wanted over that there is; 1 where too little is seen to tell."""
    if np.count_nonzero(where) < _FEW:
        return 1.0
    loud = [float(np.minimum(np.abs(one[where]), _EDGE).mean()) for one in (wanted, own)]
    return max(loud[0] / max(loud[1], float(_NONE)), _SOFTEST)


def _deviation(fine: Float, skin: Float, sigma: float) -> Float:
    """Root mean square of the skin's grain around each pixel, ``(h, w)``."""
    step = max(int(sigma / 2), 1)
    small = [max(side // step, 1) for side in fine.shape[::-1]]
    both = cv2.resize(np.dstack([skin * fine * fine, skin]), small, interpolation=cv2.INTER_AREA)
    energy, weight = cv2.split(cv2.GaussianBlur(both, (0, 0), sigma / step))
    root = np.sqrt((energy + _NONE**3) / (weight + _NONE))
    out: Float = np.maximum(cv2.resize(root, fine.shape[::-1]), _NONE)
    return out
