"""EXIF, ICC, XMP, IPTC and Content Credentials of an opened file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import PIL.Image
from PIL import ExifTags, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from facelab.images.image import Metadata
from facelab.images.profiles import read_profile
from facelab.images.xmp import is_too_large, joined, parse_xmp

# Photoshop image resource that holds the IPTC-IIM records; TIFF keeps them in a tag instead.
IPTC_RESOURCE = 0x0404
IPTC_TAG = 33723
XMP_TAG = 700
ICC_TAG = 34675
_C2PA_TAG = 52545
_DAMAGED_EXIF = "its EXIF block is damaged and not kept"
_WIDTH_TAG, _HEIGHT_TAG = 0xA002, 0xA003
_BOXES = 1 << 16  # bytes at the head of AVIF and HEIC, where the boxes are that describe pixels

# Baseline and extended TIFF tags that describe how one file stores its pixels, and blocks of other
# metadata: none of them belongs in an EXIF block.
_STORAGE_TAGS = {
    *(254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 277, 278, 279, 284, 288, 289, 290, 291),
    *(292, 293, 317, 318, 319, 320, 322, 323, 324, 325, 330, 338, 339, 340, 341, 347, 512, 513),
    *(514, 529, 530, 531, 532, XMP_TAG, IPTC_TAG, 34377, ICC_TAG, 37724, 50341, _C2PA_TAG),
}


def read_metadata(file: PIL.Image.Image, data: bytes) -> tuple[Metadata, list[str]]:
    """Collect the metadata to be written again, and notes on what is lost.

    Parameters
    ----------
    file : PIL image
        Opened and loaded.
    data : bytes
        The whole file.
    """
    notes: list[str] = []
    icc, png_colour, lost = read_profile(file, data)
    notes += lost
    tables, subsampling = _jpeg_coding(file)
    metadata = Metadata(
        format=file.format or "",
        exif=_exif(file, notes),
        icc=icc,
        png_colour=png_colour,
        xmp=_xmp(file, notes),
        iptc=_iptc(file),
        dpi=_dpi(file),
        jpeg_tables=tables,
        jpeg_subsampling=subsampling,
        lossless=file.format in ("PNG", "TIFF") or b"VP8L" in _riff_chunks(data),
        had_c2pa=_has_c2pa(file, data),
    )
    return metadata, notes


def container_notes(data: bytes) -> list[str]:
    """Notes on what reading AVIF or HEIC loses: bits beyond 8."""
    depths = re.findall(rb"pixi\0{4}[\x01-\x04](.)", data[:_BOXES], re.DOTALL)
    if data[4:8] == b"ftyp" and (bits := max((depth[0] for depth in depths), default=8)) > 8:
        return [f"8 of its {bits} bits are read"]
    return []


def orientation(file: PIL.Image.Image) -> int:
    """EXIF orientation, 1 to 8, that is still to be applied to the loaded pixels."""
    value = 1 if file.format == "TIFF" else file.getexif().get(ExifTags.Base.Orientation, 1)
    return value if value in range(1, 9) else 1


def _exif(file: PIL.Image.Image, notes: list[str]) -> bytes | None:
    try:
        exif = PIL.Image.Exif()
        exif.load(file.getexif().tobytes())
        for tag in _STORAGE_TAGS.intersection(exif):
            del exif[tag]
        if not exif:
            if file.info.get("exif"):
                notes.append(_DAMAGED_EXIF)
            return None
        exif[ExifTags.Base.Orientation] = 1
        details = exif.get_ifd(ExifTags.IFD.Exif)
        if {_WIDTH_TAG, _HEIGHT_TAG} <= details.keys():
            details[_WIDTH_TAG], details[_HEIGHT_TAG] = displayed_size(file)
        return exif.tobytes()
    except Exception:  # Pillow reads damaged blocks lazily and fails in many ways.
        notes.append(_DAMAGED_EXIF)
        return None


def displayed_size(file: PIL.Image.Image) -> tuple[int, int]:
    """Width and height after the orientation is applied."""
    return (file.height, file.width) if orientation(file) >= 5 else file.size


def _xmp(file: PIL.Image.Image, notes: list[str]) -> bytes | None:
    xmp = file.info.get("xmp")
    if not xmp:
        return None
    if not isinstance(xmp, bytes) or parse_xmp(xmp) is None:
        large = isinstance(xmp, bytes) and is_too_large(xmp)
        notes.append(f"its XMP is {'too large' if large else 'malformed'} and not kept")
        return None
    whole = joined(xmp, (payload for name, payload in _segments(file) if name == "APP1"))
    if whole is None:
        notes.append("its extended XMP is damaged and not kept")
    xmp = whole or xmp
    # A second statement of the orientation; readers that trust it would turn the picture again.
    return re.sub(rb"(tiff:Orientation(?:>|\s*=\s*[\"']))[2-8]", rb"\g<1>1", xmp)


def _iptc(file: PIL.Image.Image) -> bytes | None:
    if isinstance(file, TiffImagePlugin.TiffImageFile):
        records = file.tag_v2.get(IPTC_TAG)
    else:
        records = file.info.get("photoshop", {}).get(IPTC_RESOURCE)
    return records if isinstance(records, bytes) else None


def _dpi(file: PIL.Image.Image) -> tuple[float, float] | None:
    x, y = (float(value) for value in file.info.get("dpi", (0, 0)))
    return (x, y) if 0 < x < math.inf and 0 < y < math.inf else None


def _jpeg_coding(file: PIL.Image.Image) -> tuple[tuple[tuple[int, ...], ...] | None, int | None]:
    """Quantisation tables and chroma subsampling; those of CMYK would not serve RGB."""
    if not isinstance(file, JpegImagePlugin.JpegImageFile) or file.mode not in ("L", "RGB"):
        return None, None
    # 12-bit JPEG allows larger steps than the 8-bit kind that is written.
    tables = (tuple(min(step, 255) for step in table) for table in file.quantization.values())
    # -1 stands for grey and for rare layouts: 4:4:4 is at least as good as those.
    return tuple(tables), max(JpegImagePlugin.get_sampling(file), 0)


def _segments(file: PIL.Image.Image) -> list[tuple[str, bytes]]:
    """Names and contents of the application segments of a JPEG; of other files nothing."""
    return file.applist if isinstance(file, JpegImagePlugin.JpegImageFile) else []


def _has_c2pa(file: PIL.Image.Image, data: bytes) -> bool:
    """Whether the file embeds a C2PA manifest (C2PA 2.1, appendix A.3)."""
    if isinstance(file, JpegImagePlugin.JpegImageFile):
        return any(name == "APP11" and b"jumb" in payload for name, payload in _segments(file))
    if isinstance(file, PngImagePlugin.PngImageFile):
        return any(chunk[0] == b"caBX" for chunk in file.private_chunks)
    if isinstance(file, TiffImagePlugin.TiffImageFile):
        return _C2PA_TAG in file.tag_v2
    return b"C2PA" in _riff_chunks(data)


def _riff_chunks(data: bytes) -> Iterator[bytes]:
    """Names of the chunks of a WebP file (RFC 9649, section 2.3); nothing for other files."""
    start = 12 if data[:4] == b"RIFF" else len(data)
    while start + 8 <= len(data):
        yield data[start : start + 4]
        size = int.from_bytes(data[start + 4 : start + 8], "little")
        start += 8 + size + size % 2
