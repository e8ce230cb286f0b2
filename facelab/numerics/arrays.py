"""Types of arrays, and checks of their shapes and dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Int = NDArray[np.int32]
Bool = NDArray[np.bool_]
Frame = NDArray[Any]
"""The pixels of a photograph: float32 in [0, 1], or uint8 or uint16 as in its file."""


def require(name: str, array: NDArray[Any], shape: tuple[int | str, ...], dtype: type) -> None:
    """Raise ``ValueError`` unless `array` has the shape and dtype; letters stand for any size."""
    fits = array.ndim == len(shape) and all(
        isinstance(want, str) or want == got for want, got in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype != dtype:
        wanted = ", ".join(str(side) for side in shape)
        raise ValueError(
            f"{name} must have shape ({wanted}) and dtype {np.dtype(dtype)}, "
            f"not {array.shape} and {array.dtype}"
        )


def require_frame(name: str, image: NDArray[Any]) -> None:
    """Raise ``ValueError`` unless `image` is ``(H, W, 3)`` float32, uint8 or uint16."""
    integers = image.dtype.type in (np.uint8, np.uint16)
    require(name, image, ("H", "W", 3), image.dtype.type if integers else np.float32)


def require_image(name: str, image: NDArray[Any]) -> None:
    """Raise ``ValueError`` unless `image` is ``(H, W, 3)`` float32."""
    require(name, image, ("H", "W", 3), np.float32)
