"""The part of a photograph around a face, in which all that is done to the face takes place."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from facelab.types import Box, PositionMap

# Parts of the longer side of a face's box, on each side of it. A network's crop of the face at any
# roll takes 0.8; a motion by up to a fifth of the face's size stays within, too.
ROOM = 1.0

Pixels = TypeVar("Pixels", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Window:
    """Whole pixels of a photograph; its own pixels count from its corner.

    Parameters
    ----------
    rows, columns : slice
        Of the photograph, at least one of each.
    """

    rows: slice
    columns: slice

    @classmethod
    def around(cls, box: Box, room: float, shape: tuple[int, int]) -> Window:
        """The pixels of an image of `shape` (H, W) within `room` pixels of a box; at least one."""
        rows = _pixels(box.y0 - room, box.y1 + room, shape[0])
        return cls(rows, _pixels(box.x0 - room, box.x1 + room, shape[1]))

    @classmethod
    def of_face(cls, positions: PositionMap, shape: tuple[int, int]) -> Window:
        """What steps on a face read of an image of `shape` (H, W)."""
        box = positions.box
        return cls.around(box, ROOM * max(box.width, box.height), shape)

    def holding(self, other: tuple[slice, slice]) -> Window:
        """The smallest window that holds this and another one."""
        rows, columns = (
            slice(min(own.start, more.start), max(own.stop, more.stop))
            for own, more in zip((self.rows, self.columns), other, strict=True)
        )
        return Window(rows, columns)

    def part(self, pixels: NDArray[Pixels]) -> NDArray[Pixels]:
        """The window's part of an array ``(H, W, ...)``, not copied."""
        return pixels[self.rows, self.columns]

    def inward(self, positions: PositionMap) -> PositionMap:
        """Positions of the photograph in the window's own pixels."""
        return _shifted(positions, -self.columns.start, -self.rows.start)

    def outward(self, positions: PositionMap) -> PositionMap:
        """Positions in the window's own pixels in those of the photograph."""
        return _shifted(positions, self.columns.start, self.rows.start)


def _pixels(low: float, high: float, side: int) -> slice:
    start = min(max(floor(low), 0), side - 1)
    return slice(start, max(min(ceil(high) + 1, side), start + 1))


def _shifted(positions: PositionMap, x: int, y: int) -> PositionMap:
    if x == y == 0:
        return positions
    return PositionMap(positions.values + np.array([x, y, 0], np.float32), positions.atlas)
