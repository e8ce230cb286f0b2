"""Shading: what of the light on a face goes by the way its surface looks."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.geometry.visibility import normals
from facelab.numerics.algebra import product, solve
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import PositionMap

_SIDE = 64  # of the map on which it is worked out, texels
_FINE, _BROAD = 0.02 * _SIDE, 0.10 * _SIDE  # texels: between these sigmas it is told from relief
_PRIOR = 0.01  # of the weight of all texels, against a light that few of them tell
_HALF = 3.0  # L*, root mean square: of less shading most is relief that looks like it
_FEW = 1e-3  # of weight, where nothing is known


def shading(lightness: Float, weight: Float, positions: PositionMap) -> tuple[Float, float]:
    """Return the part of a lightness that distant light explains, and how sure it is light's.

    Diffuse light of any kind is nearly a sum of nine spherical harmonics of the normal (Ramamoorthi
    & Hanrahan, "An efficient representation for irradiance environment maps", SIGGRAPH 2001), and
    so is the difference between two. Fitted by weighted least squares, all of it at middle scales.
    Relief is explained so as well, a little: where that is all, it is left.

    Parameters
    ----------
    lightness : (n, n) float32
        L*, or a difference of two faces'.
    weight : (n, n) float32
        How surely each texel shows skin, [0, 1].
    positions : PositionMap
        Of the face.

    Returns
    -------
    (n, n) float32, float in [0, 1]
    """
    known = resized(weight, _SIDE)
    basis = _harmonics(resized(normals(positions), _SIDE))
    basis = cv2.GaussianBlur(basis, (0, 0), _FINE)
    values = np.dstack([basis, resized(lightness, _SIDE)])
    values = (values - _broad(values, known)).reshape(_SIDE * _SIDE, -1).astype(np.float64)
    share = known.reshape(-1, 1).astype(np.float64)
    sums = product(np.ascontiguousarray(values.T), share * values)
    prior = _PRIOR * (float(share.sum()) + _FEW) * np.eye(len(sums) - 1)
    light = solve(sums[:-1, :-1] + prior, sums[:-1, -1])
    out = product(values[:, :-1], light)
    energy = (float((share[:, 0] * out * out).sum()) / (float(share.sum()) + _FEW)) ** 2
    sure = energy / (energy + _HALF**4)
    out = (sure * out).astype(np.float32).reshape(_SIDE, _SIDE)
    return resized(out, len(lightness)), sure


def _broad(values: Float, weight: Float) -> Float:
    """Weighted means around each texel, ``(64, 64, c)``."""
    weight = weight + np.float32(_FEW)
    total = cv2.GaussianBlur(values * weight[..., None], (0, 0), _BROAD)
    out: Float = total / cv2.GaussianBlur(weight, (0, 0), _BROAD)[..., None]
    return out


def _harmonics(directions: Float) -> Float:
    """Spherical harmonics of orders 1 and 2, but for their factors, ``(64, 64, 8)``."""
    x, y, z = cv2.split(directions)
    return np.dstack([x, y, z, x * y, y * z, x * z, x * x - y * y, 3 * z * z - 1])
