"""What the two BlazeFace networks see in an image, as rows of numbers.

Both look at a grid of anchors, and say of each how sure they are of a face there and where, from
the anchor, its box and six points lie (`facelab.models.blazeface`).

Convention
----------
A candidate is a row of 17 float32: score; centre x, y, width, height of the box; x, y of the
subject's right eye, left eye, nose tip, mouth centre, right ear, left ear. Pixels of the image,
pixel centres at integers.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf, log

import numpy as np

from facelab.models.kinds import BLAZEFACE_SHORT, Kind
from facelab.models.runtime import Runner, load_runner
from facelab.numerics.arrays import Float, Frame
from facelab.numerics.integers import unit

CENTRE, EXTENT, POINTS = slice(1, 3), slice(3, 5), slice(5, 17)

ALIGNMENT = 32  # px: the networks take sides that it divides
# Of each grid: the side of a cell, px, and how many anchors stand in its middle.
SHORT_GRIDS, FULL_GRIDS = ((8, 2), (16, 6)), ((4, 1),)

_HALF = np.float32(0.5)
_SHAPES = 16  # of images, whose anchors are kept: a few MB at most


class CandidateNetwork:
    """A BlazeFace network that is shown images of any size.

    Parameters
    ----------
    kind : Kind
        `BLAZEFACE_SHORT` or `BLAZEFACE_FULL`.

    Raises
    ------
    WeightsError
        If its weights are missing or damaged.
    """

    def __init__(self, kind: Kind) -> None:
        self._network: Runner = load_runner(kind)
        self._grids = SHORT_GRIDS if kind is BLAZEFACE_SHORT else FULL_GRIDS

    def __call__(self, image: Frame, least: float) -> Float:
        """Candidates ``(n, 17)`` scored at least `least` in an image ``(H, W, 3)``."""
        fitting = padded(unit(np.ascontiguousarray(image)))
        height, width = fitting.shape[:2]
        logits, regressions = (out[0] for out in self._network((fitting * 2 - 1)[None]))
        (enough,) = np.nonzero(logits >= logit(least))
        scores = _HALF * (1 + np.tanh(_HALF * logits[enough]))  # the logistic function
        rows = np.concatenate([scores[:, None], regressions[enough]], axis=1)
        origin = anchors(height, width, self._grids)[enough] - _HALF
        rows[:, CENTRE] += origin
        rows[:, POINTS] += np.tile(origin, 6)
        return rows


def logit(score: float) -> float:
    """The inverse of the logistic function, of [0, 1)."""
    return log(score / (1 - score)) if score > 0 else -inf


def padded(view: Float) -> Float:
    """Pad `view` with mid-grey at the right and bottom, so that the networks' grids fit."""
    bottom, right = (-side % ALIGNMENT for side in view.shape[:2])
    if not bottom and not right:
        return view
    return np.pad(view, ((0, bottom), (0, right), (0, 0)), constant_values=_HALF)


@lru_cache(_SHAPES)
def anchors(height: int, width: int, grids: tuple[tuple[int, int], ...]) -> Float:
    """The anchors ``(n, 2)`` of an image: x and y in its pixels, its corner at 0; read-only.

    They stand row by row; those of one cell are adjacent.
    """
    out = np.concatenate([_grid(height, width, *grid) for grid in grids])
    out.setflags(write=False)
    return out


def _grid(height: int, width: int, stride: int, repeats: int) -> Float:
    x, y = ((np.arange(side // stride, dtype=np.float32) + _HALF) * stride
            for side in (width, height))  # fmt: skip
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return np.repeat(grid, repeats, axis=0)
