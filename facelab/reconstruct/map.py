"""Position maps on the canonical atlas by FaceMap, at any yaw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from facelab import atlas as atlases
from facelab.reconstruct.crop import cut
from facelab.reconstruct.facemap import SIDE
from facelab.reconstruct.levelled import CROP_SCALE, levelled
from facelab.reconstruct.mesh import position_map, twins
from facelab.reconstruct.plausible import require_places
from facelab.types import Box, Crop, Detection, Float, Reconstruction

if TYPE_CHECKING:
    from facelab.reconstruct.reconstructor import View
    from facelab.reconstruct.runtime import Runner

FACE_SCORE = 0.5  # below it, the network does not look at a face
_AGREEMENT = 0.06  # of the face's size: how far apart a crop and its mirror image may put points
_FLIP = np.array([1, 1, -1], np.float32)
_CORNER = np.array([0.5, 0.5, 0], np.float32)
_MIRROR = np.array([-1, 1, 1], np.float32)
_FAR_SIDE = np.array([SIDE - 1, 0, 0], np.float32)

Points = tuple[Float, float]  # the 468 points of a face ``(468, 3)`` and the face score


class MapRegressor:
    """Position maps by FaceMap.

    Parameters
    ----------
    network : Runner
        `facelab.reconstruct.facemap.FaceMap`.
    """

    def __init__(self, network: Runner) -> None:
        self._network = network
        self.description = f"FaceMap by {network.description}"

    def __call__(self, views: Sequence[View]) -> list[Reconstruction | None]:
        """The face at each place; None where the network sees no face (score below 0.5).

        Two looks, the second at the box of the first's points, and there at its mirror image too:
        the mean of both is nearer to the truth than either, and how well they agree tells faces
        from what the network has never seen. The score is its own times that agreement.
        """
        first = self._look(views, [first_crop(view.place) for view in views])
        likely = [i for i, (_, score) in enumerate(first) if score >= FACE_SCORE / 2]
        closer = [levelled(first[i][0], SIDE) for i in likely]
        second = self._look([views[i] for i in likely], closer, mirrored=True)
        out: list[Reconstruction | None] = [None] * len(views)
        for i, (points, score) in zip(likely, second, strict=True):
            if score >= FACE_SCORE:
                out[i] = Reconstruction(position_map(points, atlases.canonical()), score)
        return out

    def _look(
        self, views: Sequence[View], crops: Sequence[Crop], *, mirrored: bool = False
    ) -> list[Points]:
        """The 468 points in each image, the nearer the larger, and the face scores."""
        if not views:
            return []
        shown = np.stack([cut(v.image, crop) for v, crop in zip(views, crops, strict=True)])
        points, scores = self._seen(shown)
        if mirrored:
            other, others = self._seen(np.ascontiguousarray(shown[:, :, ::-1]))
            other = other[:, twins()] * _MIRROR + _FAR_SIDE
            half = np.float32(0.5)
            scores = half * (scores + others) * agreement(points, other)
            points = half * (points + other)
        return [
            (crop.invert(own), float(score))
            for crop, own, score in zip(crops, points, scores, strict=True)
        ]

    def _seen(self, crops: Float) -> tuple[Float, Float]:
        """Points ``(B, 468, 3)`` in crop pixels, the nearer the larger, and scores ``(B,)``."""
        points, scores = self._network(crops)
        require_places(points, SIDE, self.description)
        return points * _FLIP - _CORNER, scores


def agreement(points: Float, other: Float) -> Float:
    """How well two looks at crops agree, ``(B,)`` in (0, 1], by their points ``(B, 468, 3)``.

    On about 180 faces turned, lit, blurred and covered, points were apart by 0.7 % of the face's
    size (median) to 3 % (the most); on thirteen places that are none, by 6 to 29 %.
    """
    away = np.linalg.norm((points - other)[..., :2], axis=2).mean(axis=1) * (CROP_SCALE / SIDE)
    return np.asarray(np.exp(-((away / _AGREEMENT) ** 2)), np.float32)


def first_crop(place: Detection | Box) -> Crop:
    """Where to look first: upright by the line from between the eyes to the mouth.

    That line is seen at every yaw, where the line of the eyes shrinks to a point in a profile. A
    box does not tell the roll: the first look does.
    """
    if isinstance(place, Box):
        return Crop(place.centre, CROP_SCALE * max(place.width, place.height), 0.0, SIDE)
    down = place.points[3] - place.points[:2].mean(axis=0)
    roll = float(np.rad2deg(np.arctan2(down[0], down[1])))
    return Crop(place.box.centre, CROP_SCALE * place.box.size, roll, SIDE)
