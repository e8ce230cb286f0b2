"""From a photograph to the position maps of its faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from facelab.constants import BACKENDS, DETECTORS
from facelab.errors import UsageError
from facelab.numerics.arrays import Frame
from facelab.numerics.parallel import both
from facelab.types import Box, Detection, Reconstruction

if TYPE_CHECKING:
    from facelab.detect.blazeface import Detector
    from facelab.reconstruct.parser import FaceParser
    from facelab.reconstruct.reconstructor import Regressor
    from facelab.reconstruct.segmentation import PersonSegmenter
    from facelab.reconstruct.surroundings import SurroundingsParser

__all__ = ["Reconstructor", "load_parser", "load_reconstructor", "load_segmenter"]


class Reconstructor(Protocol):
    """Anything that makes position maps of the faces in an image."""

    def __call__(
        self, image: Frame, boxes: Sequence[Box] | Sequence[Detection] | None = None
    ) -> list[Reconstruction]:
        """Every face of `image` ``(H, W, 3)``, the largest first; or those in `boxes`."""
        ...

    def largest(self, image: Frame) -> list[Reconstruction]:
        """The largest face of `image`, or none; what a quicker search may find."""
        ...

    @property
    def description(self) -> str:
        """The network and what runs it, for people."""
        ...


def load_reconstructor(
    detector: str = "blazeface",
    backend: str = "map",
    runtime: str = "onnx",
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
    regressor, found_by = both(
        lambda: _regressor(backend, runtime, device, own), lambda: _detector(detector, backend)
    )
    return FaceReconstructor(found_by, regressor)


def load_parser(runtime: str = "onnx", device: str = "cpu") -> FaceParser:
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
    from facelab.models.kinds import FACEPARSE
    from facelab.models.runtime import load_runner
    from facelab.reconstruct.parser import FaceParser

    return FaceParser(load_runner(FACEPARSE, runtime, device))


def load_surroundings(runtime: str = "onnx", device: str = "cpu") -> SurroundingsParser:
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
    from facelab.models.kinds import MULTICLASS
    from facelab.models.runtime import load_runner
    from facelab.reconstruct.surroundings import SurroundingsParser

    return SurroundingsParser(load_runner(MULTICLASS, runtime, device))


def load_segmenter(runtime: str = "onnx", device: str = "cpu") -> PersonSegmenter:
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
    from facelab.models.kinds import SELFIE
    from facelab.models.runtime import load_runner
    from facelab.reconstruct.segmentation import PersonSegmenter

    return PersonSegmenter(load_runner(SELFIE, runtime, device))


def _regressor(name: str, runtime: str, device: str, weights: Path | None) -> Regressor:
    from facelab.models import kinds
    from facelab.models.runtime import load_runner

    if name == "map":
        from facelab.reconstruct.facemap_regressor import MapRegressor

        return MapRegressor(load_runner(kinds.FACEMAP, runtime, device, weights))
    if name == "mesh":
        from facelab.reconstruct.facemesh_regressor import MeshRegressor

        return MeshRegressor(load_runner(kinds.FACEMESH, runtime, device))
    if name == "prn":
        from facelab.reconstruct.prn_regressor import PRNRegressor

        return PRNRegressor(load_runner(kinds.PRN, runtime, device))
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
