"""The part of a photograph around a face, in which all that is done to the face takes place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from facelab.geometry.parsing import Parsing
from facelab.types import Box, PositionMap

# Parts of the longer side of a face's box, on each side of it. A network's crop of the face at any
# roll takes 0.8; a motion by up to a fifth of the face's size stays within, too. The face itself
# reaches no further than its box, and what is sampled there a few pixels.
ROOM, NEAR = 1.0, 0.1

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
    def of_face(
        cls, positions: PositionMap, shape: tuple[int, int], room: float | None = None
    ) -> Window:
        """What steps on a face read of an image of `shape` (H, W).

        Around it there is `room`, in parts of the longer side of its box; by default `ROOM`.
        """
        box = positions.box
        return cls.around(box, (ROOM if room is None else room) * max(box.width, box.height), shape)

    def holding(self, other: tuple[slice, slice] | None) -> Window:
        """The smallest window that holds this and another one, if there is one."""
        if other is None:
            return self
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

    def parsing_inward(self, parsing: Parsing) -> Parsing:
        """What the photograph shows around a face, in the window's own pixels."""
        return _parsing_shifted(parsing, -self.columns.start, -self.rows.start)

    def parsing_outward(self, parsing: Parsing) -> Parsing:
        """What is seen around a face, in the pixels of the photograph."""
        return _parsing_shifted(parsing, self.columns.start, self.rows.start)


def _pixels(low: float, high: float, side: int) -> slice:
    start = min(max(floor(low), 0), side - 1)
    return slice(start, max(min(ceil(high) + 1, side), start + 1))


def _shifted(positions: PositionMap, x: int, y: int) -> PositionMap:
    if x == y == 0:
        return positions
    return PositionMap(positions.values + np.array([x, y, 0], np.float32), positions.atlas)


def _parsing_shifted(parsing: Parsing, x: int, y: int) -> Parsing:
    (left, top), crop = parsing.crop.centre, parsing.crop
    return replace(parsing, crop=replace(crop, centre=(left + x, top + y)))
