"""Grain and sharpness of a painted face, as its photograph has them.

What is finer than 0.5 % of a face is compared on skin. A coarser photograph lends the painted face
its own residual, which is grain, pores and traces of compression alike; a softer one softens it.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Bool, Float
from facelab.numerics.parallel import both

_FINE = 0.005  # of the face's size: what is finer is grain
_LEAST_SIGMA = 0.7  # pixels, below which a Gaussian does nothing
_AROUND = 0.03  # of the face's size, over which grain is measured
_GRID = 1.5  # pixels of a coarser grid in the sigma of what is worked out on it, at least
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
    fine, grain = both(lambda: _residual(colour, sigma), lambda: _residual(photo, sigma))
    least = min(_ratio(grain, fine, skin > 0.5), 1)
    sharp = min(max(least, _ratio(grain, fine, features > 0.5)), 1)
    kept = sharp + skin * np.float32(least - sharp)
    around = _AROUND * size
    step = max(int(around / _GRID), 1)
    has, should = (_deviation(one, skin, around, step) for one in (kept * fine, grain))
    missing = np.sqrt(np.maximum(1 - (has / should) ** 2, 0))  # what is not correlated adds up so
    missing, loudest = (_enlarged(one, step, skin) for one in (missing, _LOUDEST * should))
    lent = skin * missing * cv2.max(cv2.min(grain, loudest), -loudest)
    change = cv2.cvtColor(lent - (1 - kept) * fine, cv2.COLOR_GRAY2RGB)
    out: Float = cv2.add(change, colour, dst=change)
    return out


def _residual(image: Float, sigma: float) -> Float:
    """What of the luma is finer than a Gaussian, which is worked out on a coarser grid."""
    luma = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    step = max(int(sigma / _GRID), 1)
    slow = cv2.GaussianBlur(_reduced(luma, step), (0, 0), sigma / step)
    out: Float = luma - _enlarged(slow, step, luma)
    return out


def _ratio(wanted: Float, own: Float, where: Bool) -> float:
    """Fine contrast wanted over that there is; 1 where too little is seen to tell."""
    if np.count_nonzero(where) < _FEW:
        return 1.0
    share = where[::2].astype(np.float32)  # every second row tells it
    loud = [float((share * np.minimum(np.abs(one[::2]), _EDGE)).mean()) for one in (wanted, own)]
    least = float(_NONE * share.mean())
    return max(loud[0] / max(loud[1], least), _SOFTEST)


def _deviation(fine: Float, skin: Float, sigma: float, step: int) -> Float:
    """Root mean square of the skin's grain around, on a grid of squares of `step` pixels."""
    energy, weight = (
        cv2.GaussianBlur(_reduced(one, step), (0, 0), sigma / step)
        for one in (skin * fine * fine, skin)
    )
    out: Float = np.maximum(np.sqrt((energy + _NONE**3) / (weight + _NONE)), _NONE)
    return out


def _reduced(values: Float, step: int) -> Float:
    """Means over squares of `step` pixels; the last ones are filled up with their edge."""
    height, width = values.shape
    below, beside = -height % step, -width % step
    whole = cv2.copyMakeBorder(values, 0, below, 0, beside, cv2.BORDER_REPLICATE)
    size = (width + beside) // step, (height + below) // step
    out: Float = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    return out


def _enlarged(values: Float, step: int, like: Float) -> Float:
    """Values on a grid of squares of `step` pixels at all pixels of a map, linear between them."""
    (rows, columns), (height, width) = values.shape, like.shape
    out: Float = cv2.resize(values, (columns * step, rows * step))
    return out[:height, :width]
