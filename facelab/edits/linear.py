"""The curve between sRGB-encoded colours and light (IEC 61966-2-1)."""

from __future__ import annotations

import numpy as np

from facelab.numerics.arrays import Float


def decoded(colour: Float) -> Float:
    """Linear light of sRGB-encoded colours."""
    high = ((np.maximum(colour, 0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    linear: Float = np.where(colour <= 0.04045, colour / np.float32(12.92), high)
    return linear


def encoded(linear: Float) -> Float:
    """sRGB-encoded colours of linear light, clipped to [0, 1]."""
    inside = np.clip(linear, 0, 1)
    high = np.float32(1.055) * inside ** np.float32(1 / 2.4) - np.float32(0.055)
    colour: Float = np.where(inside <= 0.0031308, inside * np.float32(12.92), high)
    return colour
