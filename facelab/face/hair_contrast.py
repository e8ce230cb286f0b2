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
from facelab.numerics.windows import around, scaled

_SIDE = 256  # of a map on which lengths are given, texels
_ALIGNED = 4  # texels that windows are a multiple of: whole texels in the sides textures have
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
    if lost.max() <= _LEAST:
        return colour
    window = around(lost > _LEAST, 0, _ALIGNED)
    out, here = colour.copy(), scaled(window, len(hair), len(colour))
    part, lost = out[here], lost[window]
    luminance = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    slope, offset = _smooth(luminance, lost.shape, max(1, round(_REACH * len(hair) / _SIDE)))
    fewer, more = (
        cv2.resize(one, luminance.shape[::-1]) for one in (lost * (1 - slope), lost * offset)
    )
    fine = fewer * luminance - more
    fine /= np.maximum(luminance, _BLACK)
    part *= cv2.merge([1 - fine] * 3)
    np.clip(part, 0, 1, out=part)
    return out


def _smooth(values: Float, shape: tuple[int, ...], radius: int) -> tuple[Float, Float]:
    """What values ``(H, W)`` smoothed but for their edges are of them: a slope and an offset.

    He, Sun & Tang, "Guided Image Filtering", PAMI 2013, equations 5, 6 and 8, by themselves. Both
    vary slowly, so they are worked out on a smaller map, of the given shape and radius; but the
    variance in its windows is that of all values.
    """
    size, side = (shape[1], shape[0]), (2 * radius + 1,) * 2
    mean, square = (
        cv2.blur(cv2.resize(one, size, interpolation=cv2.INTER_AREA), side)
        for one in (values, values * values)
    )
    variance = cv2.max(square - mean * mean, 0)
    slope = variance / (variance + _FINE)
    return cv2.blur(slope, side), cv2.blur(mean - slope * mean, side)
