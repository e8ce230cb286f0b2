"""The front door: a photograph in, its faces out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facelab.face.quality import believed
from facelab.face.source_view import SourceView
from facelab.face.spectacles import with_whole_rims
from facelab.geometry import landmarks, pose
from facelab.geometry.identity import IdentityModel
from facelab.geometry.visibility import visible_landmarks
from facelab.geometry.window import NEAR, Window
from facelab.images import Image
from facelab.images.given import Photograph, as_image, name_of
from facelab.numerics.arrays import Bool, Float
from facelab.reconstruct import load_parser
from facelab.reconstruct.face_selection import select_faces
from facelab.reconstruct.landmarker import load_landmarker
from facelab.reconstruct.networks import Networks
from facelab.types import Box, Pose, PositionMap, Reconstruction, Texture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from facelab.export.subject import Subject
    from facelab.export.textured_mesh import TexturedMesh
    from facelab.files import StrPath
    from facelab.geometry.eyes import Gaze
    from facelab.geometry.identity import Shape
    from facelab.geometry.parsing import Parsing
    from facelab.reconstruct import Reconstructor
    from facelab.reconstruct.landmarker import FaceLandmarker, Features
    from facelab.reconstruct.parser import FaceParser


@dataclass(frozen=True, eq=False, repr=False)
class FaceObservation:
    """One face in one photograph; what is asked of it is worked out when it is asked.

    Places are pixels of the photograph as displayed: x right, y down, pixel centres at integers;
    z, depth, has the same unit and is larger nearer the viewer, and only its differences mean
    anything.

    Parameters
    ----------
    photograph : Image
        What shows it.
    found : Reconstruction
        Where it is in the photograph, and how sure that is.
    asked : str or Box
        Which face was asked for, or where, for records: by this it is found again.
    parser : FaceParser, optional
        What tells the parts of the face from hair, glasses and what is in front.
    landmarker : FaceLandmarker, optional
        What finds irises, lids and expression; by default loaded when they are asked for.

    Examples
    --------
    >>> face = model("astronaut.png")[0]
    >>> face.landmarks68.shape, face.points468.shape, face.visible68.dtype
    ((68, 3), (468, 3), dtype('bool'))
    >>> face.box.width > 50, abs(face.pose.yaw) < 30, face.score > 0.9
    (True, True, True)
    >>> face.depth().shape, face.normals().shape
    ((512, 512), (512, 512, 3))
    >>> face.irises.shape, face.gaze.vectors.shape, face.openness.shape
    ((2, 5, 3), (2, 3), (2,))
    >>> face.blendshapes["mouthSmileLeft"] > 0.5, len(face.blendshapes)
    (True, 52)
    >>> face.texture(512)
    <Texture 512x512>
    >>> face.mesh().save("face.glb")
    ['face.glb']
    """

    photograph: Image
    found: Reconstruction
    asked: str | Box = "largest"
    parser: FaceParser | None = None
    landmarker: FaceLandmarker | None = None

    def __repr__(self) -> str:
        box, turn = self.box, self.pose
        return (
            f"<Face {box.width:.0f}x{box.height:.0f} at ({round(box.x0)}, {round(box.y0)}), "
            f"score {self.score:.2f}, yaw {round(turn.yaw)}, pitch {round(turn.pitch)}, "
            f"roll {round(turn.roll)}>"
        )

    @property
    def image(self) -> Float:
        """The photograph's pixels, ``(H, W, 3)`` float32 RGB; see `Image.pixels`."""
        return self.photograph.pixels

    @property
    def positions(self) -> PositionMap:
        """Where every texel of the face is."""
        return self.found.positions

    @property
    def score(self) -> float:
        """The network's confidence that this is a face, [0, 1]; below 0.9 it is doubtful."""
        return self.found.score

    @property
    def box(self) -> Box:
        """The box of the face."""
        return self.found.box

    @cached_property
    def near(self) -> FaceObservation:
        """The face in the part of the photograph that is around it, in sRGB."""
        window = Window.of_face(self.positions, self.photograph.shape)
        image = Image(np.ascontiguousarray(self.photograph.part(window.rows, window.columns)))
        found = replace(self.found, positions=window.inward(self.positions))
        return replace(self, photograph=image, found=found)

    @cached_property
    def parsing(self) -> Parsing | None:
        """What each pixel around the face shows; None where nothing is there to tell."""
        return None if self.parser is None else self.parser(self.photograph.frame, self.positions)

    @cached_property
    def source(self) -> SourceView:
        """The face as swaps take it; what they work out of it stays with it."""
        near, parsing = self.near, self.near.parsing
        window = Window.of_face(near.positions, near.photograph.shape, NEAR)
        parsing = believed(parsing, near.positions)
        if parsing is not None:
            whole = with_whole_rims(parsing, near.photograph.frame, near.positions)
            parsing = window.parsing_inward(whole)
        image = near.photograph.window(window.rows, window.columns)
        return SourceView(np.ascontiguousarray(image), window.inward(near.positions), parsing)

    @cached_property
    def pose(self) -> Pose:
        """How the head is turned, degrees, and where it is."""
        return pose.estimate(self.positions)

    @cached_property
    def landmarks68(self) -> Float:
        """The 68 landmarks, ``(68, 3)`` float32, iBUG 300-W order."""
        return self.positions.landmarks

    @cached_property
    def visible68(self) -> Bool:
        """Which of the 68 landmarks the face itself does not hide, ``(68,)`` bool."""
        return visible_landmarks(self.positions)

    @cached_property
    def points468(self) -> Float:
        """The vertices of MediaPipe's canonical mesh, ``(468, 3)`` float32, in its order."""
        return landmarks.points468(self.positions)

    @property
    def irises(self) -> Float:
        """The irises, ``(2, 5, 3)`` float32, of the right eye, then the left one.

        The middle of the pupil, then the iris's rim to the image's right, top, left and bottom of a
        frontal face. x and y are MediaPipe's landmarker's; the depth is that of a disc square to
        the gaze. Where an iris is hidden (`visible_irises`), it is a guess.
        """
        return self._features.eyes.irises

    @property
    def visible_irises(self) -> Bool:
        """Which points of `irises` are seen, ``(2, 5)`` bool.

        Lids, the face itself and dark glasses hide them; hair and hands are not looked at.
        """
        return self._features.eyes.visible

    @property
    def gaze(self) -> Gaze:
        """Where the eyes look: ``gaze.vectors`` ``(2, 3)``, ``gaze.yaw`` and ``gaze.pitch``.

        The right eye first. Unit vectors out of the pupils, x right, y up, z toward the viewer;
        yaw to the image's right and pitch down in degrees ``(2,)``; NaN where a pupil is not seen.
        ``gaze.joint`` ``(3,)`` is the steadier direction of both together.

        See `facelab.geometry.eyes`.
        """
        return self._features.eyes.gaze

    @property
    def openness(self) -> Float:
        """How far the eyes are open, ``(2,)`` float32 in [0, 1], the right one first.

        0 where the lids are closed, 1 where they are an iris's diameter apart; NaN where hidden.
        """
        return self._features.eyes.openness

    @property
    def blendshapes(self) -> Mapping[str, float]:
        """The 52 coefficients of ARKit by name, in [0, 1]; left and right are the subject's.

        MediaPipe's blend shape network's, in the order of `facelab.constants.ARKIT`; ``tongueOut``
        is the landmarker's.
        """
        return self._features.blendshapes

    @cached_property
    def shape(self) -> Shape:
        """The face in the basis that swaps use: ``shape.identity`` ``(53,)``, ``.expression``.

        Coefficients in standard deviations, float32, of `facelab.geometry.identity.IdentityModel`,
        whose modes ``facelab.geometry.identity.IdentityModel.load()`` has.
        """
        model = IdentityModel.load()
        return model.shape(model.likeness(self.points468))

    @cached_property
    def _features(self) -> Features:
        look = self.landmarker or load_landmarker()
        return look(self.photograph.frame, self.positions)

    def depth(self) -> Float:
        """Return the depth at every pixel of the photograph, as ``--write depth`` has it.

        Returns
        -------
        (H, W) float32
            Pixels, larger is nearer; NaN where the face is not.
        """
        from facelab.export.depth import depth

        return depth(self._subject)

    def normals(self) -> Float:
        """Return which way each pixel of the photograph looks, as ``--write normals`` has it.

        Returns
        -------
        (H, W, 3) float32
            Unit vectors, x right, y up, z toward the viewer; 0 where the face is not.
        """
        from facelab.export.normals import normals

        return normals(self._subject)

    def texture(self, size: int | None = None) -> Texture:
        """Return the face unwrapped into the atlas, as ``--write texture`` has it.

        Parameters
        ----------
        size : int, optional
            The side S in texels, 16 to 4096; by default the face's size decides.

        Returns
        -------
        Texture
            Without holes: what the photograph does not show is made up, mostly of the other half
            of the face, and has a confidence of 0.

        Raises
        ------
        UsageError
            If the size is none of these.
        """
        return replace(self._subject, texture_side=size).texture

    def mesh(self, texture_size: int | None = None, *, front: bool = False) -> TexturedMesh:
        """Return the surface with its texture, whose ``save`` writes GLB, OBJ and PLY.

        Parameters
        ----------
        texture_size : int, optional
            As of `texture`.
        front : bool
            Turn it to face the viewer.

        Raises
        ------
        UsageError
            If the size is none that `texture` takes.
        """
        from facelab.export.textured_mesh import TexturedMesh

        return TexturedMesh(replace(self._subject, texture_side=texture_size, front=front))

    @cached_property
    def _subject(self) -> Subject:
        """The face as exports take it."""
        from facelab.export.subject import Subject

        photograph = self.photograph
        return Subject(
            photograph.srgb_frame,
            self.found,
            metadata=photograph.metadata,
            parser=self.parser,
            landmarker=self.landmarker,
        )


class FaceModel:
    """Finds faces and reconstructs them; made by `load_model`.

    Parameters
    ----------
    reconstructor : Reconstructor
    networks : Networks, optional
        What records call its networks.

    Examples
    --------
    >>> model = facelab.load_model()
    >>> faces = model("astronaut.png")
    >>> len(faces)
    1
    >>> model(np.zeros((64, 64, 3), np.uint8))
    []
    """

    def __init__(self, reconstructor: Reconstructor, networks: Networks | None = None) -> None:
        self.reconstructor = reconstructor
        self.networks = networks

    def __repr__(self) -> str:
        return f"<FaceModel {self.reconstructor.description}>"

    @cached_property
    def parser(self) -> FaceParser | None:
        """What tells the parts of a face from what is in front of it; None without `networks`."""
        if self.networks is None:
            return None
        return load_parser(self.networks.runtime, self.networks.device)

    @cached_property
    def landmarker(self) -> FaceLandmarker | None:
        """What finds irises and expressions, loaded when it looks; None without `networks`."""
        if self.networks is None:
            return None
        return load_landmarker(self.networks.runtime, self.networks.device)

    def __call__(self, photograph: Photograph) -> list[FaceObservation]:
        """Return every face of a photograph, the largest first; an empty list if it shows none.

        Faces that are doubtful, with a score below 0.9, come after those that are sure.

        Parameters
        ----------
        photograph : path, PIL image, Image or array
            As `facelab.images.given` says.

        Raises
        ------
        ImageError
            If a file cannot be read.
        UsageError
            If it is no such kind of photograph.
        """
        image = as_image(photograph)
        found = self.reconstructor(image.frame)
        return [
            FaceObservation(image, one, str(index), self.parser, self.landmarker)
            for index, one in enumerate(found)
        ]

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
        photograph : path, PIL image, Image or array
            As `facelab.images.given` says.
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
        chosen = select_faces(image.frame, self.reconstructor, str(face), box, name)
        return [
            FaceObservation(
                image,
                found,
                box or (str(index) if face == "all" else str(face)),
                self.parser,
                self.landmarker,
            )
            for index, found in enumerate(chosen)
        ]


def load_model(
    detector: str = "blazeface",
    backend: str = "map",
    device: str = "cpu",
    runtime: str = "onnx",
    weights: StrPath | None = None,
) -> FaceModel:
    """Load what finds and reconstructs faces; by default what comes with facelab.

    Parameters
    ----------
    detector : str
        ``blazeface`` or ``insightface``, which has to be installed; runs on the CPU.
    backend : str
        ``map``: FaceMap, at any yaw. ``mesh``: MediaPipe's FaceMesh. ``prn``: PRNet's network.
    device : str
        ``cpu`` or ``cuda``.
    runtime : str
        ``onnx``, ONNX Runtime, or ``torch``, which has to be installed.
    weights : path, optional
        A file that ``facelab train`` wrote, for the backend ``map``.

    Raises
    ------
    UsageError
        If there is no such part, or it is not available here, or has no such weights.
    WeightsError
        If weights are missing or damaged.

    Examples
    --------
    >>> facelab.load_model()
    <FaceModel FaceMap by onnxruntime ... on cpu>
    """
    own = None if weights is None else Path(weights)
    networks = Networks(detector, backend, runtime, device, own)
    return FaceModel(networks.load(), networks)
