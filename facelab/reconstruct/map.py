"""Position maps on the canonical atlas by FaceMap, at any yaw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from facelab.reconstruct.facemap import SIDE
from facelab.reconstruct.levelled import CROP_SCALE, levelled
from facelab.reconstruct.mesh import cuts, reconstruction, seen, seen_mirrored
from facelab.reconstruct.orientation import Look, agreement, upright
from facelab.types import Crop, Reconstruction

if TYPE_CHECKING:
    from facelab.reconstruct.reconstructor import View
    from facelab.reconstruct.runtime import Runner

# Its points in a crop and in the mirrored one are then apart by 1.2 % of the face's size; those of
# upside-down faces and the like were 1.4 % to 30 %.
CERTAIN = 0.96
_HALF = np.float32(0.5)


class MapRegressor:
    """Position maps by FaceMap.

    Parameters
    ----------
    network : Runner
        `facelab.reconstruct.facemap.FaceMap`.
    """

    size = SIDE

    def __init__(self, network: Runner) -> None:
        self._network = network
        self.description = f"FaceMap by {network.description}"

    def __call__(self, views: Sequence[View]) -> list[Reconstruction | None]:
        """The face at each place; None where the network sees no face, or not which way up it is.

        The second look at a face is at its mirror image too: the mean of both is nearer to the
        truth than either, and how well they agree tells faces from what the network has never
        seen. The score is its own times that agreement.
        """
        return [reconstruction(face) for face in upright(views, self, CERTAIN)]

    def look(self, views: Sequence[View], crops: Sequence[Crop]) -> list[Look]:
        """What is seen in each crop."""
        points, scores = seen(self._network, cuts(views, crops))
        found = zip(crops, points, scores, strict=True)
        return [Look(crop.invert(own), float(score)) for crop, own, score in found]

    def look_again(self, views: Sequence[View], before: Sequence[Look]) -> list[Look]:
        """What is seen levelled by the points of a look before, there and in its mirror image."""
        crops = [levelled(look.points, SIDE) for look in before]
        shown = cuts(views, crops)
        points, scores = seen(self._network, shown)
        others, other_scores = seen_mirrored(self._network, shown)
        scores = _HALF * (scores + other_scores)
        out = []
        for crop, own, other, score in zip(crops, points, others, scores, strict=True):
            sure = float(score) * agreement(own, other, SIDE / CROP_SCALE)
            out.append(Look(crop.invert(_HALF * (own + other)), sure))
        return out
