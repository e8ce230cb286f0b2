"""Marks of skin drawn at random: pores, mottling, freckles, moles, blush, stubble.

Each is a map ``(S, S)`` over the atlas or the head's UV square, in units of CIELAB: by how much
melanin darkens the skin, by how much blood reddens it. `tinted` brings them onto a tone. Places
and sizes are parts of the side, so that a mark is the same at every size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from facelab.edits.cielab import to_rgb
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep

_TILE = 512  # texels of noise that is moved about instead of drawn anew
_CLOUDS = 128  # texels of the map on which clouds are summed up
_LEAN = (-0.35, 0.0, 0.35)  # of strands of a beard: across by down
_TEXEL = 0.5  # deviation, texels: nothing finer is drawn
_BINS = 3  # sizes that spots are drawn in


def tinted(colour: Float, tone: Float, melanin: Float, blood: Float) -> Float:
    """Skin with more or less of its two pigments.

    Pigments absorb a share of the light (Beer and Lambert; Tsumura et al., "Image-based skin color
    and texture analysis/synthesis", SIGGRAPH 2003): logarithms of colours add up. What a unit of
    each does is told from the tone itself.

    Parameters
    ----------
    colour : (S, S, 3) float32
        sRGB in [0, 1].
    tone : (3,) float32
        CIELAB of the skin as a whole.
    melanin, blood : (S, S) float32
        By how many units of CIELAB the one darkens and the other reddens it.
    """
    steps = np.array([[0, 0, 0], [-4, 0.4, 0.5], [-1.2, 4, 0.8]], np.float32)
    plain, darker, redder = np.log(np.maximum(to_rgb((tone + steps)[None])[0], 1e-2))
    log = [
        melanin * np.float32((m - p) / 4) + blood * np.float32((r - p) / 4)
        for p, m, r in zip(plain, darker, redder, strict=True)
    ]
    return np.asarray(np.minimum(colour * np.exp(cv2.merge(log)), 1), np.float32)


def pores(rng: np.random.Generator, size: int) -> Float:
    """Pores and the finest lines, mostly dark: mean 0, deviation about 1."""
    moved = tuple(int(step * size) for step in rng.random(2))
    return np.roll(_pores(size), moved, axis=(0, 1))


def clouds(rng: np.random.Generator, size: int, *layers: tuple[float, float]) -> Float:
    """Smooth noise: of each layer its deviation, and the size of its blobs in parts of the side."""
    small = np.zeros((_CLOUDS, _CLOUDS), np.float32)
    for deviation, scale in layers:
        cells = max(4, round(1.5 / scale))
        noise = rng.standard_normal((cells, cells), np.float32) * np.float32(1.5 * deviation)
        small += cv2.resize(noise, (_CLOUDS, _CLOUDS), interpolation=cv2.INTER_CUBIC)
    return resized(small, size)


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """Round spots.

    Parameters
    ----------
    places : (n, 2) float32
        Parts of the side.
    sigmas : (n,) float32
        Deviations of their blobs, parts of the side.
    depths : (n,) float32
        At their middles, in units of CIELAB.
    """

    places: Float
    sigmas: Float
    depths: Float

    @classmethod
    def strewn(
        cls,
        rng: np.random.Generator,
        likely: Float,
        count: int,
        sizes: tuple[float, float],
        depth: float,
    ) -> Spots:
        """Spots strewn in proportion to `likely` ``(n, n)``, most of them small and faint."""
        cumulative = np.cumsum(likely.ravel(), dtype=np.float64)
        cells = np.searchsorted(cumulative, rng.random(count) * cumulative[-1])
        v, u = np.divmod(np.minimum(cells, likely.size - 1), len(likely))
        places = (np.column_stack([u, v]) + rng.random((count, 2))) / len(likely)
        sigmas = sizes[0] + (sizes[1] - sizes[0]) * rng.beta(1, 3, count)
        depths = depth * rng.beta(1.5, 3, count)
        return cls(*(np.asarray(one, np.float32) for one in (places, sigmas, depths)))


def spotted(kinds: Sequence[Spots], size: int) -> Float:
    """The sum of spots, ``(size, size)``; those of nearly one size are drawn by one blur."""
    places = np.concatenate([spots.places for spots in kinds]) * np.float32(size) - np.float32(0.5)
    sigmas = np.concatenate([spots.sigmas for spots in kinds]) * np.float32(size)
    depths = np.concatenate([spots.depths for spots in kinds])
    out = np.zeros((size, size), np.float32)
    for members in np.array_split(np.argsort(sigmas, kind="stable"), _BINS):
        if members.size:
            sigma = float(sigmas[members].mean())
            points = _points(
                places[members], depths[members] * np.float32(2 * np.pi * sigma**2), size
            )
            out += cv2.GaussianBlur(
                points, (0, 0), max(sigma, _TEXEL), borderType=cv2.BORDER_CONSTANT
            )
    return out


def laid_over(skin: Float, colour: Float, share: Float) -> Float:
    """Skin with another colour ``(3,)`` or ``(S, S, 3)`` over it, `share` ``(S, S)`` of it."""
    cover = cv2.merge([np.asarray(share, np.float32)] * 3)
    return np.asarray(skin + cover * (colour - skin), np.float32)


def bumps(places: Float, radii: Float, size: int) -> Float:
    """The sum of smooth bumps about places ``(n, 2)`` of radii ``(n, 2)``, parts of the side."""
    at = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    out = np.zeros((size, size), np.float32)
    for (u, v), (across, down) in zip(places, radii, strict=True):
        columns, rows = np.exp(-(((at - u) / across) ** 2)), np.exp(-(((at - v) / down) ** 2))
        out += rows[:, None] * columns
    return out


def strands(rng: np.random.Generator, size: int, length: float) -> Float:
    """How much of a texel short hairs cover that grow downward and outward, in [0, 1].

    Parameters
    ----------
    length : float
        Of a hair, 0 for dots to 1 for a short beard.
    """
    hairs = _strands(min(int(length * 3), 2), size)
    moved = np.roll(hairs, int(rng.random() * size), axis=0)
    return smoothstep(moved, -1.2, 1.8)


def _points(places: Float, shares: Float, size: int) -> Float:
    """Points at texel coordinates ``(n, 2)``, each shared among the four texels around it."""
    out = np.zeros(size * size, np.float32)
    low = np.floor(places).astype(np.intp)
    part = places - low
    for across in (0, 1):
        for down in (0, 1):
            u, v = low[:, 0] + across, low[:, 1] + down
            inside = (u >= 0) & (u < size) & (v >= 0) & (v < size)
            weight = abs(1 - across - part[:, 0]) * abs(1 - down - part[:, 1]) * shares
            np.add.at(out, v[inside] * size + u[inside], weight[inside].astype(np.float32))
    return out.reshape(size, size)


@lru_cache(maxsize=4)
def _pores(size: int) -> Float:
    """Noise of two sizes of pores, drawn toward the dark."""
    noise = np.random.default_rng(1).standard_normal((2, _TILE, _TILE), np.float32)
    fine, wide = _blurred(noise[0], 0.8), _blurred(noise[1], 1.6)
    both = _scaled(fine - _blurred(fine, 2.2)) + np.float32(0.7) * _scaled(wide)
    return _kept(_at_size(_scaled(-np.exp(np.float32(0.6) * _scaled(both))), size))


@lru_cache(maxsize=9)
def _strands(length: int, size: int) -> Float:
    """Noise drawn out along hairs that lean outward on both sides; deviation 1."""
    noise = np.random.default_rng(2).standard_normal((3, _TILE, _TILE), np.float32)
    left, middle, right = (
        _scaled(cv2.filter2D(one, -1, _line(3 + 4 * length, lean)))
        for one, lean in zip(noise, _LEAN, strict=True)
    )
    at = np.linspace(-1, 1, _TILE, dtype=np.float32)
    side = smoothstep(np.abs(at), 0.15, 0.6)
    outward = np.where(at < 0, left, right)
    return _kept(_at_size(np.asarray(middle + side * (outward - middle), np.float32), size))


def _at_size(tile: Float, size: int) -> Float:
    method = cv2.INTER_AREA if size < _TILE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(tile, (size, size), interpolation=method), np.float32)


def _kept(values: Float) -> Float:
    values.flags.writeable = False
    return values


def _line(length: int, lean: float) -> Float:
    """A soft line of some texels through the middle of a square kernel."""
    reach = length // 2 + 1
    v, u = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32)
    near = np.exp(-(((u - lean * v) / 0.7) ** 2)) * (np.abs(v) <= length / 2)
    return np.asarray(near / near.sum(), np.float32)


def _blurred(values: Float, sigma: float) -> Float:
    out: Float = cv2.GaussianBlur(values, (0, 0), sigma)
    return out


def _scaled(values: Float) -> Float:
    out: Float = (values - values.mean()) / values.std()
    return out
