"""Formats of pictures: by the suffix of a name, and by the first bytes of a file."""

from __future__ import annotations

from importlib.util import find_spec

import PIL.ImageFile
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

WRITTEN = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".jif": "JPEG",
    ".jfi": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".avif": "AVIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""Suffix to the format that is read and written under it."""

WRITTEN_AS = {
    ".bmp": ".png",
    ".dib": ".png",
    ".gif": ".png",
    ".heic": ".jpg",
    ".heif": ".jpg",
    ".hif": ".jpg",
}
"""Suffix of what is read only to that of what is made of it: its own format holds no mark."""

HEIC_SUFFIXES = (".heic", ".heif", ".hif")
KINDS = "JPEG, PNG, WebP, AVIF, TIFF, BMP or GIF"
"""What is read, for messages; HEIC where pillow-heif is installed."""

# The plugins themselves, since PIL.Image.open has a lower limit of its own, set process-wide.
_READERS: dict[bytes, type[PIL.ImageFile.ImageFile]] = {
    b"\xff\xd8\xff": JpegImagePlugin.JpegImageFile,
    b"\x89PNG": PngImagePlugin.PngImageFile,
    b"RIFF": WebPImagePlugin.WebPImageFile,
    b"II*\0": TiffImagePlugin.TiffImageFile,
    b"MM\0*": TiffImagePlugin.TiffImageFile,
    b"II+\0": TiffImagePlugin.TiffImageFile,
    b"MM\0+": TiffImagePlugin.TiffImageFile,
    b"BM": BmpImagePlugin.BmpImageFile,
    b"GIF8": GifImagePlugin.GifImageFile,
}
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def is_read(suffix: str) -> bool:
    """Whether files whose names end in `suffix`, of lower case, are taken for photographs here."""
    return suffix in WRITTEN or (
        suffix in WRITTEN_AS and (suffix not in HEIC_SUFFIXES or reads_heic())
    )


def reads_heic() -> bool:
    """Whether the optional package is installed that reads HEIC."""
    return find_spec("pillow_heif") is not None


def reader_of(data: bytes) -> type[PIL.ImageFile.ImageFile] | None:
    """The reader of a file that begins with `data`; None if there is none."""
    brands = _brands(data)
    if brands & _AVIF_BRANDS:
        return AvifImagePlugin.AvifImageFile
    if brands & _HEIC_BRANDS:
        return _heic_reader() if reads_heic() else None
    return next((cls for magic, cls in _READERS.items() if data.startswith(magic)), None)


def unread(data: bytes) -> str:
    """The reason why nothing reads a file that begins with `data`, and the remedy."""
    if _brands(data) & _HEIC_BRANDS:
        return "HEIC needs pillow-heif, which is not installed; pip install 'facelab[heic]'"
    return f"not a {KINDS} image; convert it to one of them"


def _brands(data: bytes) -> set[bytes]:
    """The brands of a file of the ISO base media format (ISO/IEC 14496-12, 4.3), or none."""
    if data[4:8] != b"ftyp":
        return set()
    size = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12], *(data[at : at + 4] for at in range(16, size, 4))}


def _heic_reader() -> type[PIL.ImageFile.ImageFile]:
    from pillow_heif import HeifImageFile

    reader: type[PIL.ImageFile.ImageFile] = HeifImageFile
    return reader
