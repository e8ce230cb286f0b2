"""Position maps on the canonical atlas from a network that finds the 468 points of a face.

FaceMesh and FaceMap take and give the same; what differs is how their second look goes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from facelab import atlas as atlases
from facelab.errors import WeightsError
from facelab.geometry.crop import cut
from facelab.geometry.landmarks import position_map, twins
from facelab.models.kinds import FACEMESH
from facelab.numerics.arrays import Float
from facelab.reconstruct.orientation import Look, upright
from facelab.types import Crop, Reconstruction

if TYPE_CHECKING:
    from facelab.models.runtime import Runner
    from facelab.reconstruct.reconstructor import View


SIDE = FACEMESH.side  # and FaceMap's
_FARTHEST = 100  # sides of the crop: whatever is in it, no point of a face lies beyond


def require_places(points: Float, side: int, network: str) -> None:
    """Refuse a network whose points are no numbers, or nowhere near its crop.

    Parameters
    ----------
    points : (..., 3) float32
        Crop pixels.
    side : int
        Of the crop, pixels.
    network : str
        What the error calls it.

    Raises
    ------
    WeightsError
        If one is not finite, or farther away than a hundred crops.
    """
    if not (np.abs(points) <= _FARTHEST * side).all():
        raise WeightsError(
            f"{network}: gives places that are in no photograph; its weights are damaged, or not "
            "those of such a network"
        )


_FLIP = np.array([1, 1, -1], np.float32)
_CORNER = np.array([0.5, 0.5, 0], np.float32)
_MIRROR, _RIGHT = np.array([-1, 1, 1], np.float32), np.array([1, 0, 0], np.float32)


class PointRegressor(ABC):
    """Position maps by a network that finds the points of a face in a crop.

    Parameters
    ----------
    network : Runner
    """

    name: ClassVar[str]
    certain: ClassVar[float]  # the score from which the second look at a face needs no others
    size = SIDE

    def __init__(self, network: Runner) -> None:
        self._network = network
        self.description = f"{self.name} by {network.description}"

    def __call__(self, views: Sequence[View]) -> list[Reconstruction | None]:
        """The face at each place; None where the network sees no face, or not which way up it is.

        The score is the network's own times how well two looks at the face agree.
        """
        return [_reconstruction(face) for face in upright(views, self, self.certain)]

    def look(self, views: Sequence[View], crops: Sequence[Crop]) -> list[Look]:
        """Look at each crop."""
        points, scores = self._seen(cuts(views, crops))
        found = zip(crops, points, scores, strict=True)
        return [Look(crop.invert(own), float(score)) for crop, own, score in found]

    @abstractmethod
    def look_again(self, views: Sequence[View], before: Sequence[Look]) -> list[Look]:
        """See `facelab.reconstruct.orientation.Looker`."""

    def _seen(self, crops: Float) -> tuple[Float, Float]:
        """Points ``(B, 468, 3)`` in crop pixels, the nearer the larger, and scores ``(B,)``."""
        points, scores = self._network(crops)
        require_places(points, SIDE, self.description)
        # The network counts x and y from the crop's corner and z away from the viewer.
        return points * _FLIP - _CORNER, scores

    def _seen_mirrored(self, crops: Float) -> tuple[Float, Float]:
        """Points and scores as of `_seen`, found in the crops' mirror images."""
        points, scores = self._seen(np.ascontiguousarray(crops[:, :, ::-1]))
        return points[:, twins()] * _MIRROR + np.float32(SIDE - 1) * _RIGHT, scores


def cuts(views: Sequence[View], crops: Sequence[Crop]) -> Float:
    """The views of several crops, ``(B, size, size, 3)``."""
    return np.stack([cut(view.image, crop) for view, crop in zip(views, crops, strict=True)])


def _reconstruction(face: Look | None) -> Reconstruction | None:
    """The face's position map through its points, source-image pixels."""
    if face is None:
        return None
    return Reconstruction(position_map(face.points, atlases.canonical()), face.score)
