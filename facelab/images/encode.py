"""Write a photograph to a file, with all its metadata, in one step."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

from facelab.errors import OutputError, UsageError
from facelab.files import StrPath
from facelab.files.writing import write_bytes_atomically
from facelab.images.formats import WRITTEN
from facelab.images.icc import space_of
from facelab.images.image import Image, Metadata
from facelab.images.metadata import ICC_TAG, IPTC_RESOURCE, IPTC_TAG, XMP_TAG
from facelab.images.png import chunk
from facelab.images.xmp import segments
from facelab.numerics.integers import rescaled, to_integers

_JPEG_QUALITY = 95
_WEBP_QUALITY = 95
_AVIF_QUALITY = 90
_AVIF_SPEED = 8  # of 10: 0.4 s a megapixel, a quarter larger than at 6 and no worse
_SEGMENT_LIMIT = 65533  # bytes in one JPEG segment, next to its length (ITU-T T.81, B.1.1.4)


def output_format(path: StrPath) -> str:
    """Name of the format that a file name's suffix stands for.

    Returns
    -------
    str
        ``"JPEG"``, ``"PNG"``, ``"WEBP"``, ``"AVIF"`` or ``"TIFF"``.

    Raises
    ------
    UsageError
        If the suffix is none of those facelab writes.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in WRITTEN:
        raise UsageError(
            f"{path}: cannot write {suffix or 'a file without a suffix'}; "
            f"end the name in one of {' '.join(WRITTEN)}"
        )
    return WRITTEN[suffix]


def write(
    path: StrPath, image: Image, *, xmp: bytes | None = None, quality: int | None = None
) -> list[str]:
    """Write an image in the format of the file name's suffix.

    A JPEG that came from a JPEG is written with the same quantisation tables and chroma
    subsampling, any other at quality 95 without subsampling. PNG and TIFF hold the integers that
    were read; so does WebP when it came from a lossless WebP, else its quality is 95.

    Parameters
    ----------
    path : path
        The file to create or replace.
    image : Image
        Its pixels go into the space of ``metadata.icc``; what that does not hold is clipped.
    xmp : bytes, optional
        XMP packet to write in place of the image's own.
    quality : int, optional
        Of JPEG, WebP and AVIF, 1 to 100, in place of what is said above; PNG and TIFF lose nothing.

    Returns
    -------
    list of str
        What this format could not keep, a clause each, for the user.

    Raises
    ------
    UsageError
        If the suffix is none of `facelab.images.formats.WRITTEN`.
    OutputError
        If the image does not fit the format or the file cannot be written; nothing is left behind.
    """
    write_bytes_atomically(path, encoded(path, image, xmp=xmp, quality=quality))
    return losses(path, image)


def encoded(
    name: StrPath, image: Image, *, xmp: bytes | None = None, quality: int | None = None
) -> bytes:
    """Encode an image as the bytes that `write` would write to a file of that name.

    Parameters
    ----------
    name : path
        Its suffix tells the format; nothing is written.
    image, xmp, quality
        As of `write`.

    Raises
    ------
    UsageError
        If the suffix is none of `facelab.images.formats.WRITTEN`.
    OutputError
        If the image does not fit the format.
    """
    label = output_format(name)
    if xmp is not None:
        image = replace(image, metadata=replace(image.metadata, xmp=xmp))
    try:
        return _ENCODERS[label](image, quality)
    except (OSError, ValueError, struct.error) as error:
        raise OutputError(
            f"{name}: the image does not fit {label} ({error}); write another format"
        ) from error


def losses(path: StrPath, image: Image) -> list[str]:
    """Return what the format of a file name cannot keep of an image, a clause each."""
    label, metadata, notes = output_format(path), image.metadata, []
    if label == "JPEG" and image.alpha is not None:
        notes.append("JPEG holds no transparency; PNG, WebP, AVIF and TIFF keep it")
    if label in ("JPEG", "WEBP", "AVIF") and image.bits == 16:
        notes.append(f"{label} holds 8 of the 16 bits; PNG and TIFF keep them")
    if label == "JPEG" and metadata.exif and not _fitting(metadata.exif):
        notes.append("the EXIF block is too large for JPEG and not kept")
    if metadata.iptc and (
        label in ("PNG", "WEBP", "AVIF") or (label == "JPEG" and not _app13(metadata))
    ):
        notes.append(f"IPTC records do not fit {label} and are not kept")
    if metadata.had_c2pa:
        notes.append("Content Credentials (C2PA) of the input are not carried over")
    return notes


def _jpeg(image: Image, quality: int | None) -> bytes:
    metadata = image.metadata
    coding: dict[str, Any] = {"quality": quality or _JPEG_QUALITY, "subsampling": 0}
    if metadata.jpeg_tables is not None and quality is None:
        coding = {
            "qtables": [list(table) for table in metadata.jpeg_tables],
            "subsampling": metadata.jpeg_subsampling,
        }
    # libjpeg's own Huffman tables suit a photograph well enough; searching better ones is slow.
    return _by_pillow(
        _colours(image, 8),
        "JPEG",
        exif=_fitting(metadata.exif) or b"",
        icc_profile=metadata.icc,
        dpi=metadata.dpi or (0, 0),
        extra=_app1(metadata) + _app13(metadata),
        **coding,
    )


def _webp(image: Image, quality: int | None) -> bytes:
    metadata = image.metadata
    return _by_pillow(
        _integers(image, 8),
        "WEBP",
        lossless=metadata.format == "WEBP" and metadata.lossless and quality is None,
        quality=quality or _WEBP_QUALITY,
        exact=True,
        exif=metadata.exif or b"",
        icc_profile=metadata.icc,
        xmp=metadata.xmp or b"",
    )


def _avif(image: Image, quality: int | None) -> bytes:
    metadata = image.metadata
    return _by_pillow(
        _integers(image, 8),
        "AVIF",
        quality=quality or _AVIF_QUALITY,
        subsampling="4:4:4",
        speed=_AVIF_SPEED,
        max_threads=1,  # with two, and with tiles by the number of cores, the bytes are others
        autotiling=False,
        exif=metadata.exif or b"",
        icc_profile=metadata.icc,
        xmp=metadata.xmp or b"",
    )


def _by_pillow(values: NDArray[np.uint8], plugin: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.fromarray(values).save(buffer, plugin, **options)
    return buffer.getvalue()


def _integers(image: Image, bits: int) -> NDArray[Any]:
    """RGB or RGBA, (H, W, 3 or 4), uint8 or uint16."""
    colours = _colours(image, bits)
    if image.alpha is None:
        return colours
    return np.dstack([colours, to_integers(image.alpha, bits)])


def _colours(image: Image, bits: int) -> NDArray[Any]:
    """RGB in the space of the image's profile, (H, W, 3), uint8 or uint16."""
    space, known = space_of(image.metadata.icc), image.stored
    if image.values.dtype != np.float32 and image.space is space:
        return rescaled(image.values, bits)
    if space is None:
        return to_integers(image.pixels, bits)
    if known is not None and known.shape != image.values.shape:  # of the image before it was cut
        known = None
    return space.stored(image.pixels, bits, known)


def _fitting(block: bytes | None) -> bytes | None:
    """Return the block if one JPEG segment holds it."""
    return block if block and len(block) <= _SEGMENT_LIMIT else None


def _app1(metadata: Metadata) -> bytes:
    """The XMP packet in as many JPEG segments as it takes."""
    payloads = segments(metadata.xmp) if metadata.xmp else []
    return b"".join(b"\xff\xe1" + struct.pack(">H", len(one) + 2) + one for one in payloads)


def _app13(metadata: Metadata) -> bytes:
    """IPTC records as a Photoshop resource in a JPEG segment, or nothing if too long."""
    records = metadata.iptc or b""
    resource = struct.pack(">4sHHI", b"8BIM", IPTC_RESOURCE, 0, len(records)) + records
    payload = _fitting(b"Photoshop 3.0\0" + resource + b"\0" * (len(records) % 2))
    if not records or payload is None:
        return b""
    return b"\xff\xed" + struct.pack(">H", len(payload) + 2) + payload


def _png(image: Image, _quality: int | None) -> bytes:
    """PNG (third edition), the pixels by OpenCV since Pillow writes no 16-bit RGB."""
    values = _integers(image, image.bits)
    code = cv2.COLOR_RGB2BGR if image.alpha is None else cv2.COLOR_RGBA2BGRA
    done, encoded = cv2.imencode(".png", cv2.cvtColor(values, code))
    if not done:
        raise ValueError("it cannot be encoded")
    data, end = encoded.data, 33  # of the signature and the IHDR chunk
    return b"".join((data[:end], _png_metadata(image.metadata), data[end:]))


def _png_metadata(metadata: Metadata) -> bytes:
    chunks = []
    if metadata.png_colour:
        chunks += [chunk(name, data) for name, data in metadata.png_colour]
    elif metadata.icc:
        chunks.append(chunk(b"iCCP", b"icc\0\0" + zlib.compress(metadata.icc)))
    if metadata.dpi:
        per_metre = [round(value / 0.0254) for value in metadata.dpi]
        chunks.append(chunk(b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if metadata.exif:
        chunks.append(chunk(b"eXIf", metadata.exif.removeprefix(b"Exif\0\0")))
    if metadata.xmp:
        chunks.append(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp))
    return b"".join(chunks)


def _tiff(image: Image, _quality: int | None) -> bytes:
    """TIFF 6.0, one Deflate strip with horizontal differences.

    An EXIF block is itself the head of a TIFF file: it takes the tags that describe the pixels,
    and the pixels follow it.
    """
    metadata = image.metadata
    values = _integers(image, image.bits)
    height, width, channels = values.shape
    differences = np.diff(values, axis=1, prepend=values.dtype.type(0))
    strip = zlib.compress(differences.astype(values.dtype.newbyteorder("<")).tobytes(), 1)
    tiff = PIL.Image.Exif()
    tiff.load(metadata.exif or b"")
    tiff.endian = "<"
    tiff.update({256: width, 257: height, 258: (image.bits,) * channels, 259: 8, 262: 2})
    tiff.update({273: 0, 277: channels, 278: height, 279: len(strip), 284: 1, 317: 2})
    blocks = {XMP_TAG: metadata.xmp, IPTC_TAG: metadata.iptc, ICC_TAG: metadata.icc}
    tiff.update({tag: block for tag, block in blocks.items() if block})
    if channels == 4:
        tiff[338] = 2  # unassociated alpha
    if metadata.dpi:
        tiff.update({282: metadata.dpi[0], 283: metadata.dpi[1], 296: 2})
    return tiff.tobytes().removeprefix(b"Exif\0\0") + strip


_ENCODERS: dict[str, Callable[[Image, int | None], bytes]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "AVIF": _avif,
    "TIFF": _tiff,
}
