"""Vectors in space, any number at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Float

Floats = NDArray[Any]  # of float32 or float64

_SHORTEST = 1e-9  # a vector that is shorter has no direction


def dot(left: Floats, right: Floats) -> Floats:
    """Return the scalar products ``(...)`` of vectors ``(..., 3)``.

    Added up axis by axis: NumPy's own sums over so short an axis take ten times as long.
    """
    x, y, z = (left[..., axis] * right[..., axis] for axis in range(3))
    out: Floats = x + y + z
    return out


def unit(vectors: Floats) -> Float:
    """Return vectors ``(..., 3)`` at length 1, float32; those without a direction stay as short."""
    length = np.sqrt(dot(vectors, vectors))[..., None]
    return np.asarray(vectors / np.maximum(length, _SHORTEST), np.float32)
