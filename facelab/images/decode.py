"""Read a photograph from a file."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import io
import logging
import re
import warnings
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL._imaging
import PIL.Image
from numpy.typing import NDArray
from PIL import JpegImagePlugin, PngImagePlugin, TiffImagePlugin
from PIL.Image import Transpose

from facelab.errors import ImageError
from facelab.files import MEGABYTE, StrPath, read_bytes, why
from facelab.images.formats import reader_of, unread
from facelab.images.icc import space_of
from facelab.images.image import Image, Metadata, Origin, from_integers
from facelab.images.metadata import container_notes, orientation, read_metadata
from facelab.images.png import stripped
from facelab.images.profiles import has_foreign_profile, hdr_of

MAX_BYTES = 512 * MEGABYTE
"""Largest file that is read."""

MAX_PIXELS = 50_000_000
"""Largest image that is decoded, in pixels, three quarters of it with alpha or 16 bits.

Chosen by memory: reading a photograph and changing it takes about 25 bytes a pixel, those 32.
"""

_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # in the data of a JPEG's scan
_MOST_SCANNED = 2_000_000_000  # pixels times scans of a progressive JPEG: under a minute

# Pillow logs some of what is wrong with a file, which without any handler goes to stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())

_EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr")
_PHOTOMETRIC = {0: "inverted grey", 5: "CMYK", 6: "YCbCr", 8: "CIELAB"}

_TO_RGB = {(): cv2.COLOR_GRAY2RGB, (3,): cv2.COLOR_BGR2RGB, (4,): cv2.COLOR_BGRA2RGBA}

# Orientation -> transpose, flip rows, flip columns, in this order (EXIF 2.32, 4.6.4).
_TURNS = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}
_INVERSE = {6: 8, 8: 6}  # the orientation that undoes another; all others undo themselves
_METHODS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_STRIP = 256  # rows that are taken from Pillow at a time


def read(path: StrPath) -> Image:
    """Read a JPEG, PNG, WebP, AVIF, TIFF, BMP or GIF photograph; HEIC with the extra ``heic``.

    Grey, palette, CMYK and YCbCr images become RGB, through their colour profile where it is one
    of grey or of CMYK. RGB becomes sRGB by what the file says of its colours: an ICC profile, the
    chunks of a PNG, the code of an AVIF. Of several frames or pages the first is read.

    Parameters
    ----------
    path : path
        The file; what it is, is told by its content.

    Returns
    -------
    Image
        Upright as displayed; its `notes` say what could not be kept.

    Raises
    ------
    ImageError
        If there is no such file, or it is not an intact image of at most `MAX_PIXELS` that
        facelab can represent.

    Examples
    --------
    >>> facelab.read("astronaut.png")
    <Image 512x512, 8 bits, astronaut.png>
    """
    path = Path(path)
    data = _content(path)
    image = decoded(path, data)
    origin = Origin(path.name, hashlib.sha256(data).hexdigest(), image.values)
    return replace(image, origin=origin)


def decoded(name: StrPath, data: bytes) -> Image:
    """Decode the bytes of a file, as `read` does.

    Parameters
    ----------
    name : path
        The name of the file in errors; nothing is read from it.
    data : bytes
        All of the file.

    Raises
    ------
    ImageError
        If it is not an intact image of at most `MAX_PIXELS` that facelab can represent.
    """
    path = Path(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of metadata that is noted here instead.
            return _decode(path, data)
    except ImageError:
        raise
    except Exception as error:  # Decoders fail in many ways on damaged or exotic files.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImageError(
            f"{path}: damaged, truncated or of an unknown kind ({reason}); export it again"
        ) from error


def _decode(path: Path, data: bytes) -> Image:
    file = _open(path, data)
    _refuse_hdr(path, data)
    metadata, notes = read_metadata(file, data)
    bits = _bits(path, file, data)
    turn = orientation(file)
    if bits == 8:
        values = _upright(_eight_bit(file, notes), turn)
    else:
        values = _turned(_sixteen_bit(path, file, data), turn)
    if _has_more_frames(file):
        notes.append("only its first frame is read")
    notes += container_notes(data)
    file.close()  # Pillow's own copy of the pixels
    return _image(values, bits, metadata, notes)


def of_pil(picture: PIL.Image.Image) -> Image:
    """An image from one of Pillow, with 8 bits a channel, as `read` gives that of a file.

    Raises
    ------
    ImageError
        If its file is damaged.
    """
    try:
        picture.load()
    except (OSError, SyntaxError) as error:
        raise ImageError(f"PIL image: cannot be decoded ({error}); open the file again") from error
    metadata, notes = read_metadata(picture, b"")
    values = _upright(_eight_bit(picture, notes), orientation(picture))
    return _image(values, 8, metadata, notes)


def _image(values: NDArray[Any], bits: int, metadata: Metadata, notes: list[str]) -> Image:
    colours, space = np.ascontiguousarray(values[..., :3]), space_of(metadata.icc)
    alpha = from_integers(values[..., 3]) if values.shape[2] == 4 else None
    stored = None if space is None else colours
    return Image(colours, alpha, bits, metadata, tuple(notes), space=space, stored=stored)


def _has_more_frames(file: PIL.Image.Image) -> bool:
    if isinstance(file, TiffImagePlugin.TiffImageFile):
        return bool(file.tag_v2.next)  # counting them would go through all there are
    return getattr(file, "n_frames", 1) > 1


def _content(path: Path) -> bytes:
    try:
        data = read_bytes(path, MAX_BYTES)
    except IsADirectoryError as error:
        raise ImageError(f"{path}: is a folder; give an image file") from error
    except FileNotFoundError as error:
        raise ImageError(f"{path}: no such file; check the path") from error
    except OSError as error:
        remedy = "check its permissions" if error.errno == errno.EACCES else "give an image file"
        raise ImageError(f"{path}: cannot be read ({why(error)}); {remedy}") from error
    if not data:
        raise ImageError(f"{path}: is empty (zero bytes); fetch or export it again")
    return data


def _open(path: Path, data: bytes) -> PIL.Image.Image:
    """Open by the magic number, refuse oversized headers, then decode."""
    reader = reader_of(data)
    if reader is None:
        raise ImageError(f"{path}: {unread(data)}")
    file = reader(io.BytesIO(data))
    _refuse_bomb(path, file.size, _is_plain(file, data))
    if reader is JpegImagePlugin.JpegImageFile:
        _refuse_scans(path, file.size, data)
    elif reader is TiffImagePlugin.TiffImageFile:
        _silence_libtiff()
    file.load()
    return file


def _is_plain(file: PIL.Image.Image, data: bytes) -> bool:
    """Whether it has three channels of 8 bits or fewer, as far as its header says."""
    if isinstance(file, TiffImagePlugin.TiffImageFile):
        deep = max(file.tag_v2.get(258, (1,))) > 8
    else:
        deep = data.startswith(b"\x89PNG") and data[24] == 16
    return not deep and not file.has_transparency_data


def _refuse_bomb(path: Path, size: tuple[int, int], plain: bool) -> None:
    width, height = size
    most, kind = (MAX_PIXELS, "") if plain else (MAX_PIXELS * 3 // 4, " with alpha or 16 bits")
    if width * height > most:
        raise ImageError(
            f"{path}: {width} x {height} pixels are more than the limit of "
            f"{most / 1e6:g} megapixels{kind}; scale it down to {_fitting(size, most)}"
        )


def _refuse_hdr(path: Path, data: bytes) -> None:
    curve = hdr_of(data)
    if curve:
        raise ImageError(
            f"{path}: its colours are of high dynamic range ({curve}), which facelab does not "
            "know; convert it to sRGB or Display P3"
        )


def _fitting(size: tuple[int, int], most: int) -> str:
    """A size of the same shape that is not too large."""
    scale = (most / (size[0] * size[1])) ** 0.5
    return " x ".join(str(max(1, int(side * scale))) for side in size)


def _refuse_scans(path: Path, size: tuple[int, int], data: bytes) -> None:
    """A progressive JPEG goes over all its pixels in every scan, of which it can have thousands."""
    scans = _scans(data)
    if scans * size[0] * size[1] > _MOST_SCANNED:
        raise ImageError(
            f"{path}: its {scans} scans of {size[0]} x {size[1]} pixels would take minutes; "
            "export it again"
        )


def _scans(data: bytes) -> int:
    """How many scans a JPEG has, up to its end: what follows, a video perhaps, is none of it."""
    at, scans = 2, 0
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        marker = data[at + 1]
        if marker == 0xD9:  # the end
            break
        if marker in (0x00, 0x01, *range(0xD0, 0xD8), 0xFF):  # those that stand alone
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            scans += 1
            found = _NEXT_MARKER.search(data, at)
            at = found.start() if found else len(data)
    return scans


@cache
def _silence_libtiff() -> None:
    """Keep libtiff, which Pillow loads, from writing about damaged files to stderr itself.

    What matters comes as an exception, too. Its handlers are set once and for the whole process:
    turning stderr aside while a file is read would take the lines of other threads with it.
    Where Pillow's libtiff cannot be reached, it goes on to write.
    """
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(str(PIL._imaging.__file__))
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            setter = getattr(library, name)
            setter.restype, setter.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
            setter(None)


def _bits(path: Path, file: PIL.Image.Image, data: bytes) -> int:
    """Depth per channel, 8 or 16, refusing what facelab cannot represent."""
    if isinstance(file, PngImagePlugin.PngImageFile):
        return 16 if data[24] == 16 else 8  # IHDR: length, name, width, height, depth
    if isinstance(file, TiffImagePlugin.TiffImageFile) and max(file.tag_v2.get(258, (1,))) > 8:
        _refuse_exotic_tiff(path, file)
        return 16
    if file.mode not in _EIGHT_BIT_MODES:
        raise ImageError(f"{path}: colour mode {file.mode} is not supported; convert it to RGB")
    return 8


def _refuse_exotic_tiff(path: Path, file: TiffImagePlugin.TiffImageFile) -> None:
    bits, photometric = set(file.tag_v2[258]), file.tag_v2.get(262, -1)
    layout = file.tag_v2.get(284, 1), *file.tag_v2.get(338, ())
    if bits != {16} or set(file.tag_v2.get(339, (1,))) != {1}:
        reason = "only 8-bit and 16-bit integers are supported"
    elif photometric not in (1, 2):
        reason = f"16-bit {_PHOTOMETRIC.get(photometric, 'colour of this kind')} is not supported"
    elif layout not in ((1,), (1, 0), (1, 2)):
        reason = "16-bit planes or premultiplied alpha are not supported"
    else:
        return
    raise ImageError(f"{path}: {reason}; convert it to RGB with 8 bits, or 16-bit PNG")


def _eight_bit(file: PIL.Image.Image, notes: list[str]) -> PIL.Image.Image:
    """The picture in RGB or RGBA."""
    if has_foreign_profile(file):
        file = _through_profile(file, notes)
    elif file.mode == "CMYK":
        notes.append("its CMYK colours have no profile and are approximated")
    elif file.mode == "LAB":
        file = _from_lab(file)
    elif file.mode == "La":
        file = file.convert("LA")
    mode = "RGBA" if file.has_transparency_data else "RGB"
    return file if file.mode == mode else file.convert(mode)


def _through_profile(file: PIL.Image.Image, notes: list[str]) -> PIL.Image.Image:
    """Convert grey or CMYK to sRGB by the file's own colour profile."""
    from PIL import ImageCms  # loads LittleCMS, which few photographs need

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(file.info["icc_profile"]))
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(file, profile, srgb, outputMode="RGB")
    except (OSError, ImageCms.PyCMSError):
        converted = None
    if converted is None:
        notes.append("its colour profile is damaged; its colours are approximated")
        return file
    return converted


def _from_lab(file: PIL.Image.Image) -> PIL.Image.Image:
    from PIL import ImageCms

    lab, srgb = (ImageCms.createProfile(name) for name in ("LAB", "sRGB"))
    converted = ImageCms.profileToProfile(file, lab, srgb, outputMode="RGB")
    assert converted is not None  # it is not done in place
    return converted


def _sixteen_bit(path: Path, file: PIL.Image.Image, data: bytes) -> NDArray[Any]:
    """Pixels of a 16-bit PNG or TIFF, of which Pillow would keep the upper 8 bits only."""
    if isinstance(file, PngImagePlugin.PngImageFile):
        data = stripped(data)
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.shape[:2] != file.size[::-1]:
        raise ImageError(f"{path}: its 16-bit pixels cannot be decoded; convert it to 16-bit PNG")
    code, held = _TO_RGB[values.shape[2:]], values if values.ndim == 3 else None
    return np.asarray(cv2.cvtColor(values, code, dst=held))


def _upright(picture: PIL.Image.Image, turn: int) -> NDArray[np.uint8]:
    """The pixels of an RGB or RGBA picture, turned as its EXIF orientation says.

    Taken strip by strip: as a whole, Pillow gives them in pieces that it joins, twice the memory.
    """
    (width, height), channels = picture.size, len(picture.getbands())
    shape = (width, height) if _TURNS[turn][0] else (height, width)
    upright = np.empty((*shape, channels), np.uint8)
    lying = _turned(upright, _INVERSE.get(turn, turn))
    for top in range(0, height, _STRIP):
        strip = picture.crop((0, top, width, min(top + _STRIP, height)))
        if turn in _METHODS:
            strip = strip.transpose(_METHODS[turn])
        there = _turned(lying[top : top + _STRIP], turn)
        there[...] = np.frombuffer(strip.tobytes(), np.uint8).reshape(there.shape)
    return upright


def _turned(values: NDArray[Any], turn: int) -> NDArray[Any]:
    """A view of an array of pixels, turned as an EXIF orientation says."""
    transpose, flip_rows, flip_columns = _TURNS[turn]
    if transpose:
        values = values.swapaxes(0, 1)
    return values[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
