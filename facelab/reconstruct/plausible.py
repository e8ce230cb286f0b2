"""Whether what a network gives can be places in its crop at all."""

from __future__ import annotations

import numpy as np

from facelab.errors import WeightsError
from facelab.numerics.arrays import Float

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
