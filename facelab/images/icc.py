"""ICC profiles of RGB files (ICC.1:2022): what their values mean, and profiles made anew."""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

from facelab.images.colour_space import (
    D50,
    SRGB_PRIMARIES,
    Array,
    ColourSpace,
    MatrixSpace,
    Primaries,
    curve_of,
    srgb_from_xyz,
    to_d50,
)
from facelab.images.icc_curve import curve

_HEADER = 128  # bytes
_MOST_TAGS = 200
_DEVICES = (b"scnr", b"mntr", b"prtr", b"spac")  # classes of profiles that describe an image's RGB
_PRIMARIES = (b"rXYZ", b"gXYZ", b"bXYZ")
_CURVES = (b"rTRC", b"gTRC", b"bTRC")
# Colorimetric first, since colours shall stay what they are; then perceptual, as many have no
# other (ICC.1:2022, 9.2.1).
_TABLES = (b"A2B1", b"A2B0")


@lru_cache(maxsize=8)
def space_of(icc: bytes | None) -> ColourSpace | None:
    """The colour space that a profile describes; None for sRGB and where there is no profile.

    By its table (A2B) where it has one, as ICC demands, else by its primaries and curves.

    Raises
    ------
    ValueError
        If it is damaged, or no profile of RGB.
    """
    if icc is None:
        return None
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused
            space = _parsed(icc)
        return None if space.is_srgb else space
    except (struct.error, IndexError, KeyError, ArithmeticError, np.linalg.LinAlgError) as error:
        raise ValueError(f"the profile is damaged ({error})") from error


def _parsed(icc: bytes) -> ColourSpace:
    if icc[16:20] != b"RGB " or icc[36:40] != b"acsp" or icc[12:16] not in _DEVICES:
        raise ValueError("no profile of an RGB image")
    connection = icc[20:24]
    tags = _tags(icc)
    for name in _TABLES:
        if name in tags:
            from facelab.images.icc_table import table_space

            return table_space(tags[name], connection)
    if connection != b"XYZ ":
        raise ValueError("it has neither primaries nor a table")
    columns = np.stack([_xyz(tags[name]) for name in _PRIMARIES], axis=1)
    if abs(np.linalg.det(columns)) < 1e-4:
        raise ValueError("its primaries lie on a line")
    curves = np.stack([curve_of(curve(tags[name])) for name in _CURVES])
    return MatrixSpace(curves, srgb_from_xyz() @ columns)


def _tags(icc: bytes) -> dict[bytes, bytes]:
    """The tags' contents by signature (ICC.1:2022, 7.3)."""
    (count,) = struct.unpack_from(">I", icc, _HEADER)
    tags = {}
    for index in range(min(count, _MOST_TAGS)):
        name, start, size = struct.unpack_from(">4sII", icc, _HEADER + 4 + 12 * index)
        tags[name] = icc[start : start + size]
    return tags


def _xyz(tag: bytes) -> Array:
    """One XYZ (ICC.1:2022, 10.31)."""
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


# --- made anew ------------------------------------------------------------------------------------

SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""sRGB's curve as parameters of ICC's third kind: g, a, b, c, d."""


def profile(primaries: Primaries, parameters: tuple[float, ...]) -> bytes:
    """A profile (version 4.3) of three primaries and one curve.

    Parameters
    ----------
    primaries : four (x, y)
        White, red, green and blue.
    parameters : g or (g, a, b, c, d)
        Of the parametric curve ``x ** g``, or of ``(a x + b) ** g`` from d on and ``c x`` below.

    Raises
    ------
    ValueError
        If the primaries span no triangle.
    """
    red, green, blue = (_xyz_tag(column) for column in to_d50(primaries).T)
    transfer = _parametric_tag(parameters)
    tags = {
        b"desc": _text_tag("RGB as described by its image file"),
        b"cprt": _text_tag("No copyright, use freely"),
        b"wtpt": _xyz_tag(D50),
        **dict(zip(_PRIMARIES, (red, green, blue), strict=True)),
        **dict.fromkeys(_CURVES, transfer),
    }
    start = _HEADER + 4 + 12 * len(tags)
    table, body, places = b"", b"", dict[bytes, int]()
    for name, tag in tags.items():
        if tag not in places:
            places[tag] = start + len(body)
            body += tag + b"\0" * (-len(tag) % 4)
        table += struct.pack(">4sII", name, places[tag], len(tag))
    header = struct.pack(
        ">I4sI4s4s4s12s4s4sII4sQI12s",
        *(start + len(body), b"", 0x04300000, b"mntr", b"RGB ", b"XYZ "),
        *(struct.pack(">6H", 2026, 1, 1, 0, 0, 0), b"acsp", b"", 0, 0, b"", 0, 1),
        _fixed(*D50),
    )
    return header.ljust(_HEADER, b"\0") + struct.pack(">I", len(tags)) + table + body


def _fixed(*values: float) -> bytes:
    """s15Fixed16 numbers."""
    return struct.pack(f">{len(values)}i", *(round(float(value) * 65536) for value in values))


def _xyz_tag(values: Array) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _parametric_tag(parameters: tuple[float, ...]) -> bytes:
    kind = {1: 0, 5: 3}[len(parameters)]
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(*parameters)


def _text_tag(text: str) -> bytes:
    """Text in one language (ICC.1:2022, 10.15)."""
    words = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(words), 28) + words


def is_srgb_primaries(primaries: Primaries) -> bool:
    """Whether they are sRGB's, as far as files round them."""
    return bool(np.abs(np.array(primaries) - np.array(SRGB_PRIMARIES)).max() < 0.002)
