"""From a face in a photograph to what is around it: the person's hair and clothes, and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.constants import PARTS
from facelab.geometry.parsing import NOT_SEEN
from facelab.models.kinds import MULTICLASS
from facelab.numerics.arrays import Float, require_image
from facelab.types import Box, PositionMap

if TYPE_CHECKING:
    from facelab.models.runtime import Runner

_SIDE = MULTICLASS.side
_REACH = 2.0  # sides of the face's box to each side of its centre: head and shoulders
_PARTS = ("background", "hair", "neck", "skin", "clothes", "front")  # the network's classes


class SurroundingsParser:
    """Tells what is around a face, farther and more coarsely than `FaceParser`.

    Parameters
    ----------
    network : Runner
        `facelab.models.multiclass_segmenter.MulticlassSegmenter`.
    """

    def __init__(self, network: Runner) -> None:
        self._network = network

    def __call__(self, image: Float, positions: PositionMap) -> tuple[NDArray[np.uint8], Float]:
        """Return what each pixel of a photograph shows, four times as far as a face is large.

        Parameters
        ----------
        image : (H, W, 3) float32
            RGB in [0, 1].
        positions : PositionMap
            Where the face is, pixels of the image.

        Returns
        -------
        part : (H, W) uint8
            Place in `facelab.constants.PARTS`: ``background``, ``hair``, ``skin``, ``neck``,
            ``clothes`` or ``front``; `NOT_SEEN` farther away.
        share : (H, W) float32
            How much of the pixel it is, [0, 1]; 0 farther away.

        Raises
        ------
        ValueError
            If the image does not have this shape and dtype.
        """
        require_image("image", image)
        part = np.full(image.shape[:2], NOT_SEEN, np.uint8)
        share = np.zeros(image.shape[:2], np.float32)
        window = _window(positions.box, image.shape[:2])
        if image[window].size:
            small = cv2.resize(image[window], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
            (shares,) = self._network(small[None])
            part[window], share[window] = _leading(shares[0], image[window].shape[:2])
        return part, share


def _window(box: Box, shape: tuple[int, int]) -> tuple[slice, slice]:
    """The rows and columns of a photograph of `shape` (H, W) that are near a face."""
    (x, y), reach = box.centre, _REACH * max(box.width, box.height)
    rows, columns = (
        slice(*(int(np.clip(middle + end, 0, side)) for end in (-reach, reach)))
        for middle, side in ((y, shape[0]), (x, shape[1]))
    )
    return rows, columns


def _leading(shares: Float, shape: tuple[int, int]) -> tuple[NDArray[np.uint8], Float]:
    """The part with the largest share of each pixel, and its share, enlarged to a shape (h, w)."""
    part, share = np.zeros(shape, np.uint8), np.full(shape, -1, np.float32)
    for name, small in zip(_PARTS, cv2.split(shares), strict=True):
        other = cv2.resize(small, shape[::-1], interpolation=cv2.INTER_LINEAR)
        part[other > share] = PARTS.index(name)
        share = np.maximum(share, other)
    return part, share
