"""Soft light from all around and one key light.

Distant light that falls on a matte surface is smooth: nine numbers a colour channel tell what it
does to within 1 % (Ramamoorthi & Hanrahan, "An Efficient Representation for Irradiance Environment
Maps", SIGGRAPH 2001). What a head hides of it from itself is told by nine more at each vertex
(Sloan, Kautz & Snyder, "Precomputed Radiance Transfer", SIGGRAPH 2002).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float

Array = NDArray[np.float64]

# Constants of the real spherical harmonics of bands 0 to 2: 1; y, z, x; xy, yz, 3z2-1, xz, x2-y2.
_BAND = np.array([0.282095, *[0.488603] * 3, *[1.092548] * 2, 0.315392, 1.092548, 0.546274])
_COSINE = np.array([np.pi, *[2 * np.pi / 3] * 3, *[np.pi / 4] * 5])  # of the clamped cosine


def harmonics(directions: NDArray[np.floating]) -> Float:
    """Return the nine spherical harmonics of unit vectors ``(..., 3)``, ``(..., 9)``."""
    x, y, z = np.moveaxis(directions, -1, 0)
    rows = (np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y)
    return np.asarray(np.stack(rows, axis=-1) * _BAND, np.float32)


def open_transfer(normals: NDArray[np.floating]) -> Float:
    """Return what of the light around reaches surfaces that nothing shades, ``(n, 9)``.

    Multiplied with the light's coefficients it gives what a white surface shows.
    """
    return np.asarray(harmonics(normals) * (_COSINE / np.pi), np.float32)


def lobe(direction: Array, colour: Array, sharpness: float) -> Array:
    """Return the coefficients of light that comes mostly from one side, ``(9, 3)``.

    Parameters
    ----------
    direction : (3,) float64
        Unit vector to that side.
    colour : (3,) float64
        Its mean over all directions.
    sharpness : float
        0 is light from everywhere alike, 1 that falls off as the cosine to the direction.
    """
    shape = np.array([1.0, *[sharpness * 2 / 3] * 3, *[sharpness**2 / 4] * 5]) * 4 * np.pi
    return (harmonics(direction) * shape)[:, None] * colour


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """The light about a head, linear RGB: 1 is what makes a white surface white.

    Parameters
    ----------
    around : (9, 3) float64
        Coefficients of the radiance from all around, a sum of `lobe`.
    toward : (3,) float64
        Unit vector to the key light: x right, y up, z toward the viewer.
    key : (3,) float64
        What a white surface that faces it shows.
    spread : float
        How far the edges of shadows are blurred, cm.
    """

    around: Array
    toward: Array
    key: Array
    spread: float

    def soft(self, transfer: Float) -> Float:
        """Return what white surfaces of ``transfer (n, 9)`` show of the light around, ``(n, 3)``.

        `transfer` must be in the light's frame.
        """
        return np.maximum(product(transfer, self.around.astype(np.float32)), 0)

    def turned(self, rotation: Array) -> Light:
        """Return the light in a frame whose vectors are ``rotation (3, 3)`` times those of this."""
        back = product(_PROBES, rotation)  # where what now comes from the probes came from
        seen = product(harmonics(back).astype(np.float64), self.around)
        return replace(self, around=product(_FROM_PROBES, seen), toward=rotation @ self.toward)


_PROBES = np.concatenate([np.eye(3), -np.eye(3), 1 - np.eye(3), np.eye(3) - 0.5, [[1, -1, 0]]])
_PROBES /= np.sqrt((_PROBES**2).sum(axis=1, keepdims=True))  # directions that tell all nine apart
_FROM_PROBES = np.linalg.pinv(harmonics(_PROBES).astype(np.float64))
