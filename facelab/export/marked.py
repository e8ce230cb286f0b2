"""Pictures that show part of a photograph, or numbers of it, say so."""

from __future__ import annotations

from pathlib import Path

from facelab.images import Image, Metadata, write
from facelab.numerics.arrays import Float
from facelab.provenance import DATA_DRIVEN, ENHANCED, mark


def write_marked(path: Path, pixels: Float, metadata: Metadata, sentence: str) -> None:
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
