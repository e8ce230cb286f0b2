"""Pictures that show part of a photograph say so."""

from __future__ import annotations

from pathlib import Path

from facelab.images import Image, Metadata, write
from facelab.provenance import ENHANCED, mark
from facelab.types import Float


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
