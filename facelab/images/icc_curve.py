"""The curves of ICC profiles: powers, parametric functions and tables (ICC.1:2022, 10.6, 10.18)."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from facelab.images.colour_space import Array

Curve = Callable[[Array], Array]

_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}  # of a parametric curve, by its kind (table 68)


def curve(tag: bytes) -> Curve:
    """The function that the curve at the start of `tag` stands for, of values in [0, 1].

    Raises
    ------
    ValueError, KeyError, struct.error
        If it is damaged.
    """
    if tag[:4] == b"para":
        (kind,) = struct.unpack_from(">H", tag, 8)
        count = _PARAMETERS[kind]
        return _parametric(kind, *(np.array(struct.unpack_from(f">{count}i", tag, 12)) / 65536))
    if tag[:4] != b"curv":
        raise ValueError("a curve is of an unknown kind")
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return lambda x: x
    values = np.frombuffer(tag, ">u2", count, 12)
    if count == 1:
        gamma = values[0] / 256
        return lambda x: x**gamma
    table, places = values / 65535, np.linspace(0, 1, count)
    return lambda x: np.interp(x, places, table)


def curve_size(tag: bytes) -> int:
    """Bytes that the curve at the start of `tag` takes, padded to four."""
    if tag[:4] == b"para":
        return 12 + 4 * _PARAMETERS[struct.unpack_from(">H", tag, 8)[0]]
    return 12 + (2 * int(struct.unpack_from(">I", tag, 8)[0]) + 3) // 4 * 4


def _parametric(
    kind: int,
    g: float,
    a: float = 1,
    b: float = 0,
    c: float = 0,
    d: float = 0,
    e: float = 0,
    f: float = 0,
) -> Curve:
    """The functions of table 68, all written as the last of them."""
    if kind in (1, 2):
        c, d, e, f = 0, -b / a, c, c
    return lambda x: np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f)
