"""Read a photograph from a file."""

from __future__ import annotations

import errno
import io
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL.Image
import PIL.ImageFile
from numpy.typing import NDArray
from PIL import JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from facelab.errors import ImageError
from facelab.files import MEGABYTE, StrPath, read_bytes, why
from facelab.images.image import Image, from_integers
from facelab.images.metadata import has_foreign_profile, orientation, read_metadata

MAX_BYTES = 512 * MEGABYTE
"""Largest file that is read."""

MAX_PIXELS = 200_000_000
"""Largest image that is decoded, in pixels; larger headers are taken for decompression bombs."""

# The plugins themselves, since PIL.Image.open has a lower limit of its own, set process-wide.
_READERS: dict[bytes, type[PIL.ImageFile.ImageFile]] = {
    b"\xff\xd8\xff": JpegImagePlugin.JpegImageFile,
    b"\x89PNG": PngImagePlugin.PngImageFile,
    b"RIFF": WebPImagePlugin.WebPImageFile,
    b"II*\0": TiffImagePlugin.TiffImageFile,
    b"MM\0*": TiffImagePlugin.TiffImageFile,
    b"II+\0": TiffImagePlugin.TiffImageFile,
    b"MM\0+": TiffImagePlugin.TiffImageFile,
}

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
    """Read a JPEG, PNG, WebP or TIFF photograph.

    Grey, palette, CMYK and YCbCr images become RGB, through their colour profile where it is one
    of grey or of CMYK. An RGB image keeps its values and its profile. Of several frames or pages
    the first is read.

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
    return decoded(path, _content(path))


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
    metadata, notes = read_metadata(file, data)
    bits = _bits(path, file, data)
    values = _eight_bit(file, notes) if bits == 8 else _sixteen_bit(path, file, data)
    if getattr(file, "n_frames", 1) > 1:
        notes.append("only its first frame is read")
    channels = from_integers(_upright(values, orientation(file)))
    pixels = np.ascontiguousarray(channels[..., :3])
    alpha = np.ascontiguousarray(channels[..., 3]) if channels.shape[2] == 4 else None
    return Image(pixels, alpha, bits, metadata, tuple(notes))


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
    reader = next((cls for magic, cls in _READERS.items() if data.startswith(magic)), None)
    if reader is None:
        raise ImageError(f"{path}: not a JPEG, PNG, WebP or TIFF image; convert it to one of them")
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
