"""Arrays and pictures as the bytes of marked files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
from numpy.typing import NDArray

from facelab.images import Image, Metadata, write
from facelab.numerics.arrays import Float, Frame
from facelab.provenance import DATA_DRIVEN, ENHANCED, mark


def write_marked(path: Path, pixels: Frame, metadata: Metadata, sentence: str) -> None:
    """Write a picture ``(H, W, 3)`` as 8-bit RGB with `sentence` in its XMP.

    `pixels` are sRGB, and the file has no profile. `metadata` is the photograph's: its XMP goes on.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    xmp = mark(metadata.xmp, source_type=ENHANCED, description=sentence)
    write(path, Image(pixels, metadata=Metadata(xmp=xmp)))


def write_data(path: Path, pixels: Float, sentence: str) -> None:
    """Write numbers ``(H, W, 3)`` in [0, 1] as 8-bit RGB with `sentence` in its XMP.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write(path, Image(pixels, metadata=Metadata(xmp=mark_of_data(sentence))))


def mark_of_data(sentence: str) -> bytes:
    """The XMP packet of a picture of numbers."""
    return mark(None, source_type=DATA_DRIVEN, description=sentence)


def npy(values: NDArray[Any]) -> bytes:
    """An array of any shape and dtype in NumPy's own format."""
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def grey_png(values: NDArray[np.uint8] | NDArray[np.uint16], sentence: str) -> bytes:
    """Integers ``(H, W)``, not empty, as a grey PNG of 8 or 16 bits with `sentence` in its XMP."""
    return _png(PIL.Image.fromarray(values), sentence)


def indexed_png(values: NDArray[np.uint8], palette: NDArray[np.uint8], sentence: str) -> bytes:
    """Integers ``(H, W)``, not empty, as a PNG with a palette ``(256, 3)``: RGB of each number."""
    picture = PIL.Image.fromarray(values, "P")
    picture.putpalette(palette.tobytes())
    return _png(picture, sentence)


def _png(picture: PIL.Image.Image, sentence: str) -> bytes:
    about = PIL.PngImagePlugin.PngInfo()
    about.add_itxt("XML:com.adobe.xmp", mark_of_data(sentence).decode())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=about, compress_level=1)
    return buffer.getvalue()
