"""How much of an error is definition: what is left if each landmark may be elsewhere on the head.

Two methods that see a face alike may still mean different spots by "the jaw". Such a difference is
one vector a landmark in the head's own frame, the same for all faces.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facelab.geometry import pose
from facelab.numerics.algebra import product, solve
from facelab.types import PositionMap

Array = NDArray[np.float64]

_LEAST = 1e-9  # of a ridge: heads that all look one way leave the offset along their look open
_FLIP = np.array([[1.0], [-1.0]])  # pixels have y down, the head's frame has it up


def axes_of(positions: PositionMap) -> Array:
    """What moves a unit along a head's axes make in the picture, pixels, ``(2, 3)``."""
    head = pose.estimate(positions)
    axes: Array = head.scale * head.rotation[:2].astype(np.float64) * _FLIP
    return axes


def without_offsets(found: Array, truth: Array, axes: Array) -> Array:
    """The landmarks that were found, each moved by one constant offset in the head's frame.

    The offsets of every second face are fitted to the others, so that none is fitted to itself.

    Parameters
    ----------
    found, truth : (n, 68, 2) float64
        Pixels of each picture.
    axes : (n, 2, 3) float64
        What moves a unit along the head's axes makes in the picture, pixels.

    Returns
    -------
    (n, 68, 2) float64
        As they are where there are no others.
    """
    out, places = found.copy(), np.arange(len(found))
    for half in (places % 2 == 0, places % 2 == 1):
        if half.any() and (~half).any():
            offsets = fitted_offsets((truth - found)[~half], axes[~half])
            moved = product(axes[half].reshape(-1, 3), offsets.T)
            out[half] += moved.reshape(half.sum(), 2, -1).transpose(0, 2, 1)
    return out


def fitted_offsets(away: Array, axes: Array) -> Array:
    """The offset of each landmark that explains most, ``(68, 3)`` in units of the head.

    It has the least sum of squared errors in the pictures, each in units of the head.

    Parameters
    ----------
    away : (n, 68, 2) float64
        From what was found to the truth, pixels.
    axes : (n, 2, 3) float64
        As of `without_offsets`.
    """
    scale = np.linalg.norm(axes, axis=(1, 2), keepdims=True)
    unit, own = axes / scale, away / scale
    flat = unit.reshape(-1, 3)
    wanted = own.transpose(0, 2, 1).reshape(len(flat), -1)
    square = product(flat.T, flat) + _LEAST * len(flat) * np.eye(3)
    return np.stack([solve(square, column) for column in product(flat.T, wanted).T])
