"""What exposure, white balance, uneven light and a camera's curve make of a picture."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.augment.distributions import Rng
from facelab.numerics.arrays import Float

_LUMA = np.array([[0.2126, 0.7152, 0.0722]] * 3, np.float32)  # ITU-R BT.709
_CELLS = 2, 4  # along the sides of a field of light
_GRID = 32  # pixels of the field, which is smooth
_COLOURED = 0.35  # share of a field that each channel has of its own
_MIDDLE = np.float32(0.5)


def uneven(rng: Rng, exposure: float, gain: float, field: float) -> Float:
    """Draw exposure, colour cast and uneven light: a gain of linear light, ``(g, g, 3)``.

    Parameters
    ----------
    rng : numpy.random.Generator
    exposure, gain, field : float
        How far they may go, stops: of everything, of each channel, and of the field.
    """
    stops = exposure * rng.uniform(-1, 1) + gain * rng.uniform(-1, 1, 3)
    cells = int(rng.integers(*_CELLS, endpoint=True))
    alike, own = rng.uniform(-1, 1, (cells, cells, 1)), rng.uniform(-1, 1, (cells, cells, 3))
    coarse = np.asarray(field * ((1 - _COLOURED) * alike + _COLOURED * own), np.float32)
    smooth = cv2.resize(coarse, (_GRID, _GRID), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.exp2(smooth + stops), np.float32)


def curved(image: Float, rng: Rng, gamma: float, contrast: float, grey: float) -> Float:
    """Draw a camera's curve for a picture ``(H, W, 3)``, which may exceed 1 and is changed.

    Parameters
    ----------
    image : (H, W, 3) float32
    rng : numpy.random.Generator
    gamma : float
        How far the curve's exponent may go, octaves.
    contrast : float
        How far its slope about the middle may.
    grey : float
        How likely the picture is grey, [0, 1].
    """
    exponent, slope = 2.0 ** (gamma * rng.uniform(-1, 1)), 1 + contrast * rng.uniform(-1, 1)
    is_grey = rng.random() < grey
    np.clip(image, 0, 1, out=image)  # a sensor has no more than white
    out = cv2.pow(image, exponent)
    out -= _MIDDLE
    out *= np.float32(slope)
    out += _MIDDLE
    if is_grey:
        out = cv2.transform(out, _LUMA)
    return np.asarray(np.clip(out, 0, 1, out=out), np.float32)
