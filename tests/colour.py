"""Colour spaces a second time, in float64 from what is published, and ICC profiles by hand."""

from __future__ import annotations

import struct

import numpy as np

D50 = np.array([0.9642, 1.0, 0.8249])
D65 = (0.3127, 0.3290)
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def srgb_curve(v):
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0.04045) + 0.055) / 1.055) ** 2.4)


def srgb_curve_back(light):
    high = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, light * 12.92, high)


def romm_curve(v):
    return np.where(v < 1 / 32, v / 16, np.maximum(v, 1 / 32) ** 1.8)


def romm_curve_back(light):
    return np.where(light < 1 / 512, light * 16, np.maximum(light, 1 / 512) ** (1 / 1.8))


# White, red, green and blue, the curve to light and the one back.
SPACES = {
    "sRGB": (
        (D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
        srgb_curve,
        srgb_curve_back,
    ),
    "Display P3": (
        (D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
        srgb_curve,
        srgb_curve_back,
    ),
    "Adobe RGB": (
        (D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
        lambda v: v ** (563 / 256),
        lambda light: np.maximum(light, 0) ** (256 / 563),
    ),
    "ProPhoto": (
        ((0.3457, 0.3585), (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)),
        romm_curve,
        romm_curve_back,
    ),
}
WIDE = [name for name in SPACES if name != "sRGB"]


def to_xyz(primaries):
    """Light of the primaries to XYZ relative to D50."""
    white, *corners = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in primaries)
    columns = np.stack(corners, axis=1)
    columns = columns * np.linalg.solve(columns, white)
    gain = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
    return np.linalg.inv(BRADFORD) @ gain @ BRADFORD @ columns


def from_srgb(name, colour):
    """Device values ``(..., 3)`` of sRGB ones in [0, 1]; outside [0, 1] beyond the gamut."""
    primaries, _, back = SPACES[name]
    matrix = np.linalg.inv(to_xyz(primaries)) @ to_xyz(SPACES["sRGB"][0])
    return back(srgb_curve(np.asarray(colour, np.float64)) @ matrix.T)


def to_srgb(name, device):
    """sRGB values, mirrored at 0, of device ones in [0, 1]."""
    primaries, curve, _ = SPACES[name]
    matrix = np.linalg.inv(to_xyz(SPACES["sRGB"][0])) @ to_xyz(primaries)
    light = curve(np.asarray(device, np.float64)) @ matrix.T
    return np.sign(light) * srgb_curve_back(np.abs(light))


def integers(device, bits):
    """Device values as a file holds them."""
    kind = np.uint8 if bits == 8 else np.uint16
    return np.rint(np.clip(device, 0, 1) * (2**bits - 1)).astype(kind)


# --- profiles -------------------------------------------------------------------------------------


def fixed(*values):
    """s15Fixed16."""
    return struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))


def curve_tag(function, count=4096):
    """A sampled curve."""
    values = np.rint(function(np.linspace(0, 1, count)) * 65535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", count) + values.tobytes()


def container(tags, connection=b"XYZ ", version=2, kind=b"mntr"):
    """A profile of tags; old enough for `desc` to be plain."""
    text = b"made by hand\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * 78
    tags = {b"desc": description, b"wtpt": b"XYZ \0\0\0\0" + fixed(*D50), **tags}
    at, table, body = 132 + 12 * len(tags), b"", b""
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(tag))
        body += tag + b"\0" * (-len(tag) % 4)
    header = struct.pack(">I4xB3x4s4s4s", at + len(body), version, kind, b"RGB ", connection)
    header = header.ljust(36, b"\0") + b"acsp" + b"\0" * 28 + fixed(*D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def matrix_tags(name):
    """Primaries and curves of a space."""
    primaries, curve, _ = SPACES[name]
    tags = {
        key: b"XYZ \0\0\0\0" + fixed(*column)
        for key, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), to_xyz(primaries).T, strict=True)
    }
    return {**tags, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve_tag(curve))}


def profile(name):
    """A profile of a space by its primaries."""
    return container(matrix_tags(name))


def grid(side):
    """Device values ``(side ** 3, 3)``, blue the fastest."""
    steps = np.linspace(0, 1, side)
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)


def lab(xyz):
    """CIELAB relative to D50."""
    ratio = np.asarray(xyz) / D50
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def table_profile(name, kind, connection, side=17):
    """A profile of a space by a table: ``mft1``, ``mft2`` or ``mAB ``."""
    primaries, curve, _ = SPACES[name]
    xyz = curve(grid(side)) @ to_xyz(primaries).T
    if connection == b"XYZ ":
        values = xyz / (1 + 32767 / 32768)
    else:
        values = (lab(xyz) + np.array([0, 128, 128])) / [100, 255, 255]
        values = values * (65280 / 65535 if kind == b"mft2" else 1)
    if kind == b"mft1":
        line = np.tile(np.arange(256), 3).astype(np.uint8).tobytes()
        body = line + np.rint(values.clip(0, 1) * 255).astype(np.uint8).tobytes() + line
        tag = b"mft1\0\0\0\0" + bytes([3, 3, side, 0]) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1) + body
    elif kind == b"mft2":
        line = np.tile([0, 65535], 3).astype(">u2").tobytes()
        body = line + np.rint(values.clip(0, 1) * 65535).astype(">u2").tobytes() + line
        tag = b"mft2\0\0\0\0" + bytes([3, 3, side, 0]) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
        tag += struct.pack(">HH", 2, 2) + body
    else:
        identity = 3 * (b"para\0\0\0\0" + struct.pack(">HH", 0, 0) + fixed(1.0))
        table = bytes([side] * 3).ljust(16, b"\0") + bytes([2, 0, 0, 0])
        table += np.rint(values.clip(0, 1) * 65535).astype(">u2").tobytes()
        table += b"\0" * (-len(table) % 4)
        starts = 32, 0, 0, 32 + len(identity), 32 + len(identity) + len(table)
        tag = b"mAB \0\0\0\0" + bytes([3, 3, 0, 0]) + struct.pack(">5I", *starts)
        tag += identity + table + identity
    return container({b"A2B0": tag}, connection, version=4 if kind == b"mAB " else 2)
