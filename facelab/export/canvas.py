"""Anti-aliased lines, dots and text over a part of a photograph."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Float, Frame
from facelab.numerics.integers import held, unit
from facelab.types import Box

Colour = tuple[int, int, int]  # RGB, 0 to 255

_FRACTION = 4  # binary digits of OpenCV's fixed-point coordinates
_FONT = "sans"  # built into OpenCV 5
_WEIGHT = 500  # of the font: a little heavier than regular
_SHADE: Colour = (0, 0, 0)
_RIM, _PLATE = 0.45, 0.6  # opacity of the shade around lines and below text


class Canvas:
    """A transparent layer over the part of an image that a box covers.

    Points and lengths are in source-image pixels; what lies outside the image is cut off.

    Parameters
    ----------
    box : Box
        Source-image pixels; it may reach beyond the image.
    shape : (H, W)
        Size of the image.
    samples : int
        Samples a pixel in each direction, so that lines can be finer than pixels.
    """

    def __init__(self, box: Box, shape: tuple[int, int], samples: int = 1) -> None:
        x0, x1 = (int(np.clip(value, 0, shape[1])) for value in (box.x0, box.x1 + 1))
        y0, y1 = (int(np.clip(value, 0, shape[0])) for value in (box.y0, box.y1 + 1))
        self._window = slice(y0, y1), slice(x0, x1)
        self._corner = np.array([x0, y0], np.float32)
        self._size = (x1 - x0, y1 - y0)
        self._samples = samples
        # Colours premultiplied with opacity (Porter & Duff 1984): then drawing anti-aliased into
        # all four channels is right. At least a pixel, since OpenCV does not draw on nothing.
        height, width = max(y1 - y0, 1) * samples, max(x1 - x0, 1) * samples
        self._ink: NDArray[np.uint8] = np.zeros((height, width, 4), np.uint8)

    def over(self, image: Frame) -> Frame:
        """The image ``(H, W, 3)`` with the canvas on it; around the box it is untouched."""
        out = image.copy()
        if 0 not in self._size:
            layer = cv2.resize(self._ink, self._size, interpolation=cv2.INTER_AREA)
            inked = layer[..., 3] > 0  # most of the box is bare
            ink, part = layer[inked] / np.float32(255), out[self._window]
            part[inked] = held(unit(part[inked]) * (1 - ink[:, 3:]) + ink[:, :3], part)
        return out

    def line(self, points: Float, colour: Colour, width: float, opacity: float = 1.0) -> None:
        """A line through points ``(n, 2 or 3)``."""
        self._stroke(points, _ink(colour, opacity), max(round(width * self._samples), 1))

    def rimmed_line(
        self, points: Float, colour: Colour, width: float, opacity: float = 1.0
    ) -> None:
        """A line with a dark rim, to stand out from light skin as from dark.

        Of several, ``(m, n, 2 or 3)``, no rim lies on a line.
        """
        thickness = max(round(width * self._samples), 1)
        self._stroke(points, _ink(_SHADE, _RIM * opacity), thickness + 2)
        self._stroke(points, _ink(colour, opacity), thickness)

    def _stroke(self, points: Float, ink: Float, thickness: int) -> None:
        places = np.rint(self._samples_at(points[..., :2]) * 2**_FRACTION).astype(np.int32)
        paths = list(places.reshape(-1, *places.shape[-2:]))
        cv2.polylines(self._ink, paths, False, ink.tolist(), thickness, cv2.LINE_AA, _FRACTION)

    def dot(self, point: Float, radius: float, colour: Colour, opacity: float = 1.0) -> None:
        """A disc as of `dots`."""
        self.dots(point[None], radius, colour, opacity)

    def dots(
        self,
        points: Float,
        radius: float,
        colours: Colour | NDArray[np.uint8],
        opacity: float | Float = 1.0,
    ) -> None:
        """Discs around points ``(n, 2 or 3)`` in place of what was there, later over earlier ones.

        Each of them may have its own colour, ``(n, 3)``, and opacity ``(n,)``: one of 0 is a hole.
        """
        # OpenCV's own circles are squares below a radius of 3 px. As its lines, discs fade over
        # the sample beyond their rim.
        places, radius = self._samples_at(points[:, :2]), radius * self._samples
        reach = np.arange(-ceil(radius + 1), ceil(radius + 1) + 1)
        x, y = (np.rint(places).astype(np.int64)[:, :, None] + reach).swapaxes(0, 1)
        across, down = x - places[:, :1], y - places[:, 1:]
        away = np.sqrt((down**2)[:, :, None] + (across**2)[:, None])
        share = np.clip(radius + 1 - away, 0, 1, dtype=np.float32)
        height, width = self._ink.shape[:2]
        share *= ((y >= 0) & (y < height))[:, :, None] & ((x >= 0) & (x < width))[:, None]
        dot, row, column = np.nonzero(share)
        ink = np.broadcast_to(_ink(colours, opacity), (len(points), 4))[dot]
        self._mix(y[dot, row] * width + x[dot, column], share[dot, row, column][:, None], ink)

    def _mix(self, samples: NDArray[np.int64], share: Float, ink: Float) -> None:
        """Mix ink ``(n, 4)`` by shares ``(n, 1)`` into samples ``(n,)``, one after another."""
        under = self._ink.reshape(-1, 4)
        for turn in _turns(samples):
            mixed = under[samples[turn]] * (1 - share[turn]) + ink[turn] * share[turn]
            under[samples[turn]] = np.rint(mixed)

    def text(self, words: str, corner: Float, size: float, colour: Colour) -> None:
        """A line of text `size` pixels high on a dark plate, moved until it lies in the image.

        Its top left is at `corner` ``(2 or 3,)`` if it can be.
        """
        height = round(size * self._samples)
        font, pad = cv2.FontFace(_FONT), height // 3
        _, top, *extent = cv2.getTextSize((0, 0), words, (0, 0), font, height, _WEIGHT)
        plate = np.array(extent) + 2 * pad
        room = np.maximum(self._ink.shape[1::-1] - plate, 0)
        x, y = np.clip(self._samples_at(corner[:2]).astype(int), 0, room).tolist()
        under = self._ink[y : y + int(plate[1]), x : x + int(plate[0])]
        # Through a mask, since OpenCV's text does not blend into a fourth channel.
        mask = np.zeros(under.shape[:2], np.uint8)
        cv2.putText(mask, words, (pad, pad - top), (255,), font, height, _WEIGHT)
        share = mask[..., None] / np.float32(255)
        under[:] = np.rint(_ink(_SHADE, _PLATE) * (1 - share) + _ink(colour, 1) * share)

    def _samples_at(self, points: Float) -> Float:
        """Points ``(..., 2)`` in samples of the canvas."""
        half = np.float32(0.5)
        samples: Float = (points - self._corner + half) * self._samples - half
        return samples


def _ink(colours: Colour | NDArray[np.uint8], opacity: float | Float) -> Float:
    """Colours ``(..., 3)`` premultiplied, with their opacity as fourth channel."""
    ink = np.full((*np.shape(colours)[:-1], 4), 255, np.float32)
    ink[..., :3] = colours
    return ink * np.asarray(opacity, np.float32)[..., None]


def _turns(numbers: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Places in `numbers` ``(n,)``, of each number the first ones, then the second ones, ..."""
    order = np.argsort(numbers, kind="stable")
    begins = np.diff(numbers[order], prepend=-1) != 0
    counted = np.arange(len(order))
    turn = counted - np.maximum.accumulate(np.where(begins, counted, 0))
    for number in range(turn.max(initial=-1) + 1):
        yield order[turn == number]
