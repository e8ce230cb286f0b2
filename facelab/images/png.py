"""PNG files reduced to what no decoder complains of (PNG, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}  # of a colour type
_TRANSPARENT = {0: 2, 2: 6}  # bytes of a transparent colour
# Column and row of the first pixel of a pass, and the steps (8.1, Adam7).
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def stripped(data: bytes) -> bytes:
    """Strip a PNG of 16 bits a channel to its pixels, and check that these are whole.

    libpng, which OpenCV has in it, writes to stderr of whatever it does not like in a file.

    Raises
    ------
    ValueError
        If it is not whole.
    """
    chunks = dict[bytes, bytes]()
    for name, content in _chunks(data):
        chunks[name] = chunks[name] + content if name == b"IDAT" and name in chunks else content
    header, pixels = chunks.get(b"IHDR", b""), chunks.get(b"IDAT", b"")
    if len(header) != 13:
        raise ValueError("its header is damaged")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if depth != 16 or colour not in _CHANNELS or interlaced > 1:
        raise ValueError("its header is damaged")
    pixels = _whole(pixels, _lines(width, height, 2 * _CHANNELS[colour], interlaced))
    kept = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, interlaced))]
    if len(chunks.get(b"tRNS", b"")) == _TRANSPARENT.get(colour):
        kept.append((b"tRNS", chunks[b"tRNS"]))
    kept += [(b"IDAT", pixels), (b"IEND", b"")]
    return _SIGNATURE + b"".join(chunk(name, content) for name, content in kept)


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk with its length and checksum."""
    checksum = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + checksum


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the chunks up to the last with pixels."""
    at, seen = len(_SIGNATURE), b""
    while at + 12 <= len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if seen == b"IDAT" and name != b"IDAT":
            return
        yield name, data[at + 8 : at + 8 + size]
        at, seen = at + 12 + size, name


def _lines(width: int, height: int, pixel: int, interlaced: int) -> list[tuple[int, int]]:
    """The number of lines of each pass, and their bytes without that of the filter."""
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    sizes = [(-(-(height - y) // dy), -(-(width - x) // dx) * pixel) for x, y, dx, dy in passes]
    return [(count, length) for count, length in sizes if count > 0 and length > 0]


def _whole(pixels: bytes, lines: list[tuple[int, int]]) -> bytes:
    """The compressed pixels, checked: lines of known filters, and nothing after them."""
    size = sum(count * (1 + length) for count, length in lines)
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(pixels, size + 1)
    except zlib.error:
        raise ValueError("its pixels are damaged") from None
    if len(inflated) != size or not inflater.eof:
        raise ValueError("its pixels are cut off or too many")
    start = 0
    for count, length in lines:
        part = np.frombuffer(inflated, np.uint8, count * (1 + length), start)
        if part[:: 1 + length].max() > 4:
            raise ValueError("its pixels are damaged")
        start += len(part)
    return pixels[: len(pixels) - len(inflater.unused_data)]
