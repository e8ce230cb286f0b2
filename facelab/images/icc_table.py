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

from facelab.images.colour_space import (
    D50,
    Array,
    ColourSpace,
    Float,
    srgb_encoded,
    srgb_from_xyz,
)
from facelab.images.icc_curve import curve, curve_size

_NODES = 65  # of the grid, a side
_FINEST = 65  # of a profile's own table, a side: none has more
_ROUNDS = 12  # of Newton's method
_STEP = 1 / 128  # device values over which slopes are taken
_XYZ_TOP = 1 + 32767 / 32768  # what the largest integer stands for in XYZ (ICC.1:2022, 6.3.4.2)


@dataclass(frozen=True, eq=False)
class TableSpace(ColourSpace):
    """A colour space known on a grid of device values.

    Parameters
    ----------
    nodes : (65, 65, 65, 3) float32
        sRGB-encoded colours, mirrored at 0, of device values in equal steps from 0 to 1.
    """

    nodes: Float

    def _decoded(self, values: NDArray[Any]) -> Float:
        device = values.reshape(-1, 3) / (255 if values.dtype == np.uint8 else 65535)
        return self._at(device).reshape(values.shape)

    def _at(self, device: Array) -> Float:
        """The colours ``(n, 3)`` of device values ``(n, 3)``."""
        places = device.T * (_NODES - 1)
        channels = [map_coordinates(one, places, order=1, mode="nearest") for one in self._planes]
        return np.stack(channels, axis=-1).astype(np.float32)

    @cached_property
    def _planes(self) -> Float:
        return np.ascontiguousarray(np.moveaxis(self.nodes, 3, 0))

    def device(self, pixels: Float) -> Array:
        """The device values ``(n, 3)`` in [0, 1] of pixels ``(n, 3)``, or the nearest found."""
        wanted = pixels.astype(np.float64)
        best = np.clip(wanted, 0, 1)
        least: Array = np.full(len(best), np.inf)
        device: Array = best
        for _ in range(_ROUNDS):
            residual = wanted - self._at(device)
            error = (residual**2).sum(axis=1)
            best = np.where((error < least)[:, None], device, best)
            least = np.minimum(error, least)
            device = np.clip(device + self._newton(device, residual), 0, 1)
        return best

    def _newton(self, device: Array, residual: Array) -> Array:
        """The steps ``(n, 3)`` that would lead there, were the space linear."""
        slopes = np.empty((len(device), 3, 3))
        for axis in range(3):
            away = np.zeros(3)
            away[axis] = _STEP / 2
            ahead, behind = np.clip(device + away, 0, 1), np.clip(device - away, 0, 1)
            run = (ahead - behind)[:, axis]
            slopes[:, :, axis] = (self._at(ahead) - self._at(behind)) / run[:, None]
        square = slopes.transpose(0, 2, 1) @ slopes + 1e-6 * np.eye(3)  # also where it is flat
        down = slopes.transpose(0, 2, 1) @ residual[..., None]
        return np.linalg.solve(square, down)[..., 0].astype(np.float64)


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
    steps = np.linspace(0, 1, _NODES)
    device = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
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
    nodes = srgb_encoded(light)
    if not np.isfinite(nodes).all() or nodes[-1].mean() - nodes[0].mean() < 0.1:
        raise ValueError("its table does not lead from black to white")
    return TableSpace(nodes.reshape(_NODES, _NODES, _NODES, 3).astype(np.float32))


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
