"""What a sample must show of its face: beyond these bounds it is drawn again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from facelab.augment.classes import COVERED
from facelab.augment.people import Places, places_of
from facelab.augment.torn import Torn
from facelab.edits.parameters import number
from facelab.geometry.landmarks import points468
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float
from facelab.types import PositionMap

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709, of encoded values
_DIMMEST, _BRIGHTEST = 5, 95  # percentiles: what a few points show, eyes or glints, tells nothing


class Picture(Protocol):
    """A scene, or a sample."""

    @property
    def positions(self) -> PositionMap:
        """Of the face, pixels."""

    @property
    def occlusion(self) -> Float:
        """How far something in front hides the face, [0, 1], ``(H, W)``."""


@dataclass(frozen=True, kw_only=True)
class Refuse:
    """The bounds of a recipe, measured at the 468 points of the canonical mesh."""

    outside: float = number(0.6, 0.0, 1.0, "the most of the face outside of the image")
    covered: float = number(0.8, 0.0, 1.0, "the most of it, inside, that something hides")
    small: float = number(8.0, 0.0, 2048.0, "the least size of the face", "px")
    dark: float = number(0.03, 0.0, 1.0, "the least luma of the face's brightest twentieth")
    bright: float = number(0.98, 0.0, 1.0, "the most luma of its darkest twentieth")

    def check_face(self, picture: Picture) -> None:
        """Measure how large the face is, and how much of it is in sight.

        Raises
        ------
        Torn
            If it is beyond a bound; the reason is the bound's name.
        """
        if (size := picture.positions.box.size) < self.small:
            raise Torn("small", size)
        inside, hidden, _ = _points(picture)
        if (outside := 1 - float(inside.mean())) > self.outside:
            raise Torn("outside", outside)
        if (covered := float(hidden.sum() / max(inside.sum(), 1))) > self.covered:
            raise Torn("covered", covered)

    def check_light(self, image: Float, shown: Places) -> None:
        """Measure whether there is light enough to see the face by, and not too much.

        Parameters
        ----------
        image : (H, W, 3) float32
            RGB in [0, 1].
        shown : Places
            Of the face, see `sight`; where it is empty nothing is measured.

        Raises
        ------
        Torn
            As `check_face`.
        """
        row, column = shown
        if not len(row):
            return
        luma = product(image[row, column], _LUMA)
        dimmest, brightest = np.percentile(luma, [_DIMMEST, _BRIGHTEST]).tolist()
        if brightest < self.dark:
            raise Torn("dark", brightest)
        if dimmest > self.bright:
            raise Torn("bright", dimmest)


def sight(picture: Picture) -> Places:
    """Rows and columns of the face's points, as far as they are inside and nothing hides them."""
    inside, hidden, (row, column) = _points(picture)
    shown = inside & ~hidden
    return row[shown], column[shown]


def _points(picture: Picture) -> tuple[Bool, Bool, Places]:
    """Which of the face's points are inside, which of those are hidden, and the pixels of all."""
    inside, place = places_of(points468(picture.positions), picture.occlusion.shape)
    return inside, inside & (picture.occlusion[place] > COVERED), place
