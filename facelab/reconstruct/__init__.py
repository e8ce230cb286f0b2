"""From a photograph to the position maps of its faces; the only room that imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from facelab.errors import UsageError
from facelab.types import Box, Float, Reconstruction

if TYPE_CHECKING:
    from facelab.reconstruct.detect import Detector

__all__ = ["DETECTORS", "Reconstructor", "default_reconstructor"]

DETECTORS = ("blazeface", "insightface")


class Reconstructor(Protocol):
    """Anything that makes position maps of the faces in an image."""

    def __call__(self, image: Float, boxes: Sequence[Box] | None = None) -> list[Reconstruction]:
        """Every face of `image` ``(H, W, 3)`` float32, the largest first; or those in `boxes`."""
        ...

    def largest(self, image: Float) -> list[Reconstruction]:
        """The largest face of `image`, or none; what a quicker search may find."""
        ...


def default_reconstructor(detector: str = "blazeface") -> Reconstructor:
    """BlazeFace or a locally installed insightface pack, then FaceMesh.

    Raises
    ------
    UsageError
        If there is no such detector.
    WeightsError
        If weights are missing or damaged.
    """
    from facelab.reconstruct.mesh import MeshReconstructor

    return MeshReconstructor(_detector(detector))


def _detector(name: str) -> Detector:
    # torch and onnxruntime take a second to import: only when they are to be used.
    if name == "blazeface":
        from facelab.reconstruct.detect import BlazeFaceDetector

        return BlazeFaceDetector()
    if name == "insightface":
        from facelab.reconstruct.insightface import InsightFaceDetector

        return InsightFaceDetector()
    raise UsageError(f"no detector {name!r}; there are {', '.join(DETECTORS)}")
