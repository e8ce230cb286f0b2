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
    """What is measured: a scene, or a sample."""

    @property
    def image(self) -> Float:
        """RGB in [0, 1], ``(H, W, 3)``."""

    @property
    def positions(self) -> PositionMap:
        """Of the face, pixels of the image."""

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

    def check(self, picture: Picture) -> None:
        """Measure a picture that is finished, see `check_face` and `check_light`."""
        self.check_face(picture)
        self.check_light(picture)

    def check_face(self, picture: Picture) -> None:
        """Measure how large the face is, and how much of it is in sight.

        Raises
        ------
        Torn
            If it is beyond a bound; the reason is the bound's name.
        """
        if (size := picture.positions.box.size) < self.small:
            raise Torn("small", size)
        inside, hidden, _ = _sight(picture)
        if (outside := 1 - float(inside.mean())) > self.outside:
            raise Torn("outside", outside)
        if (covered := float(hidden.sum() / max(inside.sum(), 1))) > self.covered:
            raise Torn("covered", covered)

    def check_light(self, picture: Picture) -> None:
        """Measure whether there is light enough to see the face by, and not too much.

        Raises
        ------
        Torn
            As `check_face`.
        """
        inside, hidden, (row, column) = _sight(picture)
        free = inside & ~hidden
        if not free.any():
            return
        luma = product(picture.image[row[free], column[free]], _LUMA)
        dimmest, brightest = np.percentile(luma, [_DIMMEST, _BRIGHTEST]).tolist()
        if brightest < self.dark:
            raise Torn("dark", brightest)
        if dimmest > self.bright:
            raise Torn("bright", dimmest)


def _sight(picture: Picture) -> tuple[Bool, Bool, Places]:
    """Which of the face's points are inside, which of those are hidden, and the pixels of all."""
    inside, place = places_of(points468(picture.positions), picture.image.shape)
    return inside, inside & (picture.occlusion[place] > COVERED), place
