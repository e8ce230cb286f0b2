"""The front door: a photograph in, its faces out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from facelab.geometry import pose
from facelab.geometry.visibility import visible_landmarks
from facelab.images import Image
from facelab.images.given import Photograph, as_image, name_of
from facelab.numerics.arrays import Bool, Float
from facelab.reconstruct.face_selection import select_faces
from facelab.reconstruct.networks import Networks
from facelab.types import Box, Pose, PositionMap, Reconstruction

if TYPE_CHECKING:
    from facelab.reconstruct import Reconstructor


@dataclass(frozen=True, eq=False)
class FaceObservation:
    """One face in one photograph; what is asked of it is worked out when it is asked.

    Parameters
    ----------
    photograph : Image
        What shows it.
    found : Reconstruction
        Where it is in the photograph, and how sure that is.
    asked : str or Box
        Which face was asked for, or where, for records: by this it is found again.
    """

    photograph: Image
    found: Reconstruction
    asked: str | Box = "largest"

    @property
    def image(self) -> Float:
        """The photograph's pixels, ``(H, W, 3)`` float32 RGB."""
        return self.photograph.pixels

    @property
    def positions(self) -> PositionMap:
        """Where every texel of the face is, source-image pixels."""
        return self.found.positions

    @property
    def score(self) -> float:
        """The network's confidence that this is a face, [0, 1]."""
        return self.found.score

    @property
    def box(self) -> Box:
        """The box of the face, source-image pixels."""
        return self.found.box

    @cached_property
    def pose(self) -> Pose:
        """How the head is turned, degrees, and where it is."""
        return pose.estimate(self.positions)

    @cached_property
    def landmarks68(self) -> Float:
        """The 68 landmarks, ``(68, 3)`` float32, iBUG 300-W order, source-image pixels."""
        return self.positions.landmarks

    @cached_property
    def visible68(self) -> Bool:
        """Which of the 68 landmarks the face itself does not hide, ``(68,)`` bool."""
        return visible_landmarks(self.positions)


class FaceModel:
    """Finds faces and reconstructs them; made by `load_model`.

    Parameters
    ----------
    reconstructor : Reconstructor
    networks : Networks, optional
        What records call its networks.
    """

    def __init__(self, reconstructor: Reconstructor, networks: Networks | None = None) -> None:
        self.reconstructor = reconstructor
        self.networks = networks

    def __call__(self, photograph: Photograph) -> list[FaceObservation]:
        """Return every face of a photograph, the largest first; none if it shows none."""
        image = as_image(photograph)
        found = self.reconstructor(image.pixels)
        return [FaceObservation(image, one, str(index)) for index, one in enumerate(found)]

    def observe(
        self,
        photograph: Photograph,
        face: str | int = "all",
        box: Box | None = None,
        name: str = "",
    ) -> list[FaceObservation]:
        """Return the faces of a photograph that are asked for, at least one.

        Parameters
        ----------
        photograph : path, Image or array
        face : str or int
            ``largest``, ``left``, ``right``, ``all`` or an index by size from 0.
        box : Box, optional
            Where the face is, source-image pixels; skips detection, and `face` does not matter.
        name : str
            The photograph's, for messages; by default its file's.

        Raises
        ------
        UsageError
            If `face` is none of these, or the box not one in the image.
        NoFaceError
            If there is none, or not the one asked for; it lists the faces that there are.
        """
        image = as_image(photograph)
        name = name or name_of(photograph)
        chosen = select_faces(image.pixels, self.reconstructor, str(face), box, name)
        return [
            FaceObservation(image, found, box or (str(index) if face == "all" else str(face)))
            for index, found in enumerate(chosen)
        ]


def load_model(
    detector: str = "blazeface",
    backend: str = "map",
    runtime: str = "torch",
    device: str = "cpu",
    weights: Path | str | None = None,
) -> FaceModel:
    """Load what finds and reconstructs faces; by default what comes with facelab.

    Parameters and exceptions are those of `facelab.reconstruct.load_reconstructor`.
    """
    own = None if weights is None else Path(weights)
    networks = Networks(detector, backend, runtime, device, own)
    return FaceModel(networks.load(), networks)
