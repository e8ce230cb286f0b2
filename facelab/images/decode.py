"""Read a photograph from a file."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray
from PIL import PngImagePlugin, TiffImagePlugin

from facelab.errors import ImageError
from facelab.images.colour_space import ColourSpace
from facelab.images.files import StrPath
from facelab.images.formats import reader_of, unread
from facelab.images.icc import space_of
from facelab.images.image import Image, Origin, from_integers
from facelab.images.metadata import container_notes, orientation, read_metadata
from facelab.images.profiles import has_foreign_profile, hdr_of

MAX_PIXELS = 200_000_000
"""Largest image that is decoded, in pixels; larger headers are taken for decompression bombs."""

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
    """
    path = Path(path)
    data = _content(path)
    image = decoded(path, data)
    origin = Origin(path.name, hashlib.sha256(data).hexdigest(), image.pixels)
    return replace(image, origin=origin)


def decoded(name: StrPath, data: bytes) -> Image:
    """An image from the bytes of a file, as `read` gives it.

    Parameters
    ----------
    name : path
        What errors call it; nothing is read.
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
    values = _eight_bit(file, notes) if bits == 8 else _sixteen_bit(path, file, data)
    if getattr(file, "n_frames", 1) > 1:
        notes.append("only its first frame is read")
    notes += container_notes(data)
    upright = _upright(values, orientation(file))
    pixels, stored = _in_srgb(upright, space_of(metadata.icc))
    alpha = from_integers(upright[..., 3]) if upright.shape[2] == 4 else None
    return Image(pixels, alpha, bits, metadata, tuple(notes), stored=stored)


def _in_srgb(
    values: NDArray[Any], space: ColourSpace | None
) -> tuple[NDArray[np.float32], NDArray[Any] | None]:
    """The colours of integers in a space, None for sRGB, and these where they are to be kept."""
    colours = np.ascontiguousarray(values[..., :3])
    if space is None:
        return from_integers(colours), None
    return space.decoded(colours), colours


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise ImageError(f"{path}: is a folder; give an image file")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(f"{path}: no such file; check the path") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ImageError(f"{path}: cannot be read ({reason}); check its permissions") from error
    if not data:
        raise ImageError(f"{path}: is empty (zero bytes); fetch or export it again")
    return data


def _open(path: Path, data: bytes) -> PIL.Image.Image:
    """Open by the magic number, refuse oversized headers, then decode."""
    reader = reader_of(data)
    if reader is None:
        raise ImageError(f"{path}: {unread(data)}")
    file = reader(io.BytesIO(data))
    _refuse_bomb(path, file.size)
    file.load()
    return file


def _refuse_bomb(path: Path, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{path}: {width} x {height} pixels are more than the limit of "
            f"{MAX_PIXELS // 1_000_000} megapixels; scale it down"
        )


def _refuse_hdr(path: Path, data: bytes) -> None:
    curve = hdr_of(data)
    if curve:
        raise ImageError(
            f"{path}: its colours are of high dynamic range ({curve}), which facelab does not "
            "know; convert it to sRGB or Display P3"
        )


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


def _eight_bit(file: PIL.Image.Image, notes: list[str]) -> NDArray[Any]:
    if has_foreign_profile(file):
        file = _through_profile(file, notes)
    elif file.mode == "CMYK":
        notes.append("its CMYK colours have no profile and are approximated")
    mode = "RGBA" if file.has_transparency_data else "RGB"
    return np.asarray(file if file.mode == mode else file.convert(mode))


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


def _sixteen_bit(path: Path, file: PIL.Image.Image, data: bytes) -> NDArray[Any]:
    """Pixels of a 16-bit PNG or TIFF, of which Pillow would keep the upper 8 bits only."""
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.uint16 or values.shape[:2] != file.size[::-1]:
        raise ImageError(f"{path}: its 16-bit pixels cannot be decoded; convert it to 16-bit PNG")
    return np.asarray(cv2.cvtColor(values, _TO_RGB[values.shape[2:]]))


def _upright(values: NDArray[Any], turn: int) -> NDArray[Any]:
    transpose, flip_rows, flip_columns = _TURNS[turn]
    if transpose:
        values = values.swapaxes(0, 1)
    return np.ascontiguousarray(values[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1])
