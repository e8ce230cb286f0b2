"""A detector and a regressor put together: every face of an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from facelab.detect.blazeface import Detector
from facelab.numerics.arrays import Frame, require_frame
from facelab.numerics.integers import as_bytes
from facelab.reconstruct.orientation import SURE
from facelab.types import Box, Detection, Reconstruction

BATCH = 16  # faces in one pass of a network: what bounds its memory
SAME_FACE = 0.5  # overlap of two boxes over their union


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Where to look for one face.

    Parameters
    ----------
    image : (H, W, 3) float32, uint8 or uint16
        The photograph, of a reconstructor at 8 bits.
    place : Detection or Box
        What a detector found, or a box given by the user, source-image pixels.
    """

    image: Frame
    place: Detection | Box


class Regressor(Protocol):
    """Anything that makes the position map of a face whose place is known."""

    description: str  # the network and what runs it, for people

    def __call__(self, views: Sequence[View]) -> list[Reconstruction | None]:
        """The face at each place, or None where none is seen; in batches where that is quicker."""
        ...


class FaceReconstructor:
    """Finds faces and makes their position maps.

    Parameters
    ----------
    detector : Detector
        Not asked where boxes are given.
    regressor : Regressor
    """

    def __init__(self, detector: Detector, regressor: Regressor) -> None:
        self._detector = detector
        self._regressor = regressor

    @property
    def description(self) -> str:
        """The network and what runs it, for people."""
        return self._regressor.description

    def __call__(
        self, image: Frame, boxes: Sequence[Box] | Sequence[Detection] | None = None
    ) -> list[Reconstruction]:
        """Every face of `image` ``(H, W, 3)``, the largest first; or those in `boxes`.

        What a detector, or the frame before, tells of a face is a box that knows its roll.

        Doubtful ones come last: folds of cloth that look like a face are seldom sure.
        """
        require_frame("image", image)
        image = as_bytes(image)
        return self._at(image, self._detector(image) if boxes is None else boxes)

    def largest(self, image: Frame) -> list[Reconstruction]:
        """The largest face of `image`, if there is one; sooner found than all of them.

        A doubtful face gives way to a smaller one that is sure; among the doubtful, size weighs
        as much as the score. No closer look is taken than the first that shows a face.
        """
        image = as_bytes(image)
        for look in self._detector.coarse_to_fine(image):
            doubtful: list[Reconstruction] = []
            for found in look:
                faces = self._at(image, [found])
                if faces and faces[0].score >= SURE:
                    return faces
                doubtful += faces
            if doubtful:
                return distinct(doubtful)[:1]
        return []

    def _at(
        self, image: Frame, places: Sequence[Detection] | Sequence[Box]
    ) -> list[Reconstruction]:
        """The faces at places of an image, all of them together."""
        views = [View(image, place) for place in places]
        batches = (views[start : start + BATCH] for start in range(0, len(views), BATCH))
        found = (face for batch in batches for face in self._regressor(batch))
        return distinct([face for face in found if face is not None])


def distinct(faces: Sequence[Reconstruction]) -> list[Reconstruction]:
    """Faces without those that lie on another, the likeliest to be the largest one first."""
    kept: list[Reconstruction] = []
    for face in sorted(faces, key=_rank):
        if all(face.box.overlap(other.box) < SAME_FACE for other in kept):
            kept.append(face)
    return kept


def _rank(face: Reconstruction) -> tuple[bool, float]:
    """Sure faces come by size; after them the doubtful ones, whose score weighs as much."""
    doubtful = face.score < SURE
    return doubtful, -face.box.size * (face.score if doubtful else 1)
