"""FaceMesh's points with a fitted head's depth: the teacher of training without Landmarker."""

from __future__ import annotations

from collections.abc import Sequence

from facelab.augment.portrait_cache import with_head_depth
from facelab.geometry.head import HeadModel
from facelab.numerics.arrays import Float
from facelab.reconstruct import Reconstructor
from facelab.types import Box, Detection, Reconstruction


class HeadDepthReconstructor:
    """A `facelab.reconstruct.Reconstructor` that replaces depth by that of a fitted head.

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
        return f"{self._reconstructor.description}, with the depth of a fitted head"

    def __call__(
        self, image: Float, boxes: Sequence[Box] | Sequence[Detection] | None = None
    ) -> list[Reconstruction]:
        """Every face of `image` ``(H, W, 3)`` float32, the largest first; or those in `boxes`."""
        return self._all(self._reconstructor(image, boxes))

    def largest(self, image: Float) -> list[Reconstruction]:
        """The largest face of `image`, if there is one."""
        return self._all(self._reconstructor.largest(image))

    def _all(self, faces: Sequence[Reconstruction]) -> list[Reconstruction]:
        return [self._one(face) for face in faces]

    def _one(self, face: Reconstruction) -> Reconstruction:
        positions, _ = with_head_depth(face.positions, self._model)
        return Reconstruction(positions, face.score)
