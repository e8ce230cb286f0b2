"""From a photograph to the position maps of its faces; of what runs, it alone imports torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from facelab.constants import BACKENDS, DETECTORS
from facelab.errors import UsageError
from facelab.numerics.arrays import Frame
from facelab.types import Box, Reconstruction

if TYPE_CHECKING:
    from facelab.detect.blazeface import Detector
    from facelab.reconstruct.parser import FaceParser
    from facelab.reconstruct.reconstructor import Regressor
    from facelab.reconstruct.segmentation import PersonSegmenter
    from facelab.reconstruct.surroundings import SurroundingsParser

__all__ = ["Reconstructor", "load_parser", "load_reconstructor", "load_segmenter"]


class Reconstructor(Protocol):
    """Anything that makes position maps of the faces in an image."""

    def __call__(self, image: Frame, boxes: Sequence[Box] | None = None) -> list[Reconstruction]:
        """Every face of `image` ``(H, W, 3)``, the largest first; or those in `boxes`."""
        ...

    def largest(self, image: Frame) -> list[Reconstruction]:
        """The largest face of `image`, or none; what a quicker search may find."""
        ...

    def batch(self, images: Sequence[Frame]) -> list[list[Reconstruction]]:
        """The faces of each of several images, as calling it gives them."""
        ...

    @property
    def description(self) -> str:
        """The network and what runs it, for people."""
        ...


def load_reconstructor(
    detector: str = "blazeface",
    backend: str = "map",
    runtime: str = "torch",
    device: str = "cpu",
    weights: Path | str | None = None,
) -> Reconstructor:
    """A reconstructor by the names of its parts; by default what comes with facelab.

    Parameters
    ----------
    detector : str
        One of `DETECTORS`; it runs on the CPU.
    backend : str
        One of `BACKENDS`: FaceMap or FaceMesh on the canonical atlas, PRNet's network on its own.
    runtime, device : str
        What runs the backend's network: of `facelab.constants.RUNTIMES` and ``DEVICES``.
    weights : Path or str, optional
        A file that `facelab train` wrote, for the backend ``map``, instead of the shipped one.

    Raises
    ------
    UsageError
        If there is no such part, or it is not available here, or has no such weights.
    WeightsError
        If weights are missing or damaged.
    """
    from facelab.reconstruct.reconstructor import FaceReconstructor

    if weights is not None and backend != "map":
        raise UsageError(f"{weights}: weights are for the backend map, not {backend}")
    own = None if weights is None else Path(weights)
    regressor = _regressor(backend, runtime, device, own)
    return FaceReconstructor(_detector(detector, backend), regressor)


def load_parser(runtime: str = "torch", device: str = "cpu") -> FaceParser:
    """Load the network that tells the parts of a face from what is around and in front of it.

    Parameters
    ----------
    runtime, device : str
        What runs its network: of `facelab.constants.RUNTIMES` and ``DEVICES``.

    Raises
    ------
    UsageError
        If there is no such runtime or device, or not on this machine.
    WeightsError
        If weights are missing or damaged.
    """
    from facelab.models.faceparse import SIDE, FaceParse
    from facelab.models.layers import load
    from facelab.models.runtime import load_runner
    from facelab.reconstruct.parser import FaceParser

    return FaceParser(load_runner(load(FaceParse, "faceparse"), SIDE, runtime, device))


def load_surroundings(runtime: str = "torch", device: str = "cpu") -> SurroundingsParser:
    """Load the network that tells hair, clothes and background farther around a face.

    Parameters
    ----------
    runtime, device : str
        What runs its network: of `facelab.constants.RUNTIMES` and ``DEVICES``.

    Raises
    ------
    UsageError
        If there is no such runtime or device, or not on this machine.
    WeightsError
        If weights are missing or damaged.
    """
    from facelab.models import multiclass_segmenter
    from facelab.models.layers import load
    from facelab.models.runtime import load_runner
    from facelab.reconstruct.surroundings import SurroundingsParser

    network = load(multiclass_segmenter.MulticlassSegmenter, "multiclass")
    return SurroundingsParser(load_runner(network, multiclass_segmenter.SIDE, runtime, device))


def load_segmenter(runtime: str = "torch", device: str = "cpu") -> PersonSegmenter:
    """Load the network that tells people in a photograph from their background.

    Parameters
    ----------
    runtime, device : str
        What runs its network: of `facelab.constants.RUNTIMES` and ``DEVICES``.

    Raises
    ------
    UsageError
        If there is no such runtime or device, or not on this machine.
    WeightsError
        If weights are missing or damaged.
    """
    from facelab.models import selfie_segmenter
    from facelab.models.layers import load
    from facelab.models.runtime import load_runner
    from facelab.reconstruct.segmentation import PersonSegmenter

    network = load(selfie_segmenter.SelfieSegmenter, "selfie")
    return PersonSegmenter(load_runner(network, selfie_segmenter.SIDE, runtime, device))


def _regressor(name: str, runtime: str, device: str, weights: Path | None) -> Regressor:
    # torch and onnxruntime take a second to import: only when they are to be used.
    if name == "map":
        from facelab.models import facemap
        from facelab.models.layers import load, load_file
        from facelab.models.runtime import load_runner
        from facelab.reconstruct.facemap_regressor import MapRegressor

        kind = facemap.FaceMap
        own = load_file(kind, weights) if weights else load(kind, "facemap")
        return MapRegressor(load_runner(own, facemap.SIDE, runtime, device))
    if name == "mesh":
        from facelab.models import facemesh
        from facelab.models.layers import load
        from facelab.models.runtime import load_runner
        from facelab.reconstruct.facemesh_regressor import MeshRegressor

        network = load(facemesh.FaceMesh, "facemesh")
        return MeshRegressor(load_runner(network, facemesh.SIDE, runtime, device))
    if name == "prn":
        from facelab.models.fold import fold
        from facelab.models.layers import load
        from facelab.models.resfcn import PRN
        from facelab.models.runtime import load_runner
        from facelab.reconstruct import prn_regressor

        return prn_regressor.PRNRegressor(
            load_runner(fold(load(PRN, "prn")), prn_regressor.SIDE, runtime, device)
        )
    raise UsageError(f"no backend {name!r}; there are {', '.join(BACKENDS)}")


def _detector(name: str, backend: str) -> Detector:
    """Load a detector by name; FaceMap refuses what is no face, so it is shown the doubtful."""
    if name == "blazeface":
        from facelab.detect.blazeface import CONFIRMED, LIKELY, BlazeFaceDetector

        return BlazeFaceDetector(least=LIKELY if backend == "map" else CONFIRMED)
    if name == "insightface":
        from facelab.detect.insightface import InsightFaceDetector

        return InsightFaceDetector()
    raise UsageError(f"no detector {name!r}; there are {', '.join(DETECTORS)}")
