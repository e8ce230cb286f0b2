"""The classes of a photograph's pixels, where networks are sure of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facelab.augment.classes import CLASSES, NOT_KNOWN
from facelab.constants import PARTS
from facelab.export.draw import draw
from facelab.geometry.parsing import NOT_SEEN
from facelab.numerics.arrays import Float
from facelab.reconstruct import load_parser, load_surroundings
from facelab.reconstruct.parser import FaceParser
from facelab.reconstruct.surroundings import SurroundingsParser
from facelab.types import Crop, PositionMap

UInt8 = NDArray[np.uint8]

_SURE = 0.75  # share of a pixel: of those of two views with more 97 in a hundred and more agree
_CLASS = {
    "background": "background",
    "skin": "skin",
    "beard": "skin",
    "hair": "hair",
    "glasses": "glasses",
    "front": "object",
    "neck": "neck",
    "clothes": "clothes",
}
_BEFORE = ("hair", "glasses", "object")  # what hides a face
_EAR = PARTS.index("ears")
_TOLD_NEAR = [PARTS.index(part) for part in ("skin", "front")]  # ears and glasses among them


class PhotographClassifier:
    """Tells the classes of a photograph's pixels.

    Parameters
    ----------
    parser : FaceParser
        What looks at the face.
    surroundings : SurroundingsParser
        What looks farther.
    """

    def __init__(self, parser: FaceParser, surroundings: SurroundingsParser) -> None:
        self._parser, self._surroundings = parser, surroundings

    def __call__(self, image: Float, positions: PositionMap) -> UInt8:
        """Return the class of each pixel, ``(H, W)``, of `facelab.augment.classes.CLASSES`.

        ``not known`` where the networks are not sure, and far from the face. On the face itself,
        which the position map tells better, only what is in front of it; else ``skin``.

        Parameters
        ----------
        image : (H, W, 3) float32
            RGB in [0, 1].
        positions : PositionMap
            Of the face, pixels of the image.
        """
        parsing = self._parser(image, positions)
        part, share = self._surroundings(image, positions)
        window = parsing.window(part.shape)
        near, sure = parsing.leading(window)
        told = (sure >= _SURE) | np.isin(part[window], _TOLD_NEAR)
        told &= near != NOT_SEEN
        part[window][told], share[window][told] = near[told], sure[told]
        part[share < _SURE] = NOT_SEEN
        classes = _sided(_table()[part], part == _EAR, parsing.crop)
        drawing = draw(positions, classes.shape)
        face = drawing.placed(drawing.fragments.covered)
        before = np.isin(classes, [CLASSES[name] for name in _BEFORE])
        classes[face & ~before] = CLASSES["skin"]
        return classes


def load_photograph_classifier(runtime: str = "onnx", device: str = "cpu") -> PhotographClassifier:
    """Load the networks that tell the classes of a photograph's pixels.

    Parameters
    ----------
    runtime, device : str
        What runs them: of `facelab.constants.RUNTIMES` and ``DEVICES``.

    Raises
    ------
    UsageError
        If there is no such runtime or device, or not on this machine.
    WeightsError
        If weights are missing or damaged.
    """
    return PhotographClassifier(load_parser(runtime, device), load_surroundings(runtime, device))


def _table() -> UInt8:
    """The class of each part by its number, ``(256,)``; that of ears is open."""
    out = np.full(256, NOT_KNOWN, np.uint8)
    for part, name in _CLASS.items():
        out[PARTS.index(part)] = CLASSES[name]
    return out


def _sided(classes: UInt8, ears: NDArray[np.bool_], crop: Crop) -> UInt8:
    """Classes in which ears are the right or the left one, by which side of the face they are."""
    y, x = np.nonzero(ears)
    across, down, shift = crop.matrix[0]
    right = across * x + down * y + shift < crop.size / 2
    classes[y, x] = np.where(right, CLASSES["right ear"], CLASSES["left ear"])
    return classes
