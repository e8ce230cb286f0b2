"""ICC profiles that give colours by a table instead of primaries (A2B tags: ICC.1:2022, 10.10-12).

The whole chain of curves, matrix and table is worked out once on a grid of device values, with
linear interpolation, and pixels are read off that grid. The way back is Newton's: profiles hold a
table for it, too, but the two are not each other's inverses, and an edit would leave a seam.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import interpn
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree

from facelab.images.colour_space import (
    D50,
    Array,
    ColourSpace,
    Float,
    srgb_encoded,
    srgb_from_xyz,
    srgb_light,
)
from facelab.images.icc_curve import curve, curve_size

_NODES = 65  # of the grid, a side
_FINEST = 65  # of a profile's own table, a side: none has more
_COARSE = 4  # nodes a step, from which the way back starts
_ROUNDS = 8  # of Newton's method
_STEP = 1 / 256  # device values over which slopes are taken
_XYZ_TOP = 1 + 32767 / 32768  # what the largest integer stands for in XYZ (ICC.1:2022, 6.3.4.2)


@dataclass(frozen=True, eq=False)
class TableSpace(ColourSpace):
    """A colour space known on a grid of device values.

    Parameters
    ----------
    nodes : (65, 65, 65, 3) float32
        Light of sRGB's primaries at device values in equal steps from 0 to 1.
    """

    nodes: Float

    def _decoded(self, values: NDArray[Any]) -> Float:
        device = values.reshape(-1, 3) / (255 if values.dtype == np.uint8 else 65535)
        return srgb_encoded(self._light(device)).reshape(values.shape).astype(np.float32)

    def _light(self, device: Array) -> Array:
        """The light ``(n, 3)`` of device values ``(n, 3)``."""
        places = device.T * (_NODES - 1)
        channels = [map_coordinates(one, places, order=1, mode="nearest") for one in self._planes]
        return np.stack(channels, axis=-1).astype(np.float64)

    @cached_property
    def _planes(self) -> Float:
        return np.ascontiguousarray(np.moveaxis(self.nodes, 3, 0))

    def device(self, pixels: Float) -> Array:
        """The device values ``(n, 3)`` in [0, 1] of pixels ``(n, 3)``, or the nearest found."""
        wanted = srgb_light(pixels.astype(np.float64))
        near, devices = self._near
        device: Array = devices[near.query(pixels)[1]]
        light = self._light(device)
        share = np.ones((len(device), 1))  # of Newton's step: halved where it led too far
        for _ in range(_ROUNDS):
            step = self._newton(device, light, wanted)
            tried = np.clip(device + share * step, 0, 1)
            there = self._light(tried)
            nearer = _distance(there, wanted) < _distance(light, wanted)
            device = np.where(nearer, tried, device)
            light = np.where(nearer, there, light)
            share = np.where(nearer, np.minimum(2 * share, 1), share / 2)
        return device

    def _newton(self, device: Array, light: Array, wanted: Array) -> Array:
        """The steps ``(n, 3)`` to the light wanted, were the space linear."""
        slopes = np.empty((len(device), 3, 3))
        for axis in range(3):
            run = np.where(device[:, axis : axis + 1] < 0.5, _STEP, -_STEP)
            ahead = device + run * np.eye(3)[axis]
            slopes[:, :, axis] = (self._light(ahead) - light) / run
        turned = slopes.transpose(0, 2, 1)
        square = turned @ slopes + 1e-9 * np.eye(3)  # also where it is flat
        down = turned @ (wanted - light)[..., None]
        return np.linalg.solve(square, down)[..., 0].astype(np.float64)

    @cached_property
    def _near(self) -> tuple[cKDTree, Array]:
        """Every fourth node's colour, to find the nearest, and its device values."""
        colours = srgb_encoded(self.nodes[::_COARSE, ::_COARSE, ::_COARSE].astype(np.float64))
        return cKDTree(colours.reshape(-1, 3)), _grid(len(colours))


def _distance(light: Array, wanted: Array) -> Array:
    """Squared, ``(n, 1)``."""
    out: Array = ((wanted - light) ** 2).sum(axis=1, keepdims=True)
    return out


def table_space(tag: bytes, connection: bytes) -> TableSpace:
    """The space of an A2B tag.

    Parameters
    ----------
    tag : bytes
    connection : bytes
        Colour space of what it gives, ``b"Lab "`` or ``b"XYZ "``.

    Raises
    ------
    ValueError
        If it is damaged, of another kind, or black is no darker than white.
    """
    device = _grid(_NODES)
    if tag[:4] == b"mAB ":
        xyz = _connected(_multi(tag, device), connection, 1.0)
    elif tag[:4] in (b"mft1", b"mft2"):
        # Lab of 16 bits is that of ICC version 2, whose full scale is 0xff00 (10.10, table 47).
        full = 65535 / 65280 if tag[:4] == b"mft2" else 1.0
        xyz = _connected(_lookup(tag, device), connection, full)
    else:
        raise ValueError("its table is of an unknown kind")
    light = np.stack([x * xyz[:, 0] + y * xyz[:, 1] + z * xyz[:, 2] for x, y, z in srgb_from_xyz()],
                     axis=-1)  # fmt: skip
    if not np.isfinite(light).all() or light[-1].mean() - light[0].mean() < 0.1:
        raise ValueError("its table does not lead from black to white")
    return TableSpace(light.reshape(_NODES, _NODES, _NODES, 3).astype(np.float32))


def _grid(side: int) -> Array:
    """Device values ``(side ** 3, 3)`` in equal steps, blue the fastest."""
    steps = np.linspace(0, 1, side)
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)


def _connected(values: Array, connection: bytes, full: float) -> Array:
    """XYZ relative to D50 of encoded values of the connection space (ICC.1:2022, 6.3.4)."""
    if connection == b"XYZ ":
        return values * _XYZ_TOP
    if connection != b"Lab ":
        raise ValueError("its connection space is unknown")
    lightness, a, b = (values * full * [100, 255, 255] - [0, 128, 128]).T
    y = (lightness + 16) / 116
    roots = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    ratio = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29))
    xyz: Array = ratio * D50
    return xyz


def _lookup(tag: bytes, device: Array) -> Array:
    """The old tables, of 8 bits and of 16: curves, table, curves (10.10 and 10.11)."""
    sizes, kind = struct.unpack_from(">3B", tag, 8), ">u2" if tag[:4] == b"mft2" else "u1"
    if sizes[:2] != (3, 3):
        raise ValueError("its table is not of three channels")
    if kind == "u1":
        entries, at = (256, 256), 48
    else:
        entries, at = struct.unpack_from(">2H", tag, 48), 52
    grid = sizes[2]
    counts = (3 * entries[0], _nodes((grid,) * 3), 3 * entries[1])
    blocks = []
    for count in counts:
        block = np.frombuffer(tag, kind, count, at)
        blocks.append(block / np.iinfo(block.dtype).max)
        at += block.nbytes
    first, table, last = blocks
    values = _through(first.reshape(3, -1), device)
    values = _interpolated(table.reshape(grid, grid, grid, 3), values)
    return _through(last.reshape(3, -1), values)


def _nodes(grid: tuple[int, ...]) -> int:
    """Numbers in a table."""
    if min(grid) < 2 or max(grid) > _FINEST:
        raise ValueError("its table is of an impossible size")
    return 3 * int(np.prod(grid))


def _through(tables: Array, values: Array) -> Array:
    """Channels ``(n, 3)`` through a curve ``(3, m)`` each."""
    places = np.linspace(0, 1, tables.shape[1])
    pairs = zip(values.T, tables, strict=True)
    return np.stack([np.interp(one, places, table) for one, table in pairs], axis=-1)


def _interpolated(table: Array, values: Array) -> Array:
    """A table ``(i, j, k, 3)`` at values ``(n, 3)`` in [0, 1]."""
    axes = [np.linspace(0, 1, side) for side in table.shape[:3]]
    out: Array = interpn(axes, table, np.clip(values, 0, 1), method="linear")
    return out


def _multi(tag: bytes, device: Array) -> Array:
    """The tables of version 4: curves A, table, curves M, matrix, curves B (10.12)."""
    if tag[8:10] != b"\3\3":
        raise ValueError("its table is not of three channels")
    b, matrix, m, table, a = struct.unpack_from(">5I", tag, 12)
    values = device
    if table:
        if a:
            values = _curves(tag, a, values)
        grid = tuple(tag[table : table + 3])
        kind = {1: "u1", 2: ">u2"}[tag[table + 16]]
        block = np.frombuffer(tag, kind, _nodes(grid), table + 20)
        nodes = (block / np.iinfo(block.dtype).max).reshape(*grid, 3)
        values = _interpolated(nodes, values)
    if m:
        values = _curves(tag, m, values)
    if matrix:
        numbers = np.array(struct.unpack_from(">12i", tag, matrix)) / 65536
        rows, offset = numbers[:9].reshape(3, 3), numbers[9:]
        values = np.stack([(values * row).sum(axis=1) for row in rows], axis=-1) + offset
    return _curves(tag, b, values)


def _curves(tag: bytes, at: int, values: Array) -> Array:
    """Channels through the three curves that start at a place of the tag."""
    out = []
    for one in np.clip(values, 0, 1).T:
        out.append(curve(tag[at:])(one))
        at += curve_size(tag[at:])
    return np.stack(out, axis=-1)
