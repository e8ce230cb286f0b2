"""Arrays of numbers out of MATLAB's MAT-files, level 5, as 300W-LP and AFLW2000-3D have them.

"MAT-File Format", The MathWorks, chapter 1. In Python and bounded, since `scipy.io.loadmat`
trusts what a file says: of a damaged one it reads beyond the end, and a small one it inflates to
gigabytes. Structures, cells, text, sparse and complex arrays are passed over.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.files import MEGABYTE

LARGEST = 16 * MEGABYTE
"""Bytes that all compressed variables of a file may have together."""

_HEADER = 128  # bytes: text, the offset of subsystem data, the version and the order of bytes
_VERSION = 0x0100
_ORDERS = {b"IM": "<", b"MI": ">"}
_MATRIX, _COMPRESSED = 14, 15  # types of elements
_INT8, _INT32, _UINT32 = 1, 5, 6
# Types of stored numbers. They may be smaller than those of the array's class.
_STORED = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
_CLASSES = {
    6: "f8",
    7: "f4",
    8: "i1",
    9: "u1",
    10: "i2",
    11: "u2",
    12: "i4",
    13: "u4",
    14: "i8",
    15: "u8",
}
_COMPLEX = 0x0800  # a flag of the array
_DIMENSIONS = 32  # at most, as NumPy has it

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Element:
    """A type and what belongs to it."""

    kind: int
    data: memoryview


_NOTHING = _Element(0, memoryview(b""))


def read_mat(data: bytes, names: Collection[str]) -> dict[str, Array]:
    """The arrays of these names that a MAT-file has, each as the class it was saved as.

    Parameters
    ----------
    data : bytes
        All of the file.
    names : collection of str
        Others are passed over.

    Raises
    ------
    ValueError
        If it is not such a file, is damaged, or one of these is no array of numbers.
    """
    order = _order(data)
    found: dict[str, Array] = {}
    room = LARGEST
    for element in _elements(memoryview(data)[_HEADER:], order):
        if element.kind == _COMPRESSED:
            inflated = _inflated(element.data, room)
            room -= len(inflated)
            element = next(_elements(memoryview(inflated), order), _NOTHING)
        if element.kind == _MATRIX:
            name, parts = _named(element, order)
            if name in names:
                found[name] = _array(name, *parts, order)
    return found


def _order(data: bytes) -> str:
    """The order of bytes, ``<`` or ``>``, as `struct` has it."""
    order = _ORDERS.get(data[126:128], "")
    if len(data) < _HEADER or not order:
        raise ValueError("not a MATLAB file of level 5; save it with -v6 or -v7")
    if struct.unpack_from(f"{order}H", data, 124)[0] != _VERSION:
        raise ValueError("a MATLAB file of another version; save it with -v6 or -v7")
    return order


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
    """The elements that follow each other."""
    at = 0
    while at < len(data):
        if len(data) - at < 8:
            raise ValueError("not a MATLAB file, or one that was cut off")
        kind, size = struct.unpack_from(f"{order}II", data, at)
        start, end = at + 8, at + 8 + size
        if kind >> 16:  # a small element, all in the eight bytes of a tag
            kind, size = kind & 0xFFFF, kind >> 16
            start, end = at + 4, at + 4 + size
            if size > 4:
                raise ValueError("a small element that is not small")
        if end > len(data):
            raise ValueError("not a MATLAB file, or one that was cut off")
        yield _Element(kind, data[start:end])
        at = end if kind == _COMPRESSED else at + -(-(end - at) // 8) * 8


def _inflated(data: memoryview, room: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(data, room + 1)
    except zlib.error:
        raise ValueError("its compressed data are damaged") from None
    if len(inflated) > room:
        raise ValueError(f"its variables have more than {LARGEST // MEGABYTE} MB")
    if not inflater.eof:
        raise ValueError("its compressed data are cut off")
    return inflated


def _named(matrix: _Element, order: str) -> tuple[str, tuple[int, tuple[int, ...], _Element]]:
    """A variable's name; its flags with its class, its shape and its stored numbers.

    Of an array of another class than those of numbers what is said to be stored means nothing.
    """
    parts = _elements(matrix.data, order)
    flags, sides, name = (next(parts, _NOTHING) for _ in range(3))
    if (flags.kind, sides.kind, name.kind) != (_UINT32, _INT32, _INT8) or len(flags.data) != 8:
        return "", (0, (), _NOTHING)  # an object of MATLAB's own
    said = struct.unpack_from(f"{order}I", flags.data)[0]
    shape = tuple(np.frombuffer(_whole(sides.data, 4), f"{order}i4").tolist())
    numbers = next(parts, _NOTHING) if said & 0xFF in _CLASSES else _NOTHING
    return bytes(name.data).decode("latin-1"), (said, shape, numbers)


def _whole(data: memoryview, size: int) -> memoryview:
    if len(data) % size:
        raise ValueError("an element of no whole number of values")
    return data


def _array(name: str, said: int, shape: tuple[int, ...], numbers: _Element, order: str) -> Array:
    """The array, in the machine's order of bytes; MATLAB stores columns one after the other."""
    kind = said & 0xFF
    if kind not in _CLASSES or said & _COMPLEX or numbers.kind not in _STORED:
        raise ValueError(f"{name} is no array of numbers")
    stored = np.dtype(order + _STORED[numbers.kind])
    if not 2 <= len(shape) <= _DIMENSIONS or min(shape) < 0:
        raise ValueError(f"{name} has no shape")
    if prod(shape) * stored.itemsize != len(numbers.data):
        raise ValueError(f"{name} is said to be of {shape}, which does not fit what is stored")
    values = np.frombuffer(numbers.data, stored).reshape(shape, order="F")
    with np.errstate(invalid="ignore", over="ignore"):  # of numbers that the class cannot hold
        return np.ascontiguousarray(values, _CLASSES[kind])
