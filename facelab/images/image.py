"""An image as facelab computes with it, and the conversion to and from integers."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Frame
from facelab.numerics.integers import depth, rescaled
from facelab.numerics.integers import from_integers as from_integers
from facelab.numerics.integers import to_integers as to_integers

if TYPE_CHECKING:
    from facelab.images.colour_space import ColourSpace


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
    values : (H, W, 3) uint8 or uint16, or None
        The integers that were read; None of an image that was made of them.
    """

    file: str
    sha256: str
    values: NDArray[Any] | None = field(default=None, repr=False)

    @property
    def name_only(self) -> Origin:
        """The same, which does not hold on to the integers."""
        return replace(self, values=None)


@dataclass(frozen=True, init=False)
class Image:
    """A photograph as displayed: EXIF orientation is already applied.

    Its colours stay the integers that a file holds; floats are made where they are asked for.

    Parameters
    ----------
    pixels : (H, W, 3) uint8, uint16 or float32
        RGB. Floats are sRGB-encoded, not premultiplied: in [0, 1], except that colours of a file in
        a wider space may lie outside, on sRGB's curve continued and mirrored at 0. Integers are in
        `space`. They are not copied.
    alpha, bits, metadata, notes, origin, space, stored
        As the attributes.
    values
        In place of `pixels`, which has the last word: so ``replace(image, pixels=...)`` works.

    Attributes
    ----------
    values : (H, W, 3) uint8, uint16 or float32
        The pixels as they were given.
    alpha : (H, W) float32 or None
        Opacity in [0, 1].
    bits : int
        8 or 16, the depth of the file per channel; integers may have the other.
    metadata : Metadata
        The file's metadata.
    notes : tuple of str
        What could not be kept on reading, a clause each, for the user.
    origin : Origin or None
        The file it was read from, whatever became of its pixels since.
    space : ColourSpace or None
        Of the integers; None for sRGB.
    stored : (H, W, 3) uint8 or uint16, or None
        The integers of a file in `space`: what of `pixels` still has their colour is written as it
        was.

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
    >>> image.values.dtype
    dtype('uint8')
    """

    values: NDArray[Any]
    alpha: NDArray[np.float32] | None = None
    bits: int = 8
    metadata: Metadata = field(default_factory=Metadata)
    notes: tuple[str, ...] = ()
    origin: Origin | None = field(default=None, repr=False, compare=False)
    space: ColourSpace | None = field(default=None, repr=False, compare=False)
    stored: NDArray[Any] | None = field(default=None, repr=False, compare=False)

    def __init__(
        self,
        pixels: NDArray[Any] | None = None,
        alpha: NDArray[np.float32] | None = None,
        bits: int = 8,
        metadata: Metadata | None = None,
        notes: tuple[str, ...] = (),
        origin: Origin | None = None,
        space: ColourSpace | None = None,
        stored: NDArray[Any] | None = None,
        *,
        values: NDArray[Any] | None = None,
    ) -> None:
        if bits not in (8, 16):
            raise ValueError(f"bits must be 8 or 16, got {bits}")
        given = values if pixels is None else pixels
        if given is None:
            raise ValueError("an Image needs pixels")
        _check("pixels", given, (*given.shape[:2], 3), (np.float32, np.uint8, np.uint16))
        if alpha is not None:
            _check("alpha", alpha, given.shape[:2], (np.float32,))
        own = (given, alpha, bits, metadata or Metadata(), notes, origin, space, stored)
        for one, value in zip(fields(self), own, strict=True):
            object.__setattr__(self, one.name, value)

    def __repr__(self) -> str:
        height, width = self.shape
        said = [f"{self.bits} bits", *(["alpha"] if self.alpha is not None else [])]
        said += [self.origin.file] if self.origin else []
        return f"<Image {width}x{height}, {', '.join(said)}>"

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.values.shape[:2]
        return height, width

    @property
    def pixels(self) -> NDArray[np.float32]:
        """The pixels ``(H, W, 3)`` float32, sRGB-encoded; of integers a new array each time."""
        if self.values.dtype == np.float32:
            return self.values
        return self.window(slice(None), slice(None))

    def window(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        """The pixels of a part of the image, as `pixels`; no copy of those that are floats."""
        part = self.values[rows, columns]
        if part.dtype == np.float32:
            return np.asarray(part)
        return from_integers(part) if self.space is None else self.space.decoded(part)

    @property
    def frame(self) -> Frame:
        """The pixels as networks look at them: the integers where they are in sRGB."""
        return self.values if self.space is None else self.pixels

    def part(self, rows: slice, columns: slice) -> Frame:
        """A part of the image's `frame`; no copy of integers in sRGB."""
        if self.space is None:
            return self.values[rows, columns]
        return self.window(rows, columns)

    def held(self, pixels: NDArray[np.float32], rows: slice, columns: slice) -> NDArray[Any]:
        """Other pixels of a part of the image, as its `values` hold them.

        Those that have not changed stay bit for bit.
        """
        if self.values.dtype == np.float32:
            return pixels
        if self.space is None:
            return to_integers(pixels, depth(self.values))
        return self.space.stored(pixels, depth(self.values), self.values[rows, columns])

    @property
    def as_read(self) -> bool:
        """Whether the pixels are the very array that was read from a file."""
        return self.origin is not None and self.values is self.origin.values

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
        return self.pixels if self.space is None else np.clip(self.pixels, 0, 1)

    @property
    def srgb_frame(self) -> Frame:
        """The same, as the integers of a file in sRGB where there are such."""
        return self.values if self.space is None else self.srgb

    @property
    def srgb_integers(self) -> NDArray[Any]:
        """The same ``(H, W, 3)`` as integers of `bits`; the image's own where it has them."""
        if self.space is None and self.values.dtype != np.float32:
            return rescaled(self.values, self.bits)
        return to_integers(self.srgb, self.bits)


def _check(name: str, array: NDArray[Any], shape: tuple[int, ...], kinds: tuple[type, ...]) -> None:
    if array.shape != shape or array.dtype.type not in kinds:
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"{name} must be {shape} {wanted}, got {array.shape} {array.dtype}")
