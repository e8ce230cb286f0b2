"""Textures of what occluders are made of: cloth, knitwear, plastic, paper; drawn by a seed."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.algebra import Floats

Rng = np.random.Generator

_PATTERNS = ("plain", "plain", "stripes", "checks", "dots", "flowers")


def dye(rng: Rng) -> Floats:
    """A colour of clothes, sRGB ``(3,)``: often grey, black or white, seldom bright."""
    hue, saturation = rng.uniform(0, 6), 0.7 * rng.beta(1, 3.2)
    value = 0.08 + 0.84 * rng.beta(1.1, 1.2)
    away = np.abs((hue - np.array([0, 2, 4]) + 3) % 6 - 3)
    full = np.clip(2 - away, 0, 1)
    return np.asarray(value * (1 - saturation * (1 - full)), np.float32)


def opaque(colour: Floats) -> Floats:
    """A texture ``(S, T, 4)`` of a colour ``(S, T, 3)``."""
    alpha = np.ones((*colour.shape[:2], 1), np.float32)
    return np.concatenate([np.clip(colour, 0, 1).astype(np.float32), alpha], axis=2)


def plain(colour: Floats, opacity: float = 1.0) -> Floats:
    """One colour ``(3,)`` all over."""
    return np.append(colour, opacity).astype(np.float32).reshape(1, 1, 4)


def uneven(rng: Rng, shape: tuple[int, int], grain: float, cells: tuple[int, ...]) -> Floats:
    """Brightness about 1, ``(S, T, 1)``: noise of as many cells along each side, alike strong."""
    total = np.zeros(shape, np.float32)
    for each in cells:
        coarse = rng.uniform(-1, 1, (each, each)).astype(np.float32)
        total += cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(1 + np.float32(grain / len(cells)) * total[..., None], np.float32)


def cloth(rng: Rng, colour: Floats, size: int = 128) -> Floats:
    """Woven cloth, plain or with a pattern in a second colour, ``(S, S, 4)``."""
    second = dye(rng)
    share = _pattern(rng, str(rng.choice(_PATTERNS)), size)[..., None]
    out = colour + share * (second - colour)
    return opaque(out * uneven(rng, (size, size), 0.22, (4, 9, size // 2)))


def knit(rng: Rng, colour: Floats, ribs: int, rows: int, size: int = 256) -> Floats:
    """Knitwear: ribs along v, stitches across, ``(S, S, 4)``; sometimes striped."""
    v, u = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j].astype(np.float32)
    rib = np.abs(np.sin(np.pi * ribs * u))
    stitch = np.abs(np.sin(np.pi * (rows * v + 0.35 * rib)))
    shade = 0.55 + 0.35 * rib**0.7 + 0.14 * stitch
    out = np.broadcast_to(colour, (size, size, 3))
    if rng.random() < 0.35:
        band = (np.sin(2 * np.pi * rng.integers(2, 5) * v + rng.uniform(0, 6)) > 0.35)[..., None]
        out = np.where(band, dye(rng), out)
    return opaque(out * shade[..., None] * uneven(rng, (size, size), 0.15, (5, 40)))


def _pattern(rng: Rng, kind: str, size: int) -> Floats:
    """Where a second colour shows, ``(size, size)``, [0, 1]."""
    v, u = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j].astype(np.float32)
    count = int(rng.integers(5, 12))
    if kind == "stripes":
        return np.asarray(np.clip(4 * np.sin(2 * np.pi * count * v), 0, 1), np.float32)
    if kind == "checks":
        across, down = (np.sin(2 * np.pi * count * at) > 0.3 for at in (u, v))
        return np.asarray(0.5 * across + 0.5 * down, np.float32)
    if kind in ("dots", "flowers"):
        out = np.zeros((size, size), np.float32)
        radius = int(size * rng.uniform(0.01, 0.035)) + 1
        for x, y in rng.integers(0, size, (int(rng.integers(25, 70)), 2)):
            cv2.circle(out, (int(x), int(y)), radius, (1.0,), -1, cv2.LINE_8)
        return np.asarray(cv2.GaussianBlur(out, (0, 0), 0.7 if kind == "dots" else 2.0), np.float32)
    return np.zeros((size, size), np.float32)
