"""Glasses before a face: rims, bridge and lenses as the camera sees them, without their temples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np

from facelab.constants import PARTS
from facelab.face.blend import alpha
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import Box

Window = tuple[slice, slice]

_ROOM = 3  # pixels around them in their window
_FINER = 4  # samples along a pixel's side
_BELOW = tuple(part for part in PARTS if part not in ("hair", "front"))
_GLOSS = 0.3  # how much lighter an edge is that looks up
_GLINT = 0.11  # how much of a lens's brightest streak is the sky's light
_STREAKS = (-0.55, 0.16), (-0.12, 0.06)  # across the lens from its middle to its edge: where, sigma
_FAINTER = 0.8  # of a tint at the lower edge, beside that at the upper one


@dataclass(frozen=True, slots=True, eq=False)
class Eyewear:
    """A frame with two lenses.

    Parameters
    ----------
    outer, inner : (2, n, 2) float32
        The rims' outlines, source-image pixels; n is a multiple of 4, from the side clockwise.
    bridge : (4, 2) float32
        Its corners.
    colour, tint : (3,) float32
        Of the frame and of the lenses, RGB in [0, 1].
    opacity, density : float
        Of all of it, and of the lenses, [0, 1].
    """

    outer: Float
    inner: Float
    bridge: Float
    colour: Float
    tint: Float
    opacity: float
    density: float

    def drawn(
        self,
        image: Float,
        shares: Callable[[Window, tuple[str, ...]], Float],
        mask: Float | None = None,
    ) -> Float:
        """The image with them, behind hair and hands; for parameters see `Temple.drawn`."""
        window = self._window(image.shape[:2])
        if window is None:
            return image
        shown = np.float32(self.opacity) * shares(window, _BELOW)
        if mask is not None:
            shown = shown * mask[window]
        out, under = image.copy(), image[window]
        for ring in self.inner:
            lens = _coverage([ring], window)
            across, down = _places(ring, window)
            fading = 1 - np.float32(1 - _FAINTER) * smoothstep(down, -1, 1)
            tinted = np.broadcast_to(self.tint, under.shape)
            under = alpha(tinted, under, shown * lens * fading * np.float32(self.density))
            glint = np.float32(_GLINT) * _streaks(across + 0.5 * down) * shown * lens
            under = alpha(np.ones_like(under), under, glint)
        frame, light = self._frame(window)
        painted = np.clip(self.colour * (1 + light[..., None]) + 0.3 * light[..., None], 0, 1)
        out[window] = alpha(painted.astype(np.float32), under, shown * frame)
        return out

    def _frame(self, window: Window) -> tuple[Float, Float]:
        """How much of each pixel is rim or bridge, and how much of the sky it reflects."""
        rims = _coverage(list(self.outer), window) - _coverage(list(self.inner), window)
        frame = np.maximum(np.clip(rims, 0, 1), _coverage([self.bridge], window))
        thick = float(np.linalg.norm(self.outer[0, 0] - self.inner[0, 0]))
        soft = cv2.GaussianBlur(frame, (0, 0), max(0.3 * thick, 0.5))
        up = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.125 * thick)
        return frame, np.float32(_GLOSS) * np.clip(up, 0, 1)

    def _window(self, shape: tuple[int, int]) -> Window | None:
        """The rows and columns of an image of `shape` (H, W) around it; None if it lies outside."""
        box = Box.around(self.outer.reshape(-1, 2))
        rows, columns = (
            slice(max(floor(low) - _ROOM, 0), min(ceil(high) + _ROOM + 1, side))
            for low, high, side in ((box.y0, box.y1, shape[0]), (box.x0, box.x1, shape[1]))
        )
        return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None


def _streaks(across: Float) -> Float:
    """How bright the sky's reflection is, [0, 1]."""
    out: Float = np.maximum.reduce(
        [np.exp(-(((across - where) / sigma) ** 2) / 2) for where, sigma in _STREAKS]
    )
    return out


def _places(ring: Float, window: Window) -> tuple[Float, Float]:
    """Where pixels lie in a lens: right and down from its middle, 1 at its edge."""
    quarter = len(ring) // 4
    right, low, left, high = (ring[k * quarter] for k in range(4))
    if right[0] < left[0]:  # the other lens goes round the other way
        right, left = left, right
    axes = np.column_stack([right - left, low - high]).astype(np.float64) / 2
    inverse = np.linalg.pinv(axes)
    y, x = np.mgrid[window].astype(np.float32)
    x, y = x - ring[:, 0].mean(), y - ring[:, 1].mean()
    across, down = (np.asarray(row[0] * x + row[1] * y, np.float32) for row in inverse)
    return across, down


def _coverage(polygons: Sequence[Float], window: Window) -> Float:
    """How much of each pixel of a window polygons cover, ``(h, w)``."""
    rows, columns = window
    height, width = rows.stop - rows.start, columns.stop - columns.start
    fine = np.zeros((height * _FINER, width * _FINER), np.uint8)
    corner = np.array([columns.start, rows.start], np.float32)
    for polygon in polygons:
        places = (polygon - corner + 0.5) * _FINER - 0.5
        cv2.fillPoly(fine, [np.rint(places * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    small = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)
