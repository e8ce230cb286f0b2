"""A face whose depth is that of a head, which a network tells worse than places in the picture."""

from __future__ import annotations

from facelab.geometry.head import Head, HeadModel
from facelab.geometry.landmarks import points468
from facelab.reconstruct.point_regressor import position_map
from facelab.types import PositionMap


def deepened(positions: PositionMap, model: HeadModel) -> tuple[PositionMap, Head]:
    """The position map with the depth of the head that fits it, and that head.

    Parameters
    ----------
    positions : PositionMap
        On the canonical atlas, pixels.
    model : HeadModel
    """
    points = points468(positions)
    head = model.fit(points)
    return position_map(head.corrected(points), positions.atlas), head
