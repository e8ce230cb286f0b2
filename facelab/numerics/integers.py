"""Integers of image files, of 8 and 16 bits a channel, and what they stand for: [0, 1]."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Float, Frame

_UNIT_OF_BYTE = np.arange(256, dtype=np.float32) / np.float32(255)


def unit(values: NDArray[Any]) -> Float:
    """Floats of [0, 1] as they are, integers scaled to it."""
    return values if values.dtype == np.float32 else from_integers(values)


def from_integers(values: NDArray[Any]) -> Float:
    """Scale integers to [0, 1].

    Parameters
    ----------
    values : (H, W, C) uint8 or uint16

    Returns
    -------
    (H, W, C) float32
        ``values / 255`` or ``values / 65535``, correctly rounded.
    """
    if values.dtype == np.uint8:
        unit = cv2.LUT(values, _UNIT_OF_BYTE).reshape(values.shape)
        return np.asarray(unit, np.float32)
    return values.astype(np.float32) / np.float32(65535)


def to_integers(values: Float, bits: int) -> NDArray[Any]:
    """Round [0, 1] to integers; what lies outside is clipped. The inverse of `from_integers`.

    Parameters
    ----------
    values : (H, W, C) float32
    bits : int
        8 or 16.

    Returns
    -------
    (H, W, C) uint8 or uint16
    """
    depth = cv2.CV_8U if bits == 8 else cv2.CV_16U
    # One row of numbers per image row: a scalar factor would only reach the first channel.
    rows = np.ascontiguousarray(values).reshape(values.shape[0], -1)
    factor: Any = float(2**bits - 1)  # OpenCV's stubs do not know scalars
    integers: NDArray[Any] = np.asarray(cv2.multiply(rows, factor, dtype=depth))
    return integers.reshape(values.shape)


def held(values: Float, like: NDArray[Any]) -> NDArray[Any]:
    """Floats ``(n, ...)`` in [0, 1] as an array of floats or integers holds them."""
    return values if like.dtype == np.float32 else to_integers(values, depth(like))


def depth(values: NDArray[Any]) -> int:
    """Bits of a channel of uint8 or uint16."""
    return 8 * values.dtype.itemsize


def rescaled(values: NDArray[Any], bits: int) -> NDArray[Any]:
    """Integers at another depth, 8 or 16 bits: those of 8 times 257 are those of 16."""
    if bits == depth(values):
        return values
    if bits == 16:
        return values.astype(np.uint16) * np.uint16(257)
    out: NDArray[Any] = ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return out


def as_bytes(frame: Frame) -> NDArray[np.uint8]:
    """A frame of any dtype at 8 bits, itself where it is: what networks look at.

    So a photograph shows the same faces at any depth, and as floats.
    """
    return to_integers(frame, 8) if frame.dtype == np.float32 else rescaled(frame, 8)
