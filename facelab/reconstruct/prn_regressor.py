"""Position maps on PRNet's atlas by PRNet's network (Feng et al., ECCV 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from facelab.atlas import prnet
from facelab.geometry.crop import cut
from facelab.models.kinds import PRN
from facelab.numerics.arrays import Float
from facelab.reconstruct.point_regressor import require_places
from facelab.types import Box, Crop, Detection, PositionMap, Reconstruction

if TYPE_CHECKING:
    from facelab.models.runtime import Runner
    from facelab.reconstruct.reconstructor import View

SIDE = PRN.side
GIVEN = 1.6  # side of the crop over the mean side of a box of landmarks
DETECTED, LOWER = 1.58, 0.14  # the same for a detector's box, and how far below its centre


class PRNRegressor:
    """Position maps by PRNet's network, from the crops it was trained on.

    Parameters
    ----------
    network : Runner
        `facelab.models.resfcn.PRN`, or another that takes and gives the same.

    Raises
    ------
    WeightsError
        If PRNet's atlas is not there.
    """

    def __init__(self, network: Runner) -> None:
        self._network = network
        self._atlas = prnet()
        self.description = f"PRN by {network.description}"

    def __call__(self, views: Sequence[View]) -> list[Reconstruction | None]:
        """The face at each place. The network has no score: it is the detector's, 1 for a box."""
        if not views:
            return []
        crops = [crop_of(view.place) for view in views]
        pairs = zip(views, crops, strict=True)
        (maps,) = self._network(np.stack([cut(view.image, crop) for view, crop in pairs]))
        require_places(maps, SIDE, self.description)
        return [
            Reconstruction(self._in_image(values, crop), _score(view.place))
            for view, crop, values in zip(views, crops, maps, strict=True)
        ]

    def _in_image(self, values: Float, crop: Crop) -> PositionMap:
        """A map in crop pixels as one in source-image pixels; zero outside the face."""
        placed = crop.invert(values.reshape(-1, 3)).reshape(values.shape)
        return PositionMap(placed * self._atlas.valid[..., None], self._atlas)


def crop_of(place: Detection | Box) -> Crop:
    """PRNet's crop: a box's centre and middle side come to (127.5, 127.5) and 255 px."""
    detected = isinstance(place, Detection)
    box = place.box if isinstance(place, Detection) else place
    x, y = box.centre
    side = int(box.size * (DETECTED if detected else GIVEN))
    centre = (x, y + LOWER * box.size) if detected else (x, y)
    return Crop(centre, max(side, 1) * SIDE / (SIDE - 1), 0.0, SIDE)


def _score(place: Detection | Box) -> float:
    return place.score if isinstance(place, Detection) else 1.0
