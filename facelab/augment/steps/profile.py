"""The head turned in its photograph, by any angle: face profiling.

After Zhu et al., "Face Alignment Across Large Poses: A 3D Solution", CVPR 2016, section 4, which
made 300W-LP so: the photograph becomes a mesh with depth, the head's part of it is turned, the
background stays, and the mesh is drawn. The face itself is then drawn from its own texture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab import pose, raster
from facelab.atlas import Atlas, grid_triangles
from facelab.augment.beyond import extended
from facelab.augment.scene import Augmentation, Scene
from facelab.composite import render
from facelab.edits.fields import number
from facelab.texture import complete
from facelab.types import Face, Float, Pose, PositionMap, Texture

Doubles = NDArray[np.float64]

_CENTRE = np.array([0.0, -1.0, -3.0])  # of the head, canonical frame, cm: between the ears
_FLIP = np.array([1.0, -1.0, 1.0])  # pixels have y down, the camera frame has y up

_CELLS = 64  # of the grid along the longer side of the photograph
_MARGIN = 0.3  # of the longer side, by which the photograph's border is carried outward
_SLOPE = 1.0  # how steeply depth falls outside of the face, px per px
_FARTHEST = 88.0  # yaw in degrees: past a profile there is the back of the head
_DEEPEST = 6.0  # cm behind the middle of the head, where the depth stops falling
_HEAD, _WORLD = 2.0, 11.0  # cm from the face's edge: there all turns with it, there nothing does
_RIM = 0.14  # of the texture, at the face's edge
_GRAZED = 0.35  # confidence below which the mirror image is taken where it was seen better
_SPECKS = 7  # texels: smaller islands of those are left
_SURE = 0.3  # confidence from which a texel is taken as seen
_BLUR = 1.0  # cm, of the depth beside the face


@dataclass(frozen=True, kw_only=True)
class Profile(Augmentation):
    """The head turned about its own middle; hair and neck come along, the background stays."""

    name: ClassVar[str] = "profile"
    needs_matte: ClassVar[bool] = True  # else ears get lost behind the face's border
    yaw: float = number(0.0, -90.0, 90.0, "the nose to the image's right", "degrees")
    pitch: float = number(0.0, -45.0, 45.0, "the nose down", "degrees")
    roll: float = number(0.0, -60.0, 60.0, "counter-clockwise as seen", "degrees")

    def __call__(self, scene: Scene) -> Scene:
        """The scene with the head turned; what a photograph does not show is made up."""
        if not (self.yaw or self.pitch or self.roll):
            return scene
        turn = Turn.of(pose.estimate(scene.positions), self.yaw, self.pitch, self.roll)
        positions = PositionMap(turn(scene.positions.values), scene.positions.atlas)
        face = Face(positions, _whole(scene.face.texture, scene.face.positions))
        return _with_face(_surroundings(scene, turn), face)


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """A rotation of the photograph's space about the middle of a head.

    Parameters
    ----------
    centre : (3,) float64
        Pixels, y down.
    rotation : (3, 3) float64
        In the camera frame: x right, y up, z toward the viewer.
    level : (3, 3) float64
        The part of it that is in the image plane.
    scale : float
        Pixels per cm.
    """

    centre: Doubles
    rotation: Doubles
    level: Doubles
    scale: float

    @classmethod
    def of(cls, was: Pose, yaw: float, pitch: float, roll: float) -> Turn:
        """What adds so many degrees to the angles of a pose, without going past a profile."""
        beside = float(np.clip(was.yaw + yaw, -_FARTHEST, _FARTHEST))
        now = pose.matrix(beside, was.pitch + pitch, was.roll + roll)
        centre = was.translation + was.scale * (was.rotation @ _CENTRE) * _FLIP
        return cls(centre, now @ was.rotation.T, pose.matrix(0, 0, roll), was.scale)

    def __call__(self, points: Float) -> Float:
        """Points ``(..., 3)`` turned, source-image pixels."""
        return self._apply(points, self.rotation)

    def in_plane(self, points: Float) -> Float:
        """Points ``(..., 3)`` turned by the roll alone."""
        return self._apply(points, self.level)

    def _apply(self, points: Float, rotation: Doubles) -> Float:
        away = (points - self.centre) * _FLIP
        return np.asarray(away @ rotation.T * _FLIP + self.centre, np.float32)


def _surroundings(scene: Scene, turn: Turn) -> Scene:
    """The photograph as a sheet with depth whose middle is turned; the face stays where it was."""
    height, width = scene.image.shape[:2]
    x, y = _grid(height, width)
    sheet, share = _depth(scene.positions, x, y, turn)
    moved = turn.in_plane(sheet) + share[..., None] * (turn(sheet) - turn.in_plane(sheet))
    rows, columns = x.shape
    triangles = grid_triangles(np.ones((rows, columns), np.bool_))
    fragments = raster.rasterize(moved.reshape(-1, 3), triangles, (height, width))
    places = raster.interpolate(fragments, triangles, sheet.reshape(-1, 3)[:, :2])
    margin = int(_MARGIN * max(height, width))
    x, y = cv2.split(places + np.float32(margin))

    def drawn(layer: Float) -> Float:
        beyond = extended(np.atleast_3d(layer), margin)
        out = cv2.remap(beyond, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(np.clip(out, 0, 1), np.float32)  # rounding may lead out

    matte = None if scene.matte is None else drawn(scene.matte)
    both = drawn(np.dstack([scene.image, scene.covered]))
    image, covered = (np.ascontiguousarray(layer) for layer in (both[..., :3], both[..., 3]))
    return replace(scene.with_image(image), covered=covered, matte=matte)


def _grid(height: int, width: int) -> tuple[Float, Float]:
    """Pixels' coordinates, a step apart, beyond the image on all sides."""
    longer = max(height, width)
    step, margin = longer / _CELLS, _MARGIN * longer
    across = np.arange(-margin, width + margin + step, step, dtype=np.float32)
    down = np.arange(-margin, height + margin + step, step, dtype=np.float32)
    x, y = np.meshgrid(across, down)
    return x, y


def _depth(positions: PositionMap, x: Float, y: Float, turn: Turn) -> tuple[Float, Float]:
    """The sheet ``(rows, columns, 3)`` and how far each of its points turns with the head."""
    step = float(x[0, 1] - x[0, 0])
    atlas, corner = positions.atlas, np.array([x[0, 0], y[0, 0], 0], np.float32)
    points = (positions.values[atlas.valid] - corner) / np.float32(step)
    fragments = raster.rasterize(points, atlas.triangles, x.shape)
    known = fragments.covered
    away, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    away = away * np.float32(step)
    edge = np.zeros(labels.max() + 1, np.float32)
    edge[labels[known]] = fragments.depth[known] * np.float32(step)
    blur = _BLUR * turn.scale / step
    outside = cv2.GaussianBlur(edge[labels] - _SLOPE * away, (0, 0), max(blur, 0.5))
    limit = np.float32(turn.centre[2] - _DEEPEST * turn.scale)
    near = np.clip(away / np.float32(2 * _BLUR * turn.scale), 0, 1)
    depth = edge[labels] + near * (np.maximum(outside, limit) - edge[labels])
    share = 1 - np.clip((away / turn.scale - _HEAD) / (_WORLD - _HEAD), 0, 1)
    share = share * share * (3 - 2 * share)
    return np.dstack([x, y, depth]).astype(np.float32), share.astype(np.float32)


def _whole(texture: Texture, positions: PositionMap) -> Texture:
    """The texture with what was not seen, or at a grazing angle, made up of the other half."""
    own, other = texture.confidence, texture.confidence[:, ::-1]
    grazed = ((own < _GRAZED) & (other > 2 * own)).astype(np.uint8)
    known = np.where(cv2.medianBlur(grazed, _SPECKS) > 0, 0, own).astype(np.float32)
    face = positions.atlas.region("face", texture.size) > 0
    return replace(texture, colour=complete(Texture(texture.colour, known), face).colour)


def _shown(texture: Texture, atlas: Atlas) -> Float:
    """How much of each texel shows where the sheet has the person too.

    At the face's edge what was not seen gives way, so that ears and hair stay before made-up skin.
    """
    inner = np.clip(2 * atlas.soft_region("oval", texture.size, _RIM) - 1, 0, 1)
    seen = np.clip(texture.confidence / _SURE, 0, 1)
    seen = cv2.GaussianBlur(seen, (0, 0), 0.01 * texture.size)
    return np.asarray(np.maximum(inner, seen), np.float32)


def _with_face(scene: Scene, face: Face) -> Scene:
    """The scene with a face drawn into it, softly at its oval, behind what covers it."""
    shape = scene.image.shape[:2]
    layer = render(face, _shown(face.texture, face.positions.atlas), shape)
    if layer is None:
        return replace(scene, positions=face.positions)
    share = np.zeros(shape, np.float32)
    person = 0 if scene.matte is None else scene.matte[layer.window]
    share[layer.window] = layer.oval * (1 - person * (1 - layer.opacity))
    matte = None if scene.matte is None else np.maximum(scene.matte, share)
    image = scene.image.copy()
    free = (share * (1 - scene.covered))[layer.window][..., None]
    under = image[layer.window]
    image[layer.window] = np.clip(under + free * (layer.colour - under), 0, 1)
    return replace(scene.with_image(image), positions=face.positions, matte=matte)
