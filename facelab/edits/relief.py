"""Relief on the skin, shaded by the photograph's own light.

The light is that of `facelab.edits.relight`: nine harmonics fitted to the tone of the skin. A
slope of the relief tilts the normal, and the irradiance changes by its derivative in that direction
(Blinn, "Simulation of wrinkled surfaces", SIGGRAPH 1978); what lies deep gets less light from
everywhere.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.edits.cielab import decoded
from facelab.edits.relight import estimate, harmonics
from facelab.face.skin import SIZE, Skin
from facelab.geometry.visibility import normals
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.numerics.vectors import unit
from facelab.types import PositionMap

_FLIP = np.array([1, -1, 1], np.float32)  # pixels have y down, normals have y up
_TILT = np.float32(0.05)  # by which normals are tilted to read the derivative
_STEEPEST = 1.2  # of the irradiance, for a slope of 1: grazing light is not told well
_OCCLUSION = 110.0  # light lost, in e-folds, for a depth of the side
_SMOOTH = 3.0  # texels of the position map: deviation over which normals are smoothed


def shading(height: Float, positions: PositionMap, skin: Skin) -> Float:
    """By how much a relief multiplies the light on the skin.

    Parameters
    ----------
    height : (S, S) float32
        Above the skin, parts of the side; creases are below 0.
    positions : PositionMap
    skin : Skin
        The face's own, which shows the light.

    Returns
    -------
    (S, S) float32
        1 where the relief is flat.
    """
    size = len(height)
    across, down = (resized(slope, size) for slope in _slopes(positions, skin))
    # Central differences of neighbouring texels, as slopes.
    du, dv = (cv2.Sobel(height, cv2.CV_32F, *axis, scale=size / 8) for axis in ((1, 0), (0, 1)))
    tilted = 1 - across * du - down * dv
    deep = np.exp(np.float32(_OCCLUSION) * np.minimum(height, 0))
    out: Float = np.clip(tilted, 0.3, 1.7) * deep
    return out


def _slopes(positions: PositionMap, skin: Skin) -> tuple[Float, Float]:
    """The share by which light grows where normals tilt along u and along v, ``(128, 128)``."""
    facing = cv2.GaussianBlur(normals(positions), (0, 0), _SMOOTH)
    directions = unit(resized(facing, SIZE))
    light = estimate(decoded(skin.tone), directions, skin.likelihood).mean(axis=1, keepdims=True)
    own = product(harmonics(directions), light)[..., 0]
    floor = max(0.2 * float(own.mean()), 1e-6)
    values = resized(cv2.GaussianBlur(positions.values * _FLIP, (0, 0), _SMOOTH), SIZE)
    grown = []
    for axis in (1, 0):
        tangent = unit(np.gradient(values, axis=axis).astype(np.float32) + np.float32(1e-9))
        there = product(harmonics(unit(directions + _TILT * tangent)), light)[..., 0]
        share = (there - own) / _TILT / np.maximum(own, floor)
        grown.append(np.clip(share, -_STEEPEST, _STEEPEST).astype(np.float32))
    return grown[0], grown[1]
