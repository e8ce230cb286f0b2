"""NumPy's files, ``.npy`` and ``.npz``, read within bounds.

NumPy believes what a file says of itself: it evaluates the header as Python, makes an array of any
size that is said, and inflates an archive's members whatever comes out. Here a header is matched,
and sizes are compared with what is there before anything is made.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.files import MEGABYTE

LARGEST = 256 * MEGABYTE
"""Bytes that the arrays read from one archive may have together."""

# NEP 1: the magic, the version, the header's length in 2 bytes (version 1) or 4, the header. After
# long sides Python 2 wrote an L.
_MAGIC = b"\x93NUMPY"
_LENGTHS = {b"\x01\x00": 2, b"\x02\x00": 4, b"\x03\x00": 4}
_LONGEST = 4096  # bytes of a header
_ITEM = re.compile(
    r"\s*'(?:(?P<descr>descr)'\s*:\s*'(?P<dtype>[<>|=]?[biufU]\d{1,4})'"
    r"|(?P<fortran_order>fortran_order)'\s*:\s*(?P<order>True|False)"
    r"|(?P<shape>shape)'\s*:\s*\((?P<sides>[\d\s,L]{0,1000})\))\s*(?:,|$)"
)
_KEYS = {"descr", "fortran_order", "shape"}
_DIMENSIONS = 32
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others inflate without a bound

Array = NDArray[Any]


def read_npy(data: bytes) -> Array:
    """The array of a ``.npy`` file: of numbers, truth values or text.

    Raises
    ------
    ValueError
        If it is none, or of something else, or damaged.
    """
    dtype, fortran, shape, start = _header(data)
    if prod(shape) * dtype.itemsize != len(data) - start:
        raise ValueError(f"its header says {shape} of {dtype}, which is not what follows")
    if start == len(data):
        return np.zeros(shape, dtype)
    values = np.frombuffer(data, dtype, offset=start)
    return values.reshape(shape, order="F" if fortran else "C").copy()


def read_npz(data: bytes, names: Collection[str] | None = None) -> dict[str, Array]:
    """Arrays of a ``.npz`` archive by name.

    Parameters
    ----------
    data : bytes
        All of the file.
    names : collection of str, optional
        Those that must be there, others are passed over; by default all there are.

    Raises
    ------
    ValueError
        If it is no such archive, is damaged, lacks one of these or has far too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {member.filename: member for member in archive.infolist()}
            wanted = [f"{name}.npy" for name in names] if names is not None else list(members)
            if missing := [name for name in wanted if name not in members]:
                raise ValueError(f"has no {missing[0].removesuffix('.npy')}")
            if sum(members[name].file_size for name in wanted) > LARGEST:
                raise ValueError(f"holds more than {LARGEST // MEGABYTE} MB of arrays")
            return {name.removesuffix(".npy"): _member(archive, members[name]) for name in wanted}
    except (ValueError, MemoryError):
        raise
    except Exception as error:  # of damaged archives zipfile raises what comes along
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"no whole archive ({reason})") from None


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """One array; never more is inflated than the archive's directory says."""
    if member.compress_type not in _METHODS:
        raise ValueError(f"{member.filename} is compressed in a way that is not read")
    with archive.open(member) as file:
        return read_npy(file.read(member.file_size))


def _header(data: bytes) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    """Type, whether columns come first, shape, and where the numbers begin."""
    width = _LENGTHS.get(data[6:8], 0)
    if not data.startswith(_MAGIC) or not width:
        raise ValueError("not a NumPy array")
    length = int.from_bytes(data[8 : 8 + width], "little")
    start = 8 + width + length
    if length > _LONGEST or start > len(data):
        raise ValueError("its header is damaged")
    text = data[8 + width : start].decode("latin-1").strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise ValueError("its header is damaged")
    said = _items(text[1:-1])
    try:
        dtype = np.dtype(said["descr"])
    except TypeError:  # such as f3
        raise ValueError(f"of a type that NumPy does not have, {said['descr']}") from None
    sides = [side.removesuffix("L") for side in said["shape"].replace(",", " ").split()]
    if dtype.itemsize == 0 or len(sides) > _DIMENSIONS or not all(map(str.isdecimal, sides)):
        raise ValueError("its header is damaged")
    return dtype, said["fortran_order"] == "True", tuple(map(int, sides)), start


def _items(text: str) -> dict[str, str]:
    """The three keys of a header and what they say, which must be all there is."""
    found: dict[str, str] = {}
    at, text = 0, text.rstrip()
    while at < len(text):
        item = _ITEM.match(text, at)
        if item is None or item.lastgroup is None:
            raise ValueError("its header is damaged, or of objects or records")
        key = next(key for key in _KEYS if item[key])
        found[key] = item["dtype"] or item["order"] or item["sides"] or ""
        at = item.end()
    if found.keys() != _KEYS:
        raise ValueError("its header is damaged")
    return found
