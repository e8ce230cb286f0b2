"""The subject of an export: one reconstructed face with its photograph."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.errors import UsageError
from facelab.export.draw import Drawing, draw
from facelab.face.texture import complete, texture_size, unwrap
from facelab.geometry import pose
from facelab.geometry.identity import IdentityModel, Shape
from facelab.geometry.landmarks import points468
from facelab.geometry.visibility import visible, visible_landmarks
from facelab.geometry.window import Window
from facelab.images import Metadata
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float, Frame
from facelab.numerics.integers import unit
from facelab.reconstruct import load_parser
from facelab.reconstruct.landmarker import load_landmarker
from facelab.types import SEEN, Mesh, Pose, PositionMap, Reconstruction, Texture

if TYPE_CHECKING:
    from facelab.geometry.parsing import Parsing
    from facelab.reconstruct.landmarker import FaceLandmarker, Features
    from facelab.reconstruct.parser import FaceParser

_SLIT_SOFTNESS, _MOUTH_BLUR = 0.004, 0.03  # of the side
_SURE = 0.3  # confidence: at a silhouette a pixel's error of the surface shows the background
_EXPORT = np.array([1, -1, 1], np.float32)  # pixels have y down, exports have it up

SIDES = range(16, 4097)
"""Sides of an exported texture, texels."""

FRAME = "pixels of the photograph: x right, y up from its bottom row, z toward the viewer"
"""The frame of exports, as their files say it."""

IMAGE_FRAME = (
    "pixels of the photograph as displayed: x right, y down, centres at integers, z larger nearer"
)
"""The frame of the report and of the text file of landmarks, as they say it."""

FRAME_FRONT = f"{FRAME}; the face turned about its middle to face the viewer"
"""The same of a face that is turned to the front."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A face to export; what writers need of it is worked out when the first one asks.

    Parameters
    ----------
    image : (H, W, 3) uint8, uint16 or float32
        The photograph, sRGB.
    found : Reconstruction
        The face in it.
    texture_side : int, optional
        The side of the exported texture, in `SIDES`; by default the face's size decides.
    front : bool
        Whether meshes are turned to face the viewer.
    mask_unseen : bool
        Whether texels that the photograph does not show are black rather than made up.
    metadata : Metadata
        The photograph's: pictures made of it keep what its XMP says.
    parser : FaceParser, optional
        What tells the parts of the face from what is around it; by default loaded when needed.
    landmarker : FaceLandmarker, optional
        What finds its irises and its expression; by default loaded when needed.

    Raises
    ------
    UsageError
        If the side is none of these.
    """

    image: Frame
    found: Reconstruction
    texture_side: int | None = None
    front: bool = False
    mask_unseen: bool = False
    metadata: Metadata = field(default_factory=Metadata)
    parser: FaceParser | None = None
    landmarker: FaceLandmarker | None = None

    def __post_init__(self) -> None:
        if self.texture_side is not None and self.texture_side not in SIDES:
            raise UsageError(
                f"texture size: {self.texture_side!r} is not a whole number from {SIDES[0]} to "
                f"{SIDES[-1]}"
            )

    @property
    def positions(self) -> PositionMap:
        """The position map, source-image pixels."""
        return self.found.positions

    @cached_property
    def pose(self) -> Pose:
        """The head's pose in the photograph, whether or not the mesh is turned."""
        return pose.estimate(self.positions)

    @cached_property
    def landmarks(self) -> Float:
        """The 68 landmarks, ``(68, 3)``, source-image pixels."""
        return self.positions.landmarks

    @cached_property
    def visible(self) -> Bool:
        """Texels of the position map that the face itself does not hide, ``(256, 256)``."""
        return visible(self.positions) & self.positions.atlas.face

    @cached_property
    def visible_landmarks(self) -> Bool:
        """Which of the 68 landmarks the face itself does not hide, ``(68,)``."""
        return visible_landmarks(self.positions)

    @cached_property
    def drawing(self) -> Drawing:
        """Which triangle of the face each pixel of the photograph sees."""
        return draw(self.positions, self.image.shape[:2])

    @cached_property
    def parsing(self) -> Parsing:
        """What each pixel around the face shows."""
        parser = self.parser or load_parser()
        return parser(self.image, self.positions)

    @cached_property
    def features(self) -> Features:
        """Its irises, lids and expression."""
        look = self.landmarker or load_landmarker()
        return look(self.image, self.positions)

    @cached_property
    def shape(self) -> Shape:
        """Its coefficients of identity and expression in the basis that swaps use."""
        model = IdentityModel.load()
        return model.shape(model.likeness(points468(self.positions)))

    @cached_property
    def texture(self) -> Texture:
        """The texture to export: no holes, or black ones with `mask_unseen`."""
        return self._whole(self.texture_side or texture_size(self.positions))

    @property
    def frame(self) -> str:
        """The frame of exported coordinates in words: `FRAME` or `FRAME_FRONT`."""
        return FRAME_FRONT if self.front else FRAME

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the photograph, pixels."""
        return self.image.shape[1], self.image.shape[0]

    def exported(self, points: Float) -> Float:
        """Source-image pixels ``(..., 3)`` in the frame of exports: all of a file goes through it.

        That is pixels, x right, y up from the image's bottom row, z toward the viewer; with `front`
        turned about the middle of the face's vertices so that the face looks at the viewer.
        """
        upright = self._upright(points)
        if not self.front:
            return upright
        turned = product(upright - self._middle, self.pose.rotation) + self._middle
        return turned.astype(np.float32, copy=False)

    @cached_property
    def exported_gaze(self) -> Float:
        """Unit vectors out of the pupils ``(2, 3)`` in the axes of exports; NaN where not seen."""
        gaze = self.features.eyes.gaze.vectors
        if not self.front:
            return gaze
        turned: Float = product(gaze, self.pose.rotation).astype(np.float32, copy=False)
        return turned

    @cached_property
    def exported_pose(self) -> Pose:
        """The head's pose in the frame of exports, so `scale` R x + `translation` leads there.

        With `front` its rotation is none. `pose` is that of the photograph, y down.
        """
        (translation,) = self.exported(self.pose.translation[None])
        if self.front:
            return Pose(0, 0, 0, np.eye(3, dtype=np.float32), self.pose.scale, translation)
        return replace(self.pose, translation=translation)

    @cached_property
    def mesh(self) -> Mesh:
        """The face in the frame of exports, see `exported`; the texture's uv has v down."""
        atlas = self.positions.atlas
        places, triangles = atlas.mesh
        uv = (places + np.float32(0.5)) / np.float32(atlas.size)
        return Mesh(self.exported(atlas.at_vertices(self.positions.values)), triangles, uv)

    def _upright(self, points: Float) -> Float:
        upright: Float = np.array([0, len(self.image) - 1, 0], np.float32) + points * _EXPORT
        return upright

    @cached_property
    def _middle(self) -> Float:
        vertices = self._upright(self.positions.atlas.at_vertices(self.positions.values))
        middle: Float = vertices.mean(axis=0)
        return middle

    @cached_property
    def colours(self) -> Float:
        """RGB in [0, 1] of the mesh's vertices, ``(n, 3)``."""
        atlas = self.positions.atlas
        colours = atlas.at_vertices(self._whole(atlas.size).colour)
        return np.clip(colours, 0, 1)

    @cached_property
    def _near(self) -> tuple[Float, PositionMap]:
        """The part of the photograph around the face ``(h, w, 3)``, and where the face is in it."""
        window = Window.of_face(self.positions, self.image.shape[:2])
        pixels = unit(np.ascontiguousarray(window.part(self.image)))
        return pixels, window.inward(self.positions)

    def _whole(self, size: int) -> Texture:
        seen = _mouth_evened(unwrap(*self._near, size), self.positions.atlas)
        if self.mask_unseen:
            shown = (seen.confidence >= SEEN)[..., None]
            return Texture(seen.colour * shown, seen.confidence)
        sure = Texture(seen.colour, seen.confidence * (seen.confidence >= _SURE))
        whole = complete(sure, np.ones((size, size), np.bool_))  # and beyond: viewers blur there
        return Texture(whole.colour, seen.confidence)


def _mouth_evened(texture: Texture, atlas: Atlas) -> Texture:
    """A texture whose mouth is of one colour from side to side where the layout has a mere slit.

    There the teeth of an open mouth are squeezed into a row of texels, and a mesh would draw each
    of these as a streak from lip to lip.
    """
    if atlas.slit is None:
        return texture
    mask = np.maximum(atlas.soft_region("mouth", texture.size, _SLIT_SOFTNESS), 0)[..., None]
    both = np.dstack([texture.colour * mask, mask])
    width = _MOUTH_BLUR * texture.size
    run = cv2.GaussianBlur(both, (0, 0), sigmaX=width, sigmaY=_SLIT_SOFTNESS * texture.size)
    even = run[..., :3] / np.maximum(run[..., 3:], np.float32(1e-4))
    share = np.minimum(2 * mask, 1)
    return Texture(texture.colour + share * (even - texture.colour), texture.confidence)
