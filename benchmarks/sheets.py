"""Contact sheets to judge swaps by: source, target and results, every face as large, row by row.

Blind sheets put the results of each row in an order of their own and call them A, B, ...; the key
is kept apart, so that who looks at them does not know what made which.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.images.image import to_integers
from facelab.numerics.arrays import Float
from facelab.types import Box

Bytes = NDArray[np.uint8]

LETTERS = "ABCDEFGH"
MARGIN = 4  # px between tiles
PASSES = ("glance", "beside")  # what a judge answers with yes or no
COLUMNS = ("pair", "side", *PASSES, "faults")


class Layout(NamedTuple):
    """How large faces are drawn, and how many rows go onto a picture.

    Parameters
    ----------
    face : int
        Longer side of a face's box, px.
    room : float
        Side of a tile over that.
    rows : int
        Of a picture, one for each pair.
    """

    face: int = 350
    room: float = 1.9
    rows: int = 4

    @property
    def side(self) -> int:
        """Of a tile, px."""
        return round(self.room * self.face)


class Labelled(NamedTuple):
    """A photograph ``(H, W, 3)``, the box of the face in it, and what is written on its tile."""

    image: Float
    box: Box
    label: str


def tile(shown: Labelled, layout: Layout) -> Bytes:
    """The face in the middle of a square, black beyond the photograph."""
    side, box = layout.side, shown.box
    scale = layout.face / max(box.width, box.height)
    middle = (side - 1) / 2
    x, y = box.centre
    matrix = np.array([[scale, 0, middle - scale * x], [0, scale, middle - scale * y]])
    sigma = 0.5 * np.sqrt(max(1 / scale**2 - 1, 1e-6))  # px: what would alias goes first
    smooth = cv2.GaussianBlur(shown.image, (0, 0), sigma)
    cut = cv2.warpAffine(smooth, matrix, (side, side), flags=cv2.INTER_CUBIC)
    return _written(to_integers(np.clip(cut, 0, 1), 8), shown.label)


def _written(picture: Bytes, text: str) -> Bytes:
    out = picture.copy()
    for grey, width in ((0, 4), (255, 1)):
        place, colour = (10, 26), (grey, grey, grey)
        cv2.putText(out, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, width, cv2.LINE_AA)
    return out


def sheets(rows: Sequence[Sequence[Labelled]], layout: Layout) -> Iterator[Bytes]:
    """8-bit RGB pictures of so many rows each, the last one of what is left."""
    for start in range(0, len(rows), layout.rows):
        part = rows[start : start + layout.rows]
        yield _joined([_joined([tile(shown, layout) for shown in row], 1) for row in part], 0)


def _joined(pictures: Sequence[Bytes], axis: int) -> Bytes:
    shape = list(pictures[0].shape)
    shape[axis] = MARGIN
    gap = np.full(shape, 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)][:-1]
    return np.concatenate(parts, axis=axis)


def orders(pairs: Sequence[str], versions: Sequence[str], seed: int) -> dict[str, list[str]]:
    """The key of blind sheets: for each pair, the versions from A on."""
    rng = np.random.default_rng(seed)
    return {pair: [versions[i] for i in rng.permutation(len(versions))] for pair in pairs}


def form(key: dict[str, list[str]]) -> list[dict[str, str]]:
    """What a judge fills in: a line for each pair and side, with COLUMNS."""
    return [
        {"pair": pair, "side": side} | dict.fromkeys((*PASSES, "faults"), "")
        for pair, order in key.items()
        for side, _ in zip(LETTERS, order, strict=False)
    ]
