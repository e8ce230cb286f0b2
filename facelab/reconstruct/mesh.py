"""Position maps on the canonical atlas: FaceMesh's 468 points and the C1 surface through them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from facelab import atlas as atlases
from facelab.atlas import Atlas, surface
from facelab.reconstruct.crop import cut
from facelab.reconstruct.facemesh import SIDE
from facelab.reconstruct.levelled import CROP_SCALE, levelled
from facelab.reconstruct.orientation import Look, agreement, upright
from facelab.reconstruct.plausible import require_places
from facelab.types import Crop, Float, Int, PositionMap, Reconstruction

if TYPE_CHECKING:
    from facelab.reconstruct.reconstructor import View
    from facelab.reconstruct.runtime import Runner

# Two looks then put the points 1.6 % of the face's size apart; at upside-down faces and the like it
# was 2 to 22 %.
CERTAIN = 0.93
RIGHT_EYE, LEFT_EYE = 33, 263  # outer corners, FaceMesh vertices
_FLIP = np.array([1, 1, -1], np.float32)
_CORNER = np.array([0.5, 0.5, 0], np.float32)
_MIRROR, _RIGHT = np.array([-1, 1, 1], np.float32), np.array([1, 0, 0], np.float32)


class MeshRegressor:
    """Position maps by FaceMesh.

    Parameters
    ----------
    network : Runner
        `facelab.reconstruct.facemesh.FaceMesh`.
    """

    size = SIDE

    def __init__(self, network: Runner) -> None:
        self._network = network
        self.description = f"FaceMesh by {network.description}"

    def __call__(self, views: Sequence[View]) -> list[Reconstruction | None]:
        """The face at each place; None where the network sees no face, or not which way up it is.

        The second look at a face is at its mirror image. The score is the network's own times how
        well the two agree.
        """
        return [reconstruction(face) for face in upright(views, self, CERTAIN)]

    def look(self, views: Sequence[View], crops: Sequence[Crop]) -> list[Look]:
        """What is seen in each crop."""
        points, scores = seen(self._network, cuts(views, crops))
        found = zip(crops, points, scores, strict=True)
        return [Look(crop.invert(own), float(score)) for crop, own, score in found]

    def look_again(self, views: Sequence[View], before: Sequence[Look]) -> list[Look]:
        """What is seen levelled by the points of a look before, mirrored if that was not."""
        crops = [levelled(look.points, SIDE) for look in before]
        out = []
        for view, crop, last in zip(views, crops, before, strict=True):
            see = seen if last.mirrored else seen_mirrored
            (points,), (score,) = see(self._network, cuts([view], [crop]))
            now, size = crop.invert(points), crop.side / CROP_SCALE
            sure = float(score) * agreement(now, last.points, size)
            out.append(Look(now, sure, not last.mirrored))
        return out


def cuts(views: Sequence[View], crops: Sequence[Crop]) -> Float:
    """The views of several crops, ``(B, size, size, 3)``."""
    return np.stack([cut(view.image, crop) for view, crop in zip(views, crops, strict=True)])


def seen(network: Runner, crops: Float) -> tuple[Float, Float]:
    """Points ``(B, 468, 3)`` in crop pixels, the nearer the larger, and scores ``(B,)``."""
    points, scores = network(crops)
    require_places(points, crops.shape[1], network.description)
    # The network counts x and y from the crop's corner and z away from the viewer.
    return points * _FLIP - _CORNER, scores


def seen_mirrored(network: Runner, crops: Float) -> tuple[Float, Float]:
    """What `seen` gives, found in the crops' mirror images."""
    points, scores = seen(network, np.ascontiguousarray(crops[:, :, ::-1]))
    return points[:, twins()] * _MIRROR + np.float32(crops.shape[2] - 1) * _RIGHT, scores


def reconstruction(face: Look | None) -> Reconstruction | None:
    """The face's position map through its points, source-image pixels."""
    if face is None:
        return None
    return Reconstruction(position_map(face.points, atlases.canonical()), face.score)


def position_map(points: Float, atlas: Atlas) -> PositionMap:
    """The position map through FaceMesh's points ``(468, 3)``, source-image pixels."""
    return PositionMap(atlas.spread(surface()(points)), atlas)


@cache
def twins() -> Int:
    """Each point's counterpart on the other side of the face, ``(468,)``."""
    uv = atlases.canonical().uv
    image = uv * np.array([-1, 1], np.float32) + np.array([atlases.canonical().size - 1, 0])
    away = np.linalg.norm(uv[:, None] - image, axis=2)
    out: Int = away.argmin(axis=0).astype(np.int32)
    return out
