"""Colours as people see them (CIELAB) and as light adds up, in which edits mix and compare.

The curve between sRGB-encoded colours and light is that of IEC 61966-2-1.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Float


def decoded(colour: Float) -> Float:
    """Linear light of sRGB-encoded colours."""
    linear: Float = np.maximum(colour, 0, out=np.empty_like(colour))
    linear += np.float32(0.055)  # in place, which takes a third of the time
    linear /= np.float32(1.055)
    np.power(linear, np.float32(2.4), out=linear)
    return np.divide(colour, np.float32(12.92), out=linear, where=colour <= 0.04045)


def encoded(linear: Float) -> Float:
    """sRGB-encoded colours of linear light, clipped to [0, 1]."""
    inside = np.clip(linear, 0, 1)
    colour: Float = np.power(inside, np.float32(1 / 2.4), out=np.empty_like(inside))
    colour *= np.float32(1.055)
    colour -= np.float32(0.055)
    return np.multiply(inside, np.float32(12.92), out=colour, where=inside <= 0.0031308)


def to_lab(colour: Float) -> Float:
    """CIELAB (D65; L in [0, 100]) of sRGB colours ``(H, W, 3)`` in [0, 1]."""
    lab: Float = cv2.cvtColor(colour, cv2.COLOR_RGB2Lab)
    return lab


def to_rgb(lab: Float) -> Float:
    """SRGB in [0, 1] of CIELAB colours ``(H, W, 3)``; colours out of gamut are clipped."""
    colour: Float = cv2.cvtColor(np.asarray(lab, np.float32), cv2.COLOR_Lab2RGB)
    return np.clip(colour, 0, 1)


def lab_of(code: str) -> Float:
    """CIELAB of a colour as ``#rrggbb``, ``(3,)``."""
    pigment: Float = to_lab(rgb_of(code)[None, None])[0, 0]
    return pigment


def rgb_of(code: str) -> Float:
    """RGB in [0, 1] of a colour as ``#rrggbb``, ``(3,)``."""
    return np.array(list(bytes.fromhex(code[1:])), np.float32) / np.float32(255)
