"""What a sample must show of its face: beyond these bounds it is drawn again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facelab.augment.classes import COVERED
from facelab.augment.people import places_of
from facelab.augment.sample import Sample
from facelab.augment.torn import Torn
from facelab.edits.parameters import number
from facelab.geometry.landmarks import points468
from facelab.numerics.algebra import product

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709, of encoded values
_DIMMEST, _BRIGHTEST = 5, 95  # percentiles: what a few points show, eyes or glints, tells nothing


@dataclass(frozen=True, kw_only=True)
class Refuse:
    """The bounds of a recipe, measured at the 468 points of the canonical mesh."""

    outside: float = number(0.6, 0.0, 1.0, "the most of the face outside of the image")
    covered: float = number(0.8, 0.0, 1.0, "the most of it, inside, that something hides")
    small: float = number(8.0, 0.0, 2048.0, "the least size of the face", "px")
    dark: float = number(0.03, 0.0, 1.0, "the least luma of the face's brightest twentieth")
    bright: float = number(0.98, 0.0, 1.0, "the most luma of its darkest twentieth")

    def check(self, sample: Sample) -> None:
        """Measure a sample.

        Raises
        ------
        Torn
            If it is beyond a bound; the reason is the bound's name.
        """
        size = sample.positions.box.size
        if size < self.small:
            raise Torn("small", size)
        inside, (row, column) = places_of(points468(sample.positions), sample.image.shape)
        if (outside := 1 - float(inside.mean())) > self.outside:
            raise Torn("outside", outside)
        hidden = inside & (sample.occlusion[row, column] > COVERED)
        if (covered := float(hidden.sum() / max(inside.sum(), 1))) > self.covered:
            raise Torn("covered", covered)
        free = inside & ~hidden
        if not free.any():
            return
        luma = product(sample.image[row[free], column[free]], _LUMA)
        dimmest, brightest = np.percentile(luma, [_DIMMEST, _BRIGHTEST]).tolist()
        if brightest < self.dark:
            raise Torn("dark", brightest)
        if dimmest > self.bright:
            raise Torn("bright", dimmest)
