"""The colour space of a file, wherever the file names it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import PIL.Image
from PIL import PngImagePlugin

from facelab.images import cicp, icc
from facelab.images.colour_space import SRGB_PRIMARIES, Primaries

Chunk = tuple[bytes, bytes]
"""Name and content."""

_COLOUR_CHUNKS = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
_PROFILED_MODES = {"L": "GRAY", "CMYK": "CMYK"}
_NCLX = b"colrnclx"  # of an AVIF file: type and kind of the box with its code (ISO 14496-12)
# What is written where sRGB's own curve is meant, which is no power (PNG, third edition, 11.3.2.5).
_SRGB_GAMMA = (0.450, 0.460)
_LEAST_GAMMA, _MOST_GAMMA = 0.1, 10.0


def read_profile(
    file: PIL.Image.Image, data: bytes
) -> tuple[bytes | None, tuple[Chunk, ...], list[str]]:
    """Return the profile of a file's RGB values, the PNG chunks that say the same, and notes.

    A PNG's chunks count in the order of its third edition, 4.3: cICP, iCCP, sRGB, gAMA with cHRM;
    what is damaged gives way to the next. The profile is made for those that are none. None stands
    for sRGB.

    Parameters
    ----------
    file : PIL image
        Opened and loaded.
    data : bytes
        The whole file.
    """
    if has_foreign_profile(file):
        return None, (), []
    chunks = dict(_chunks(data)) if isinstance(file, PngImagePlugin.PngImageFile) else {}
    notes = []
    for names, profile in _statements(file, data, chunks):
        try:
            found = profile()
            icc.space_of(found)
        except (ValueError, ArithmeticError, struct.error):
            what = "colour profile is" if b"iCCP" in names else "statement of its colours is"
            notes.append(f"its {what} damaged or of another colour space, and not kept")
            chunks = {name: chunk for name, chunk in chunks.items() if name not in names}
        else:
            return found, tuple(chunks.items()), notes
    return None, (), notes


def has_foreign_profile(file: PIL.Image.Image) -> bool:
    """Whether grey or CMYK pixels come with the profile that leads from them to RGB."""
    profile = file.info.get("icc_profile")
    if not profile or len(profile) < 128:
        return False
    # Colour space of the device side: ICC.1:2022, 7.2.6.
    return bool(profile[16:20].decode("latin-1").strip() == _PROFILED_MODES.get(file.mode))


def hdr_of(data: bytes) -> str | None:
    """``"PQ"`` or ``"HLG"`` where a file says that its values are of high dynamic range."""
    code = dict(_chunks(data)).get(b"cICP") if data.startswith(b"\x89PNG") else _nclx(data)
    return cicp.HDR.get(code[1]) if code and len(code) == 4 else None


def _statements(
    file: PIL.Image.Image, data: bytes, chunks: Mapping[bytes, bytes]
) -> Iterator[tuple[tuple[bytes, ...], Callable[[], bytes | None]]]:
    """The statements of a file on its space, the best first: PNG chunks, and its profile."""
    own = file.info.get("icc_profile")
    if b"cICP" in chunks:
        yield (b"cICP",), lambda: cicp.profile_of(_code(chunks[b"cICP"]))
    if own or b"iCCP" in chunks:
        yield (b"iCCP",), lambda: own or _undecodable()
    if b"sRGB" in chunks:
        yield (b"sRGB",), lambda: None
    if b"gAMA" in chunks or b"cHRM" in chunks:
        yield (b"gAMA", b"cHRM"), lambda: _by_gamma(chunks.get(b"gAMA"), chunks.get(b"cHRM"))
    nclx = _nclx(data)
    if nclx:
        yield (), lambda: cicp.profile_of(nclx)


def _undecodable() -> bytes:
    raise ValueError("the profile cannot be decompressed")


def _chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks of a PNG file that say what its colours are; they come before its pixels."""
    start = 8
    while start + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, start)
        if name == b"IDAT":
            return
        if name in _COLOUR_CHUNKS:
            yield name, data[start + 8 : start + 8 + size]
        start += 12 + size


def _code(chunk: bytes) -> cicp.Code:
    """The four numbers of a cICP chunk.

    Raises
    ------
    ValueError
        If there are not four, or they are not of RGB in the full range.
    """
    if len(chunk) != 4 or chunk[2] != 0 or chunk[3] != 1:
        raise ValueError("cICP is not of RGB in the full range")
    return chunk[0], chunk[1], chunk[2], chunk[3]


def _nclx(data: bytes) -> cicp.Code | None:
    """The code in the header of an AVIF file."""
    at = data.find(_NCLX, 0, 65536) + len(_NCLX) if data[4:8] == b"ftyp" else 0
    if at < len(_NCLX) or len(data) < at + 7:
        return None
    primaries, curve, matrix, full = struct.unpack_from(">HHHB", data, at)
    return primaries, curve, matrix, full >> 7


def _by_gamma(gamma: bytes | None, chromaticities: bytes | None) -> bytes | None:
    """The profile of gAMA and cHRM; what one of them leaves open is sRGB's."""
    primaries: Primaries = SRGB_PRIMARIES
    if chromaticities is not None:
        if len(chromaticities) != 32:
            raise ValueError("cHRM is damaged")
        numbers = np.array(struct.unpack(">8I", chromaticities)) / 100_000
        primaries = tuple((float(x), float(y)) for x, y in numbers.reshape(4, 2))
    curve: tuple[float, ...] = icc.SRGB_CURVE
    if gamma is not None:
        exponent = _exponent(gamma)
        wide = not icc.is_srgb_primaries(primaries)
        if wide or not _SRGB_GAMMA[0] <= exponent <= _SRGB_GAMMA[1]:
            curve = (1 / exponent,)
    if curve == icc.SRGB_CURVE and icc.is_srgb_primaries(primaries):
        return None
    return icc.profile(primaries, curve)


def _exponent(gamma: bytes) -> float:
    """The exponent that takes light to the file's values."""
    exponent = struct.unpack(">I", gamma)[0] / 100_000 if len(gamma) == 4 else 0.0
    if not _LEAST_GAMMA <= exponent <= _MOST_GAMMA:
        raise ValueError("gAMA is damaged")
    return exponent
