"""Blend modes: how the colour of paint and that of what lies under it make one.

The separable modes of W3C's "Compositing and Blending Level 1", section 9.1, on sRGB-encoded
colours, over an opaque backdrop. In all of them the backdrop `under` and the paint `over` are
arrays of one shape, float32 in [0, 1], and so is the result.
"""

from __future__ import annotations

import numpy as np

from facelab.numerics.arrays import Float


def normal(under: Float, over: Float) -> Float:  # noqa: ARG001 (a mode like the others)
    """The paint alone."""
    return over


def multiply(under: Float, over: Float) -> Float:
    """Never lighter than either; white paint changes nothing."""
    return under * over


def screen(under: Float, over: Float) -> Float:
    """Never darker than either; black paint changes nothing."""
    return under + over - under * over


def overlay(under: Float, over: Float) -> Float:
    """Multiply on a dark backdrop, screen on a light one: its shading stays."""
    return np.where(under <= 0.5, multiply(2 * under, over), screen(2 * under - 1, over))


def soft_light(under: Float, over: Float) -> Float:
    """Darker under dark paint, lighter under light paint; grey of 0.5 changes nothing."""
    curve = np.where(under <= 0.25, ((16 * under - 12) * under + 4) * under, np.sqrt(under))
    darker = under - (1 - 2 * over) * under * (1 - under)
    return np.where(over <= 0.5, darker, under + (2 * over - 1) * (curve - under))


MODES = {
    "normal": normal,
    "multiply": multiply,
    "screen": screen,
    "overlay": overlay,
    "soft-light": soft_light,
}
