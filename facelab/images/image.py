"""An image as facelab computes with it, and the conversion to and from integers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_UNIT_OF_BYTE = np.arange(256, dtype=np.float32) / np.float32(255)


@dataclass(frozen=True)
class Metadata:
    r"""The metadata of a file, ready to be written again.

    Attributes
    ----------
    format : str
        ``"JPEG"``, ``"PNG"``, ``"WEBP"`` or ``"TIFF"``.
    exif : bytes or None
        EXIF block, starting with ``Exif\0\0``; orientation is 1 and the thumbnail, which would
        show the picture before the edit, is gone.
    icc : bytes or None
        ICC profile of the file, in whose space the pixels are written again; always one of RGB.
    png_colour : tuple of (bytes, bytes)
        Names and contents of the chunks by which a PNG says the same: cICP, iCCP, sRGB, gAMA and
        cHRM.
    xmp : bytes or None
        XMP packet, well-formed UTF-8 without a DTD.
    iptc : bytes or None
        IPTC-IIM records (caption, byline, copyright).
    dpi : (float, float) or None
        Horizontal and vertical resolution, pixels per inch.
    jpeg_tables : tuple of 64-tuples of int, or None
        Quantisation tables of a JPEG in YCbCr or grey, each row by row.
    jpeg_subsampling : int or None
        Chroma subsampling of that JPEG: 0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0.
    lossless : bool
        The file held its pixels without loss.
    had_c2pa : bool
        The file carried Content Credentials, which an edit invalidates.
    """

    format: str = "PNG"
    exif: bytes | None = None
    icc: bytes | None = None
    png_colour: tuple[tuple[bytes, bytes], ...] = ()
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None
    jpeg_tables: tuple[tuple[int, ...], ...] | None = None
    jpeg_subsampling: int | None = None
    lossless: bool = True
    had_c2pa: bool = False

    def __repr__(self) -> str:
        blocks = [name for name in ("exif", "icc", "xmp", "iptc") if getattr(self, name)]
        return f"<Metadata {', '.join([self.format or 'no format', *blocks])}>"


@dataclass(frozen=True, eq=False)
class Origin:
    """The file that an image was read from.

    Attributes
    ----------
    file : str
        Its name, without the folder.
    sha256 : str
        Of its content, in lower-case hexadecimal digits.
    pixels : (H, W, 3) float32
        The pixels that were read.
    """

    file: str
    sha256: str
    pixels: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True)
class Image:
    """A photograph as displayed: EXIF orientation is already applied.

    Attributes
    ----------
    pixels : (H, W, 3) float32
        RGB, sRGB-encoded, not premultiplied: in [0, 1], except that colours of a file in a wider
        space may lie outside, on sRGB's curve continued and mirrored at 0.
    alpha : (H, W) float32 or None
        Opacity in [0, 1].
    bits : int
        8 or 16, the depth of the file per channel.
    metadata : Metadata
        The file's metadata.
    notes : tuple of str
        What could not be kept on reading, a clause each, for the user.
    origin : Origin or None
        The file it was read from, whatever became of its pixels since.
    stored : (H, W, 3) uint8 or uint16, or None
        The file's own RGB where its space is not sRGB: what of `pixels` is unchanged is written
        as it was.

    Raises
    ------
    ValueError
        If an array has another shape or dtype, or `bits` another value.

    Examples
    --------
    >>> image = facelab.read("astronaut.png")
    >>> image
    <Image 512x512, 8 bits, astronaut.png>
    >>> image.pixels.shape, image.pixels.dtype, image.alpha
    ((512, 512, 3), dtype('float32'), None)
    """

    pixels: NDArray[np.float32]
    alpha: NDArray[np.float32] | None = None
    bits: int = 8
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()
    origin: Origin | None = field(default=None, repr=False, compare=False)
    stored: NDArray[Any] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check("pixels", self.pixels, (*self.pixels.shape[:2], 3))
        if self.alpha is not None:
            _check("alpha", self.alpha, self.pixels.shape[:2])
        if self.bits not in (8, 16):
            raise ValueError(f"bits must be 8 or 16, got {self.bits}")

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        said = [f"{self.bits} bits", *(["alpha"] if self.alpha is not None else [])]
        said += [self.origin.file] if self.origin else []
        return f"<Image {width}x{height}, {', '.join(said)}>"

    @property
    def as_read(self) -> bool:
        """Whether the pixels are the very array that was read from a file."""
        return self.origin is not None and self.pixels is self.origin.pixels

    @property
    def losses(self) -> list[str]:
        """The losses on reading the file, a clause each that names it."""
        name = self.origin.file if self.origin else "image"
        found = [f"{name}: {note}" for note in self.notes]
        if self.metadata.had_c2pa:
            found.append(f"{name}: its Content Credentials (C2PA) are not carried over")
        return found

    @property
    def srgb(self) -> NDArray[np.float32]:
        """The pixels clipped to sRGB's gamut, [0, 1]; themselves where the file is in sRGB."""
        return self.pixels if self.stored is None else np.clip(self.pixels, 0, 1)


def _check(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape or array.dtype != np.float32:
        raise ValueError(f"{name} must be {shape} float32, got {array.shape} {array.dtype}")


def from_integers(values: NDArray[Any]) -> NDArray[np.float32]:
    """Scale integers to [0, 1].

    Parameters
    ----------
    values : (H, W, C) uint8 or uint16

    Returns
    -------
    (H, W, C) float32
        ``values / 255`` or ``values / 65535``, correctly rounded.
    """
    if values.dtype == np.uint8:
        unit = cv2.LUT(values, _UNIT_OF_BYTE).reshape(values.shape)
        return np.asarray(unit, np.float32)
    return values.astype(np.float32) / np.float32(65535)


def to_integers(values: NDArray[np.float32], bits: int) -> NDArray[Any]:
    """Round [0, 1] to integers; what lies outside is clipped. The inverse of `from_integers`.

    Parameters
    ----------
    values : (H, W, C) float32
    bits : int
        8 or 16.

    Returns
    -------
    (H, W, C) uint8 or uint16
    """
    depth = cv2.CV_8U if bits == 8 else cv2.CV_16U
    # One row of numbers per image row: a scalar factor would only reach the first channel.
    rows = np.ascontiguousarray(values).reshape(values.shape[0], -1)
    factor: Any = float(2**bits - 1)  # OpenCV's stubs do not know scalars
    integers: NDArray[Any] = np.asarray(cv2.multiply(rows, factor, dtype=depth))
    return integers.reshape(values.shape)
