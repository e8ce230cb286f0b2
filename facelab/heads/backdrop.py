"""What is behind a person whom nobody photographed: one colour, a gradient, patches, lights."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.edits.cielab import to_rgb
from facelab.numerics.arrays import Float

Rng = np.random.Generator

KINDS = ("plain", "gradient", "patches", "shapes", "lights")
_OCTAVES = 5  # of patches, each half as large and half as strong


def draw_backdrop(kind: str, shape: tuple[int, int], rng: Rng) -> Float:
    """Draw a background of one of `KINDS`, or ``any``.

    Parameters
    ----------
    shape : (H, W)

    Returns
    -------
    (H, W, 3) float32
        sRGB-encoded RGB in [0, 1].
    """
    kind = kind if kind != "any" else str(rng.choice(KINDS))
    picture = _DRAWN[kind](shape, rng)
    return np.asarray(np.clip(picture, 0, 1), np.float32)


def _plain(shape: tuple[int, int], rng: Rng) -> Float:
    return np.broadcast_to(_colour(rng), (*shape, 3))


def _gradient(shape: tuple[int, int], rng: Rng) -> Float:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    along = x * np.float32(np.cos(angle) / shape[1]) + y * np.float32(np.sin(angle) / shape[0])
    share = (along - along.min()) / max(float(np.ptp(along)), 1e-6)
    return _mixed(share, rng)


def _patches(shape: tuple[int, int], rng: Rng) -> Float:
    total = np.zeros(shape, np.float32)
    cells = int(rng.integers(2, 7))
    for octave in range(_OCTAVES):
        coarse = rng.random((cells << octave,) * 2, np.float32) - np.float32(0.5)
        wide = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
        total += np.float32(2.0**-octave) * wide
    return _mixed(np.clip(total + np.float32(0.5), 0, 1), rng)


def _shapes(shape: tuple[int, int], rng: Rng) -> Float:
    """Blurred boxes: furniture, walls, windows out of focus."""
    picture = np.ascontiguousarray(_gradient(shape, rng))
    for _ in range(int(rng.integers(4, 16))):
        x, y = (rng.uniform(-0.2, 1.1, 2) * shape[::-1]).astype(int)
        w, h = (rng.uniform(0.05, 0.6, 2) * shape[::-1]).astype(int)
        colour = _colour(rng) * np.float32(rng.uniform(0.5, 1.2))
        cv2.rectangle(picture, (int(x), int(y)), (int(x + w), int(y + h)), colour.tolist(), -1)
    return _blurred(picture, rng.uniform(0.002, 0.04))


def _lights(shape: tuple[int, int], rng: Rng) -> Float:
    """Discs of lights out of focus before something dark."""
    picture = np.ascontiguousarray(_patches(shape, rng) * np.float32(rng.uniform(0.15, 0.5)))
    radius = rng.uniform(0.02, 0.07) * shape[0]
    discs = np.zeros_like(picture)
    for _ in range(int(rng.integers(8, 40))):
        x, y = (rng.random(2) * shape[::-1]).astype(int)
        size = max(int(radius * rng.uniform(0.6, 1.2)), 1)
        bright = _colour(rng) * np.float32(rng.uniform(0.1, 0.6))
        cv2.circle(discs, (int(x), int(y)), size, bright.tolist(), -1, cv2.LINE_AA)
    return _blurred(np.clip(picture + discs, 0, 1), 0.005)


def _blurred(picture: Float, share: float) -> Float:
    """Blurred by a share of the picture's height."""
    out: Float = cv2.GaussianBlur(picture, (0, 0), max(share * len(picture), 0.5))
    return out


def _mixed(share: Float, rng: Rng) -> Float:
    first, second = _colour(rng), _colour(rng)
    return np.asarray(first + share[..., None] * (second - first), np.float32)


def _colour(rng: Rng) -> Float:
    """A colour of walls and gardens: any lightness, mostly muted; sRGB."""
    hue, chroma = rng.uniform(0, 2 * np.pi), 50 * rng.random() ** 2
    lab = [rng.uniform(8, 95), chroma * np.cos(hue), chroma * np.sin(hue)]
    rgb: Float = to_rgb(np.array(lab, np.float32)[None, None])[0, 0]
    return rgb


_DRAWN = {
    "plain": _plain,
    "gradient": _gradient,
    "patches": _patches,
    "shapes": _shapes,
    "lights": _lights,
}
