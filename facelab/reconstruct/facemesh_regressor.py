"""Position maps on the canonical atlas by FaceMesh."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from facelab.reconstruct.levelled import CROP_SCALE, levelled
from facelab.reconstruct.orientation import Look, agreement
from facelab.reconstruct.point_regressor import SIDE, PointRegressor, cuts

if TYPE_CHECKING:
    from facelab.reconstruct.reconstructor import View


class MeshRegressor(PointRegressor):
    """Position maps by `facelab.models.facemesh.FaceMesh`."""

    name = "FaceMesh"
    # Two looks then put the points 1.6 % of the face's size apart; at upside-down faces and the
    # like it was 2 to 22 %.
    certain = 0.93

    def look_again(self, views: Sequence[View], before: Sequence[Look]) -> list[Look]:
        """Look again, levelled by the points of the look before, mirrored if that was not."""
        crops = [levelled(look.points, SIDE) for look in before]
        out = []
        for view, crop, last in zip(views, crops, before, strict=True):
            see = self._seen if last.mirrored else self._seen_mirrored
            (points,), (score,) = see(cuts([view], [crop]))
            now, size = crop.invert(points), crop.side / CROP_SCALE
            sure = float(score) * agreement(now, last.points, size)
            out.append(Look(now, sure, not last.mirrored))
        return out
