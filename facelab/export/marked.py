"""Pictures that show part of a photograph say so."""

from __future__ import annotations

from pathlib import Path

from facelab.images import Image, write
from facelab.provenance import DIGITAL_SOURCE_TYPES, mark
from facelab.types import Float

# "Modification or correction by algorithm": the photograph's pixels, moved or drawn on.
_SOURCE_TYPE = DIGITAL_SOURCE_TYPES + "algorithmicallyEnhanced"


def write_marked(path: Path, pixels: Float, sentence: str) -> None:
    """Write a picture ``(H, W, 3)`` as 8-bit RGB with `sentence` in its XMP.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    write(path, Image(pixels), xmp=mark(None, source_type=_SOURCE_TYPE, description=sentence))
