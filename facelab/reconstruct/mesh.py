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
from facelab.reconstruct.levelled import CROP_SCALE, boxed
from facelab.reconstruct.plausible import require_places
from facelab.types import Box, Crop, Detection, Float, Int, PositionMap, Reconstruction

if TYPE_CHECKING:
    from facelab.reconstruct.reconstructor import View
    from facelab.reconstruct.runtime import Runner

FACE_SCORE = 0.5  # FaceMesh's own score: below it, it does not look at a face
RIGHT_EYE, LEFT_EYE = 33, 263  # outer corners, FaceMesh vertices
_FLIP = np.array([1, 1, -1], np.float32)
_CORNER = np.array([0.5, 0.5, 0], np.float32)

Points = tuple[Float, float]  # the 468 points of a face ``(468, 3)`` and the face score


class MeshRegressor:
    """Position maps by FaceMesh.

    Parameters
    ----------
    network : Runner
        `facelab.reconstruct.facemesh.FaceMesh`.
    """

    def __init__(self, network: Runner) -> None:
        self._network = network
        self.description = f"FaceMesh by {network.description}"

    def __call__(self, views: Sequence[View]) -> list[Reconstruction | None]:
        """The face at each place; None where the network sees no face (score below 0.5).

        Two looks, the second at the box of the first's points.
        """
        first = self._look(views, self._crops(views))
        likely = [i for i, (_, score) in enumerate(first) if score >= FACE_SCORE / 2]
        closer = [from_points(first[i][0]) for i in likely]
        second = self._look([views[i] for i in likely], closer)
        out: list[Reconstruction | None] = [None] * len(views)
        for i, (points, score) in zip(likely, second, strict=True):
            if score >= FACE_SCORE:
                out[i] = Reconstruction(position_map(points, atlases.canonical()), score)
        return out

    def _crops(self, views: Sequence[View]) -> list[Crop]:
        """Where to look first. A box does not tell the roll: a look at it does."""
        boxed = [i for i, view in enumerate(views) if isinstance(view.place, Box)]
        crops = [_crop(view.place) for view in views]
        looks = self._look([views[i] for i in boxed], [crops[i] for i in boxed])
        for i, (points, _) in zip(boxed, looks, strict=True):
            crops[i] = from_points(points)
        return crops

    def _look(self, views: Sequence[View], crops: Sequence[Crop]) -> list[Points]:
        """The 468 points in each image, the nearer the larger, and the face scores."""
        if not views:
            return []
        pairs = zip(views, crops, strict=True)
        points, scores = self._network(np.stack([cut(view.image, crop) for view, crop in pairs]))
        require_places(points, SIDE, self.description)
        # The network counts x and y from the crop's corner and z away from the viewer.
        seen = points * _FLIP - _CORNER
        return [
            (crop.invert(own), float(score))
            for crop, own, score in zip(crops, seen, scores, strict=True)
        ]


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


def _crop(place: Detection | Box) -> Crop:
    if isinstance(place, Box):
        return Crop(place.centre, CROP_SCALE * max(place.width, place.height), 0.0, SIDE)
    right, left = place.points[:2]
    return Crop(place.box.centre, CROP_SCALE * place.box.size, _roll(right, left), SIDE)


def from_points(points: Float) -> Crop:
    """The levelled crop that FaceMesh was trained on: 1.5 times the box of the points."""
    return boxed(points, _roll(points[RIGHT_EYE], points[LEFT_EYE]), SIDE)


def _roll(right: Float, left: Float) -> float:
    """Degrees counter-clockwise as seen that the line of the eyes has turned (y runs down)."""
    return float(np.rad2deg(np.arctan2(-(left[1] - right[1]), left[0] - right[0])))
