"""Lamps: where they stand, what they light, what they cast shadows on, what colour they are."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np

from facelab.augment.distributions import Rng
from facelab.augment.light.surface import Surface
from facelab.numerics.arrays import Float

_STEPS = 14  # along a ray, over which shadows are looked for
_FAR = 0.8  # sizes of the face that a shadow is looked for
_LOWEST = 0.2  # the least rise of a ray: what lies beyond the terminator is dark anyway
_SOFTEST = 1.5  # pixels of the grid
_BIAS = 0.012  # sizes of the face that a surface may rise without shading itself


def direction(azimuth: float, elevation: float) -> Float:
    """The unit vector toward a lamp; degrees."""
    a, e = np.deg2rad(azimuth), np.deg2rad(elevation)
    return np.array([np.sin(a) * np.cos(e), np.sin(e), np.cos(a) * np.cos(e)], np.float32)


def facing(surface: Surface, toward: Float) -> Float:
    """The cosine between the surface and a lamp, 0 where it looks away, ``(h, w)``."""
    x, y, z = cv2.split(surface.normals)
    out: Float = np.maximum(x * toward[0] + y * toward[1] + z * toward[2], 0)
    return out


def shadowed(surface: Surface, toward: Float, soft: float, at: Float | float) -> Float:
    """How much of a lamp the person hides, ``(h, w)``, [0, 1].

    Rays are followed over the person's depth, as over a relief: one is hidden where something
    rises above it, and its edge is the softer the farther that is.

    Parameters
    ----------
    surface : Surface
    toward : (3,) float32
    soft : float
        Width of the edge, of the distance.
    at : (h, w) float32 or float
        Depth of what the shadow falls on.
    """
    hidden = np.zeros(surface.shape, np.float32)
    across = float(np.hypot(toward[0], toward[1]))
    if across < 0.05:
        return hidden
    relief = surface.relief
    x, y = toward[0] / across, -toward[1] / across
    rise, size = max(float(toward[2]) / across, _LOWEST), surface.size
    for step in range(1, _STEPS + 1):
        away = _FAR * size * (step / _STEPS) ** 1.5  # the near is looked at more closely
        matrix = np.array([[1, 0, x * away], [0, 1, y * away]], np.float32)
        there = cv2.warpAffine(
            relief,
            matrix,
            surface.shape[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        above = there - at - np.float32(rise * away + _BIAS * size)
        np.maximum(hidden, above / np.float32(max(soft * away, _SOFTEST)), out=hidden)
    np.minimum(hidden, 1, out=hidden)
    return np.asarray(cv2.GaussianBlur(hidden, (3, 3), 0), np.float32)


def colour(rng: Rng, saturation: float) -> Float:
    """Draw a colour of light of any hue whose luminance is 1, ``(3,)`` linear RGB."""
    return _balanced(np.array(colorsys.hsv_to_rgb(rng.random(), saturation, 1.0)))


def warmth(amount: float) -> Float:
    """The colour of warm light, of cool where below 0: -1 to 1; its luminance is 1, ``(3,)``."""
    return _balanced(np.exp2(amount * np.array([0.55, 0.0, -0.9])))


def exposed(surface: Surface, gain: Float, level: float) -> Float:
    """A gain whose mean over the face is `level`; light that hardly meets it stays dark."""
    share = surface.known[..., None]
    mean = float((gain * share).sum() / max(3 * share.sum(), 1e-6)) if share.any() else gain.mean()
    return gain * np.float32(level / max(mean, 0.08))


def _balanced(rgb: Float) -> Float:
    return (rgb / (rgb @ [0.2126, 0.7152, 0.0722])).astype(np.float32)
