"""Contrast within hair that comes to lie on lighter skin.

What a brow shows lies between its darkest strand and the skin, and on lighter skin that range is
wider. How densely the hair has grown is drawn over all of it; but between single strands, and of
what a photograph of dark skin has of noise, twice the contrast tears a brow. The guided filter
tells the one from the other: it keeps the brow's edge and evens out what varies less.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized

_SIDE = 256  # of a map on which lengths are given, texels
_REACH = 4  # texels: half the width over which hair is dense or thin
_FINE = np.float32(1.3e-3)  # variance of luminance under which contrast is the strands' own
_LEAST = np.float32(0.02)  # of its contrast: less change is not worth the filter
_BLACK = np.float32(1e-3)


def evened(colour: Float, hair: Float, steeper: Float) -> Float:
    """Return colours whose hair has as much less fine contrast as relighting will add.

    Parameters
    ----------
    colour : (S, S, 3) float32
        RGB in [0, 1].
    hair : (n, n) float32
        Where there is hair, [0, 1].
    steeper : (n, n) float32
        By what factor contrast below the tone of the skin will grow.

    Returns
    -------
    (S, S, 3) float32
        In [0, 1]; `colour` itself where hair keeps its contrast.
    """
    lost = np.asarray(hair * (1 - 1 / np.maximum(steeper, 1)), np.float32)
    x, y, width, height = cv2.boundingRect((lost > _LEAST).astype(np.uint8))
    if width == 0:
        return colour
    rows, columns = (
        slice(first * len(colour) // len(hair), -(-(first + side) * len(colour) // len(hair)))
        for first, side in ((y, height), (x, width))
    )
    part = np.ascontiguousarray(colour[rows, columns])
    luminance = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    fine = luminance - _smooth(luminance, max(1, round(_REACH * len(colour) / _SIDE)))
    change = resized(lost, len(colour))[rows, columns] * fine / np.maximum(luminance, _BLACK)
    out = colour.copy()
    out[rows, columns] = np.clip(part * (1 - change)[..., None], 0, 1)
    return out


def _smooth(values: Float, radius: int) -> Float:
    """Values ``(h, w)`` smoothed but for their edges.

    He, Sun & Tang, "Guided Image Filtering", PAMI 2013, equations 5, 6 and 8, by themselves.
    """
    side = (2 * radius + 1,) * 2
    mean = cv2.blur(values, side)
    variance = cv2.max(cv2.blur(values * values, side) - mean * mean, 0)
    slope = variance / (variance + _FINE)
    out: Float = cv2.blur(slope, side) * values + cv2.blur(mean - slope * mean, side)
    return out
