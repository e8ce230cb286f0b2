"""A face that a photograph shows too dark to be lit another's like: brought to light and back.

Contrast and colour of skin shrink with its lightness, and bounds on either that hold in daylight
are far too wide in the dark: sockets glow, cheeks glare. Light is a factor of linear RGB, so the
face is first brought to that of dark skin in plain light, and what was drawn there back again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facelab.face.skin import Skin
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import Texture

_DIM = 0.062  # linear luminance from which skin is no darker than dark skin in plain light: L* 30
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear RGB (IEC 61966-2-1)
_MOST = 30.0  # more is noise
_COARSE = 32  # side of the map on which a tone's light is told, texels


def exposure(skin: Skin) -> float:
    """Return the factor of linear light that brings skin out of the dark, 1 where it is not."""
    tone, likelihood = (resized(one, _COARSE) for one in (skin.tone, skin.likelihood))
    weight = likelihood + np.float32(1e-6)
    shown = (_linear(tone) * _LUMINANCE).sum(axis=2)
    luminance = float((weight * shown).sum() / weight.sum())
    return float(np.clip(_DIM / max(luminance, 1e-6), 1, _MOST))


def brought_out(texture: Texture, factor: float) -> Texture:
    """Return a texture in so many times the light; itself where `factor` is 1."""
    if factor == 1:
        return texture
    return replace(texture, colour=exposed(texture.colour, factor))


def exposed(colour: Float, factor: float) -> Float:
    """Return colours in so many times the light.

    Parameters
    ----------
    colour : (..., 3) float32
        sRGB in [0, 1].
    factor : float

    Returns
    -------
    (..., 3) float32
        In [0, 1]; the colours themselves where `factor` is 1.
    """
    if factor == 1:
        return colour
    linear = np.minimum(_linear(colour) * np.float32(factor), 1)
    bright = np.float32(1.055) * linear ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.asarray(np.where(linear <= 0.0031308, linear * 12.92, bright), np.float32)


def _linear(colour: Float) -> Float:
    bright = ((colour + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.asarray(np.where(colour <= 0.04045, colour / np.float32(12.92), bright), np.float32)
