"""Sums of products that do not depend on the number of threads.

NumPy hands matrix products to BLAS, which splits long sums among its threads: with another number
of them the last digits differ, and with those, pixels. Here each sum runs in one order.

LAPACK's routines for matrices of a few rows, such as a rotation's, are never split and may be used.
"""

from __future__ import annotations

from math import prod
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # of float32 or float64

_CHANNELS = 4  # the most that OpenCV takes


def product(left: Floats, right: Floats) -> Floats:
    """Return ``left @ right``.

    Parameters
    ----------
    left : (..., k) floating
        Any number of rows, such as the pixels of an image.
    right : (k,) or (k, m) floating
        Of the same dtype as `left`, else both become the larger one.

    Returns
    -------
    (...) or (..., m) floating

    Raises
    ------
    ValueError
        If the sides do not fit.
    """
    kind = np.result_type(left, right)
    columns = np.atleast_2d(np.asarray(right, kind).T)
    count, length = columns.shape
    if left.shape[-1] != length:
        raise ValueError(f"left must have shape (..., {length}), not {left.shape}")
    if max(count, length) <= _CHANNELS and left.size:
        rows = np.ascontiguousarray(left, kind).reshape(-1, 1, length)
        out = cv2.transform(rows, np.ascontiguousarray(columns))
    else:
        rows = np.ascontiguousarray(left, kind)
        out = np.empty((*left.shape[:-1], count), kind)
        for number, column in enumerate(np.ascontiguousarray(columns)):
            np.einsum("...k,k->...", rows, column, out=out[..., number])
    return np.asarray(out).reshape(left.shape[:-1] + right.shape[1:])


def combined(weights: Floats, parts: Floats) -> Floats:
    """Return the sum of parts ``(k, ...)``, each times its weight ``(k,)``."""
    flat = parts.reshape(len(parts), prod(parts.shape[1:]))
    out: Floats = np.einsum("k,kn->n", weights, flat).reshape(parts.shape[1:])
    return out


def solve(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x with ``matrix @ x = right`` by elimination.

    Parameters
    ----------
    matrix : (n, n) float64
        Symmetric and positive definite, so that no pivot needs to be looked for (Golub & Van Loan,
        "Matrix Computations", 4.2).
    right : (n,) float64
    """
    rows = np.column_stack([matrix, right])
    for i, row in enumerate(rows[:-1]):
        rows[i + 1 :, i:] -= (rows[i + 1 :, i] / row[i])[:, None] * row[i:]
    found = np.zeros(len(right))
    for i in reversed(range(len(found))):
        found[i] = (rows[i, -1] - np.sum(rows[i, i:-1] * found[i:])) / rows[i, i]
    return found
