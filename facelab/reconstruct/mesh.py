"""The default reconstructor: BlazeFace, FaceMesh, and the C1 surface through its points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from facelab import atlas as atlases
from facelab.atlas import Atlas, surface
from facelab.reconstruct.crop import cut
from facelab.reconstruct.detect import Detector
from facelab.reconstruct.facemesh import SIDE, FaceMesh
from facelab.reconstruct.layers import load
from facelab.types import Box, Crop, Detection, Float, PositionMap, Reconstruction

FACE_SCORE = 0.5  # FaceMesh's own score: below it, it does not look at a face
CROP_SCALE = 1.5  # side of the crop over the longer side of the points' box, as in training
RIGHT_EYE, LEFT_EYE = 33, 263  # outer corners, FaceMesh vertices
_FLIP = np.array([1, 1, -1], np.float32)
_CORNER = np.array([0.5, 0.5, 0], np.float32)
SAME_FACE = 0.5  # overlap of two boxes over their union


class MeshReconstructor:
    """Position maps on the canonical atlas from FaceMesh's 468 points.

    Parameters
    ----------
    detector : Detector
        Finds the faces; not asked where boxes are given.

    Raises
    ------
    WeightsError
        If the weights are missing or damaged.
    """

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._network = load(FaceMesh, "facemesh")

    def __call__(self, image: Float, boxes: Sequence[Box] | None = None) -> list[Reconstruction]:
        """Every face of `image` ``(H, W, 3)`` float32, the largest first.

        Given `boxes`, just the faces inside them. What the network does not take for a face
        (score below 0.5) is left out.
        """
        if boxes is None:
            return self._faces(image, [_from_detection(found) for found in self._detector(image)])
        # A box does not tell the roll: a look at it does, and comes before the usual two.
        looks = [self._look(image, _from_box(box)) for box in boxes]
        return self._faces(image, [_from_points(points) for points, _ in looks])

    def largest(self, image: Float) -> list[Reconstruction]:
        """The largest face of `image`, if there is one; sooner found than all of them."""
        for found in self._detector.largest(image):
            faces = self._faces(image, [_from_detection(found)])
            if faces:
                return faces
        return self(image)[:1]

    def _faces(self, image: Float, crops: list[Crop]) -> list[Reconstruction]:
        """What two looks show of each crop, the second at the box of the first's points."""
        faces = []
        for crop in crops:
            points, score = self._look(image, crop)
            if score >= FACE_SCORE / 2:
                points, score = self._look(image, _from_points(points))
            if score >= FACE_SCORE:
                faces.append(Reconstruction(position_map(points, atlases.canonical()), score))
        faces.sort(key=lambda face: -face.box.size)
        return _distinct(faces)

    @torch.inference_mode()
    def _look(self, image: Float, crop: Crop) -> tuple[Float, float]:
        """The 468 points in the image, the nearer the larger, and the face score."""
        view = torch.from_numpy(cut(image, crop)).permute(2, 0, 1)[None]
        points, score = self._network(view)
        # The network counts x and y from the crop's corner and z away from the viewer.
        seen = points[0].numpy() * _FLIP - _CORNER
        return crop.invert(seen), float(score[0])


def position_map(points: Float, atlas: Atlas) -> PositionMap:
    """The position map through FaceMesh's points ``(468, 3)``, source-image pixels."""
    return PositionMap(atlas.spread(surface()(points)), atlas)


def _from_detection(found: Detection) -> Crop:
    right, left = found.points[0], found.points[1]
    return Crop(found.box.centre, CROP_SCALE * found.box.size, _roll(right, left), SIDE)


def _from_box(box: Box) -> Crop:
    return Crop(box.centre, CROP_SCALE * max(box.width, box.height), 0.0, SIDE)


def _from_points(points: Float) -> Crop:
    """The levelled crop that FaceMesh was trained on: 1.5 times the box of the points."""
    roll = _roll(points[RIGHT_EYE], points[LEFT_EYE])
    level = Crop((0.0, 0.0), float(SIDE), roll, SIDE)
    box = Box.around(level.apply(points))
    centre = level.invert(np.array([box.centre], np.float32))[0]
    side = CROP_SCALE * max(box.width, box.height)
    return Crop((float(centre[0]), float(centre[1])), side, roll, SIDE)


def _roll(right: Float, left: Float) -> float:
    """Degrees counter-clockwise as seen that the line of the eyes has turned (y runs down)."""
    return float(np.rad2deg(np.arctan2(-(left[1] - right[1]), left[0] - right[0])))


def _distinct(faces: list[Reconstruction]) -> list[Reconstruction]:
    """Faces without those that lie on one before them."""
    kept: list[Reconstruction] = []
    for face in faces:
        if all(_overlap(face.box, other.box) < SAME_FACE for other in kept):
            kept.append(face)
    return kept


def _overlap(a: Box, b: Box) -> float:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (a.width * a.height + b.width * b.height - both)
