"""FaceMesh followed by the fit of a head: what a network of position maps may be taught with."""

from __future__ import annotations

from collections.abc import Sequence

from facelab.augment.labels import points468
from facelab.head import HeadModel
from facelab.reconstruct import Reconstructor
from facelab.reconstruct.mesh import position_map
from facelab.types import Box, Float, Reconstruction


class Fitted:
    """A `facelab.reconstruct.Reconstructor` that puts the nearest head of a family on each face.

    Parameters
    ----------
    reconstructor : Reconstructor
        Finds the 468 points of the canonical face mesh.
    model : HeadModel
    """

    def __init__(self, reconstructor: Reconstructor, model: HeadModel) -> None:
        self._reconstructor = reconstructor
        self._model = model

    @property
    def description(self) -> str:
        """The network and what runs it, for people."""
        return f"{self._reconstructor.description}, and the fit of a head"

    def __call__(self, image: Float, boxes: Sequence[Box] | None = None) -> list[Reconstruction]:
        """Every face of `image` ``(H, W, 3)`` float32, the largest first; or those in `boxes`."""
        return self._all(self._reconstructor(image, boxes))

    def largest(self, image: Float) -> list[Reconstruction]:
        """The largest face of `image`, if there is one."""
        return self._all(self._reconstructor.largest(image))

    def batch(self, images: Sequence[Float]) -> list[list[Reconstruction]]:
        """The faces of each of several images, as calling it gives them."""
        return [self._all(faces) for faces in self._reconstructor.batch(images)]

    def _all(self, faces: Sequence[Reconstruction]) -> list[Reconstruction]:
        return [self._one(face) for face in faces]

    def _one(self, face: Reconstruction) -> Reconstruction:
        head = self._model.fit(points468(face.positions))
        return Reconstruction(position_map(head.points, face.positions.atlas), face.score)
