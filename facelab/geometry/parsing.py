"""What each pixel around a face shows: skin, hair, glasses, a hand in front.

Frame: a square crop around the face, level with it, of 256 pixels; `facelab.types.Crop` leads from
the photograph's pixels to the crop's.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.constants import PARTS
from facelab.numerics.arrays import Float, require
from facelab.types import Box, Crop, PositionMap

SIDE = 256  # of the crop, its own pixels

NOT_SEEN = 255
"""What stands for a part where a parsing has not looked."""


@dataclass(frozen=True, slots=True, eq=False)
class Parsing:
    """What each pixel of a crop around a face shows.

    Parameters
    ----------
    shares : (256, 256, 14) float32
        How much of the pixel is each of `facelab.constants.PARTS`, [0, 1]; they sum to 1.
    crop : Crop
        Where the crop lies in the photograph.

    Raises
    ------
    ValueError
        If the shares have another shape or dtype.
    """

    shares: Float
    crop: Crop

    def __post_init__(self) -> None:
        require("shares", self.shares, (SIDE, SIDE, len(PARTS)), np.float32)

    def __repr__(self) -> str:
        return f"<Parsing {SIDE}x{SIDE}>"

    def share(self, *parts: str) -> Float:
        """How much of each pixel of the crop any of the parts is, ``(256, 256)`` in [0, 1]."""
        first, *others = (cv2.extractChannel(self.shares, PARTS.index(part)) for part in parts)
        out: Float = first
        for other in others:
            out += other
        return out

    def at(self, places: Float, *parts: str) -> Float:
        """The same at places ``(h, w, 2)`` of the photograph, its pixels: ``(h, w)``.

        Beyond the crop its border is repeated.
        """
        rows = self.crop.apply(places.reshape(-1, 2)).reshape(places.shape)
        x, y = cv2.split(rows)
        share = self.share(*parts)
        out: Float = cv2.remap(share, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return out

    def texels(self, positions: PositionMap) -> Float:
        """The shares of all parts at the texels of a face, ``(256, 256, 14)``.

        Of a texel that the face itself hides, those of what is seen in its place. They lie in
        memory part by part, as they are read.
        """
        places = positions.values[..., :2]
        x, y = cv2.split(self.crop.apply(places.reshape(-1, 2)).reshape(places.shape))
        read = cv2.remap(self.shares, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        # Part after part in memory: they are asked for one by one, a hundred times a swap.
        return np.moveaxis(np.array(cv2.split(read)), 0, -1)

    def over(self, window: tuple[slice, slice], *parts: str) -> Float:
        """The same at the pixels of a window (rows, columns) of the photograph.

        Where a slice has a step, at every so many of them.
        """
        (row, height, down), (column, width, right) = (
            (one.start, len(range(one.start, one.stop, one.step or 1)), one.step or 1)
            for one in window
        )
        place = np.array([[right, 0, column], [0, down, row], [0, 0, 1]], np.float64)
        out: Float = cv2.warpAffine(
            self.share(*parts),
            self.crop.matrix @ place,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return out

    def leading(self, window: tuple[slice, slice]) -> tuple[NDArray[np.uint8], Float]:
        """Which part has the largest share of each pixel of a window of the photograph.

        Returns
        -------
        part : (h, w) uint8
            Its place in `facelab.constants.PARTS`; `NOT_SEEN` beyond the crop.
        share : (h, w) float32
            Its share, [0, 1]; 0 beyond the crop.
        """
        rows, columns = window
        if rows.stop <= rows.start or columns.stop <= columns.start:
            none = (rows.stop - rows.start, columns.stop - columns.start)
            return np.zeros(none, np.uint8), np.zeros(none, np.float32)
        share = self.over(window, PARTS[0])
        part = np.zeros(share.shape, np.uint8)
        for number, name in enumerate(PARTS[1:], 1):
            other = self.over(window, name)
            part[other > share] = number
            share = np.maximum(share, other)
        beyond = self.margin(window) <= 0
        part[beyond], share[beyond] = NOT_SEEN, 0
        return part, share

    def window(self, shape: tuple[int, int]) -> tuple[slice, slice]:
        """The rows and columns of a photograph of `shape` (H, W) that the crop touches."""
        corners = np.array([[0, 0], [SIDE, 0], [0, SIDE], [SIDE, SIDE]], np.float32)
        box = Box.around(self.crop.invert(corners - np.float32(0.5)))
        rows, columns = (
            slice(min(max(floor(low), 0), side), min(max(ceil(high) + 1, 0), side))
            for low, high, side in ((box.y0, box.y1, shape[0]), (box.x0, box.x1, shape[1]))
        )
        return rows, columns

    def margin(self, window: tuple[slice, slice]) -> Float:
        """How far inside the crop each pixel of a window of the photograph lies, ``(h, w)``.

        In pixels of the crop from its border; 0 and below outside. Steps of slices count.
        """
        y, x = (np.arange(one.start, one.stop, one.step, dtype=np.float64) for one in window)
        out = np.full((len(y), len(x)), np.inf)
        for across, down, shift in self.crop.matrix:
            place = across * x + down * y[:, None] + shift
            np.minimum(out, np.minimum(place + 0.5, SIDE - 0.5 - place), out=out)
        return out.astype(np.float32)
