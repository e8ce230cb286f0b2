"""The colour space of a file, to and from the one space that everything else computes in.

Inside facelab all colours are sRGB (IEC 61966-2-1) with its curve continued: what a wider space
holds beyond sRGB's gamut lies outside [0, 1], mirrored at 0 as in scRGB (IEC 61966-2-2) and in CSS
Color 4. So colours of different files can be combined, and a colour goes back to where it was.

    integers --curves--> light of the file's primaries --matrix--> light of sRGB's --curve--> pixels

Every step works on each pixel by itself without BLAS: the bits do not depend on threads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics.integers import rescaled

Array = NDArray[np.float64]
Float = NDArray[np.float32]

D50 = np.array([0.9642, 1.0, 0.8249])
"""XYZ of the white of ICC's connection space (ICC.1:2022, 7.2.16)."""

SRGB_PRIMARIES = ((0.3127, 0.3290), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
"""White, red, green and blue as CIE xy (ITU-R BT.709)."""

LEVELS = 65536
"""Device values at which a curve is known: all that 16 bits can say."""

_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_SAME = 1 / 255  # how far a space may be off sRGB, encoded, and pass for it
_STRIP = 1 << 16  # pixels converted at a time: they stay in the processor's cache

# sRGB's curve by linear interpolation: as exact as 16 bits, and several times as quick as powers.
_STEPS, _TOP = 16384, 4.0  # nodes in a unit of light; light beyond the last one is cut


class ColourSpace(ABC):
    """A colour space other than sRGB, whose device values are RGB in [0, 1]."""

    def decoded(self, values: NDArray[Any]) -> Float:
        """Convert the file's integers to facelab's pixels.

        Parameters
        ----------
        values : (H, W, 3) uint8 or uint16
            Device values times 255 or 65535.

        Returns
        -------
        (H, W, 3) float32
            sRGB-encoded; outside [0, 1] where sRGB does not hold the colour.
        """
        out = np.empty(values.shape, np.float32)
        for rows in _strips(values.shape):
            out[rows] = self._decoded(values[rows])
        return out

    def stored(self, pixels: Float, bits: int, known: NDArray[Any] | None = None) -> NDArray[Any]:
        """Convert pixels to the file's integers; what the space does not hold is clipped.

        Parameters
        ----------
        pixels : (H, W, 3) float32
            sRGB-encoded, as `decoded` gives them.
        bits : int
            8 or 16.
        known : (H, W, 3) uint8 or uint16, optional
            Integers that were read: pixels that still have the value these stand for, bit for
            bit, get them.

        Returns
        -------
        (H, W, 3) uint8 or uint16
        """
        kind = np.uint8 if bits == 8 else np.uint16
        out = np.empty(pixels.shape, kind)
        for rows in _strips(pixels.shape):
            part = pixels[rows]
            if known is None:
                changed = np.ones(part.shape[:2], np.bool_)
            else:
                out[rows] = rescaled(known[rows], bits)
                changed = (part != self._decoded(known[rows])).any(axis=2)
            if changed.any():
                device = np.clip(self.device(part[changed]), 0, 1)
                out[rows][changed] = np.rint(device * (2**bits - 1)).astype(kind)
        return out

    @cached_property
    def is_srgb(self) -> bool:
        """Whether it differs from sRGB by less than a level of 8 bits."""
        steps = np.arange(0, 256, 15, dtype=np.uint8)
        grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
        ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
        values = np.concatenate([grid, ramp], axis=1)
        return bool(np.abs(self.decoded(values) - values / 255).max() < _SAME)

    @abstractmethod
    def _decoded(self, values: NDArray[Any]) -> Float:
        """A strip of `decoded`."""

    @abstractmethod
    def device(self, pixels: Float) -> Array:
        """The device values ``(n, 3)`` of pixels ``(n, 3)``; outside [0, 1] out of gamut."""


@dataclass(frozen=True, eq=False)
class MatrixSpace(ColourSpace):
    """Three primaries and a curve for each.

    Parameters
    ----------
    curves : (3, 65536) float64
        Light at the device values of 16 bits, rising, [0, 1].
    matrix : (3, 3) float64
        Light of the primaries to light of sRGB's.
    """

    curves: Array
    matrix: Array

    def _decoded(self, values: NDArray[Any]) -> Float:
        if values.dtype == np.uint8:
            red, green, blue = cv2.split(cv2.LUT(values, self._bytes))
        else:
            red, green, blue = (self._words[c].take(values[..., c]) for c in range(3))
        rows = self.matrix.astype(np.float32)
        out: Float = cv2.merge([_encoded(r * red + g * green + b * blue) for r, g, b in rows])
        return out

    @cached_property
    def _words(self) -> Float:
        """Light of 16-bit values, ``(3, 65536)``."""
        return self.curves.astype(np.float32)

    @cached_property
    def _bytes(self) -> Float:
        """Light of 8-bit values, ``(1, 256, 3)``."""
        return np.ascontiguousarray(self._words[:, :: LEVELS // 255].T[None])

    @cached_property
    def _inverse(self) -> Array:
        return np.linalg.inv(self.matrix).astype(np.float64)

    def device(self, pixels: Float) -> Array:
        """The device values ``(n, 3)`` of pixels ``(n, 3)``; clipped to [0, 1]."""
        red, green, blue = srgb_light(pixels.astype(np.float64)).T
        light = [r * red + g * green + b * blue for r, g, b in self._inverse]
        levels, pairs = np.linspace(0, 1, LEVELS), zip(light, self.curves, strict=True)
        device = [np.interp(one, curve, levels) for one, curve in pairs]
        return np.stack(device, axis=-1).astype(np.float64)


def _strips(shape: tuple[int, ...]) -> Iterator[slice]:
    """Slices of rows that go through an image."""
    rows = max(_STRIP // max(shape[1], 1), 1)
    return (slice(start, start + rows) for start in range(0, shape[0], rows))


# --- sRGB ----------------------------------------------------------------------------------------


def srgb_light(colour: Array) -> Array:
    """Light of sRGB-encoded values, mirrored at 0 (IEC 61966-2-1, continued beyond [0, 1])."""
    size = np.abs(colour)
    high = ((size + 0.055) / 1.055) ** 2.4
    return np.copysign(np.where(size <= 0.04045, size / 12.92, high), colour)


def srgb_encoded(light: Array) -> Array:
    """sRGB-encoded values of light, mirrored at 0: the inverse of `srgb_light`."""
    size = np.abs(light)
    high = 1.055 * size ** (1 / 2.4) - 0.055
    return np.copysign(np.where(size <= 0.0031308, size * 12.92, high), light)


def _encoded(light: Float) -> Float:
    """`srgb_encoded` by its table, to within 2e-6."""
    nodes, steps = _curve()
    at = np.abs(light)
    at *= np.float32(_STEPS)
    np.minimum(at, np.float32(_STEPS * _TOP - 1), out=at)
    whole = np.floor(at)
    node = whole.astype(np.int32)
    at -= whole
    at *= steps.take(node)
    at += nodes.take(node)
    return np.copysign(at, light, out=at)


@cache
def _curve() -> tuple[Float, Float]:
    values = srgb_encoded(np.arange(round(_STEPS * _TOP) + 1) / _STEPS)
    return values[:-1].astype(np.float32), np.diff(values).astype(np.float32)


# --- primaries -----------------------------------------------------------------------------------

Primaries = tuple[tuple[float, float], ...]


def to_d50(primaries: Primaries) -> Array:
    """XYZ ``(3, 3)`` of the red, green and blue primaries, in columns, adapted to D50.

    Parameters
    ----------
    primaries : four (x, y)
        White, red, green and blue. The white is adapted by the Bradford transform, as ICC
        profiles are (ICC.1:2022, annex E).

    Raises
    ------
    ValueError
        If they span no triangle.
    """
    white, *corners = (np.array([x / y, 1, (1 - x - y) / y]) if y else None for x, y in primaries)
    if white is None or any(corner is None for corner in corners):
        raise ValueError("a primary has no luminance")
    columns: Array = np.stack([corner for corner in corners if corner is not None], axis=1)
    if abs(np.linalg.det(columns)) < 1e-6:
        raise ValueError("the primaries lie on a line")
    columns = np.asarray(columns * np.linalg.solve(columns, white), np.float64)
    gain = (_BRADFORD @ D50) / (_BRADFORD @ white)
    adapted = np.linalg.inv(_BRADFORD) @ (gain[:, None] * (_BRADFORD @ columns))
    return np.asarray(adapted, np.float64)


@cache
def srgb_from_xyz() -> Array:
    """XYZ relative to D50 to light of sRGB, ``(3, 3)``."""
    return np.linalg.inv(to_d50(SRGB_PRIMARIES)).astype(np.float64)


def curve_of(function: Callable[[Array], Array]) -> Array:
    """A curve's light at `LEVELS` device values, ``(65536,)``, in [0, 1] and never falling.

    Raises
    ------
    ValueError
        If it is not a curve from dark to light.
    """
    with np.errstate(all="ignore"):
        light = np.asarray(function(np.linspace(0, 1, LEVELS)), np.float64)
    if not np.isfinite(light).all() or light[-1] - light[0] < 0.1 or light.min() < -0.1:
        raise ValueError("a curve does not rise from dark to light")
    rising: Array = np.maximum.accumulate(np.clip(light, 0, 1))
    return rising
