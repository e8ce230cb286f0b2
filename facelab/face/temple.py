"""Temples of glasses: from a frame on the face, past where its atlas ends, to the ear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor
from typing import Protocol

import numpy as np

from facelab.face.blend import alpha
from facelab.face.quality import SURFACE
from facelab.numerics.arrays import Float, require
from facelab.types import Box

Window = tuple[slice, slice]


class Worn(Protocol):
    """What an edit puts on a face and is drawn in the image, not on the skin."""

    def drawn(
        self,
        image: Float,
        shares: Callable[[Window, tuple[str, ...]], Float],
        mask: Float | None = None,
    ) -> Float:
        """The image with it; for parameters see `Temple.drawn`."""


_ROOM = 8  # pixels around a temple in its window
_BELOW = (*SURFACE, "glasses", "lenses")
_EAR = 0.5  # share of a pixel from which it is an ear


@dataclass(frozen=True, slots=True, eq=False)
class Temple:
    """A straight bar from a frame's hinge to the ear.

    Parameters
    ----------
    hinge : (2,) float32
        Where it starts, source-image pixels.
    ends : (n, 2) float32
        Where it may end, the nearest first: at the first of them that shows an ear, else at the
        last.
    width : float
        Pixels.
    colour : (3,) float32
        RGB in [0, 1].
    opacity : float
        [0, 1].
    """

    hinge: Float
    ends: Float
    width: float
    colour: Float
    opacity: float

    def __post_init__(self) -> None:
        require("hinge", self.hinge, (2,), np.float32)
        require("ends", self.ends, ("n", 2), np.float32)
        require("colour", self.colour, (3,), np.float32)

    def drawn(
        self,
        image: Float,
        shares: Callable[[Window, tuple[str, ...]], Float],
        mask: Float | None = None,
    ) -> Float:
        """The image with the temple: over the hair before an ear that is seen, else behind hair.

        Parameters
        ----------
        image : (H, W, 3) float32
        shares : function
            How much of each pixel of a window of the image any of some parts is (see
            `facelab.constants.PARTS`), ``(h, w)`` in [0, 1].
        mask : (H, W) float32, optional
            Where the image may change, [0, 1].
        """
        window = self._window(image.shape[:2])
        if window is None:
            return image
        ear = self._ear(shares(window, ("ears",)), window)
        end, below = (-1, _BELOW) if ear is None else (ear, (*_BELOW, "hair"))
        shown = self._coverage(self.ends[end], window) * shares(window, below)
        if mask is not None:
            shown = shown * mask[window]
        out = image.copy()
        out[window] = alpha(np.broadcast_to(self.colour, out[window].shape), out[window], shown)
        return out

    def _window(self, shape: tuple[int, int]) -> Window | None:
        """The rows and columns of an image of `shape` (H, W) around it; None if it lies outside."""
        box, room = Box.around(np.vstack([self.hinge, self.ends])), self.width / 2 + _ROOM
        rows, columns = (
            slice(max(floor(low - room), 0), min(ceil(high + room) + 1, side))
            for low, high, side in ((box.y0, box.y1, shape[0]), (box.x0, box.x1, shape[1]))
        )
        return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None

    def _ear(self, ears: Float, window: Window) -> int | None:
        """Which end is the first that shows an ear; None if none does."""
        columns, rows = np.rint(self.ends - [window[1].start, window[0].start]).astype(int).T
        height, width = ears.shape
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        there = ears[rows.clip(0, height - 1), columns.clip(0, width - 1)] > _EAR
        found = np.flatnonzero(there & inside)
        return int(found[0]) if len(found) else None

    def _coverage(self, end: Float, window: Window) -> Float:
        """How much of each pixel it covers, by the distance from its middle; its ends are round."""
        y, x = np.mgrid[window].astype(np.float32)
        (dx, dy), (ax, ay) = (end - self.hinge).tolist(), self.hinge.tolist()
        along = ((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-6)
        along = np.clip(along, 0, 1)
        away = np.hypot(x - ax - along * dx, y - ay - along * dy)
        thick = max(self.width, 1.0)  # a thinner one is fainter instead
        covered = np.clip((thick + 1) / 2 - away, 0, 1) * (self.width / thick * self.opacity)
        return np.asarray(covered, np.float32)
