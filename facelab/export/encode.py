"""Arrays as the bytes of a file."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def npy(values: NDArray[Any]) -> bytes:
    """An array of any shape and dtype in NumPy's own format."""
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def grey_png(values: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Integers ``(H, W)``, not empty, as a grey PNG of 8 or 16 bits."""
    return cv2.imencode(".png", values)[1].tobytes()
