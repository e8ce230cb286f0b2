"""Shares of a picture's parts as a PNG: the two largest of each pixel, which are nearly all.

A pixel shows one part, or two where their edge runs through it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.constants import PARTS
from facelab.numerics.arrays import Float

UNKNOWN = 255
"""In place of both parts where nobody knows what a pixel shows."""


def encoded_shares(shares: Float) -> bytes:
    """The PNG of shares ``(H, W, 14)``, which sum to 1, or to 0 where nothing is known.

    Its channels are the number of the largest part, that of the second, and the largest one's share
    of both, times 255.
    """
    order = np.argsort(-shares, axis=2, kind="stable")[..., :2]
    first, second = np.moveaxis(np.take_along_axis(shares, order, axis=2), 2, 0)
    share = np.rint(255 * first / np.maximum(first + second, 1e-6))
    out = np.dstack([order, share]).astype(np.uint8)
    out[..., 1][second <= 0] = out[..., 0][second <= 0]
    out[shares.sum(axis=2) < 0.5] = (UNKNOWN, UNKNOWN, 255)
    _, data = cv2.imencode(".png", out)
    return data.tobytes()


def decoded_shares(data: bytes) -> NDArray[np.uint8]:
    """The channels ``(H, W, 3)`` of `encoded_shares`.

    Raises
    ------
    ValueError
        If it is no such PNG.
    """
    out = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if out is None or np.bincount(out[..., :2].ravel(), minlength=256)[len(PARTS) : UNKNOWN].any():
        raise ValueError("not the parts of a picture")
    return np.asarray(out, np.uint8)
