"""Image files in and out.

The only place that knows EXIF orientation, colour profiles, alpha and file metadata. An `Image`
holds the integers of its file; everything else in facelab sees float32 sRGB in [0, 1], as
displayed, whatever space the file is in (`colour_space`), of the part that it looks at. It is
written in that space again, and what was not changed as it was.

    file -> decode.read -> Image(values, alpha, bits, metadata) -> encode.write -> file
"""

from __future__ import annotations

from facelab.images.decode import MAX_PIXELS, decoded, read
from facelab.images.encode import encoded, losses, output_format, write
from facelab.images.folder import FolderContents, find_photographs
from facelab.images.formats import WRITTEN_AS
from facelab.images.image import Image, Metadata

__all__ = [
    "MAX_PIXELS",
    "WRITTEN_AS",
    "FolderContents",
    "Image",
    "Metadata",
    "decoded",
    "encoded",
    "find_photographs",
    "losses",
    "output_format",
    "read",
    "write",
]
