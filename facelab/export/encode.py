"""Arrays as the bytes of a file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
from numpy.typing import NDArray

from facelab.export.marked import mark_of_data


def npy(values: NDArray[Any]) -> bytes:
    """An array of any shape and dtype in NumPy's own format."""
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def grey_png(values: NDArray[np.uint8] | NDArray[np.uint16], sentence: str) -> bytes:
    """Integers ``(H, W)``, not empty, as a grey PNG of 8 or 16 bits with `sentence` in its XMP."""
    about = PIL.PngImagePlugin.PngInfo()
    about.add_itxt("XML:com.adobe.xmp", mark_of_data(sentence).decode())
    buffer = io.BytesIO()
    PIL.Image.fromarray(values).save(buffer, "PNG", pnginfo=about, compress_level=1)
    return buffer.getvalue()
