"""``profile``: the head turned in its photograph by any angle (face profiling).

After Zhu et al., "Face Alignment Across Large Poses: A 3D Solution", CVPR 2016, section 4, which
made 300W-LP so: the photograph becomes a mesh with depth, the head's part of it is turned, the
background stays, and the mesh is drawn. The face itself is then drawn from its own texture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas import Atlas, grid_triangles
from facelab.atlas.surface import surface
from facelab.augment.border import extended
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.scene import Augmentation, Scene
from facelab.edits.parameters import number, whole
from facelab.errors import UsageError
from facelab.face.composite import render
from facelab.face.texture import complete
from facelab.geometry import pose
from facelab.geometry.head import Head
from facelab.numerics import raster
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float, Int
from facelab.numerics.smoothing import smoothstep
from facelab.types import Face, Pose, PositionMap, Texture

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
_FOLLOW = 4.0  # cm from the head, over which what is beside it follows another shape less and less
_MOST = 2.0  # standard deviations: no head is stranger
_ACTIVE = 0.12  # how often each expression of the model is there


@dataclass(frozen=True, kw_only=True)
class Profile(Augmentation):
    """The head turned about its own middle; hair and neck come along, the background stays."""

    name: ClassVar[str] = "profile"
    needs_matte: ClassVar[bool] = True  # else ears get lost behind the face's border
    yaw: float = number(0.0, -90.0, 90.0, "the nose to the image's right", "degrees")
    pitch: float = number(0.0, -45.0, 45.0, "the nose down", "degrees")
    roll: float = number(0.0, -60.0, 60.0, "counter-clockwise as seen", "degrees")
    identity: float = number(0.0, 0.0, 2.0, "how far the head becomes another's; needs its model")
    expression: float = number(0.0, 0.0, 2.0, "how strong other expressions are; needs its model")
    seed: int = whole(0, 0, 2**32 - 1, "of the other identity and expression")

    def __call__(self, scene: Scene) -> Scene:
        """Turn the head; what the photograph does not show is made up.

        Raises
        ------
        UsageError
            If the head is to become another's and its model is not known.
        """
        reshaped = bool(self.identity or self.expression)
        if not (self.yaw or self.pitch or self.roll or reshaped):
            return scene
        prepared = _prepared(scene)
        turn = Turn.of(prepared.pose, self.yaw, self.pitch, self.roll)
        values, follow = scene.positions.values, np.zeros_like(prepared.grid)
        if reshaped:
            points, vertices = self._offsets(scene.head)
            values = values + scene.positions.atlas.spread(surface()(points))
            follow = prepared.carried(vertices)
        face = Face(PositionMap(turn(values), scene.positions.atlas), prepared.texture)
        return _with_face(_surroundings(scene, prepared, turn, follow), face)

    def _offsets(self, head: Head | None) -> tuple[Float, Float]:
        """How far the mesh's points and the head's vertices move to another shape, pixels."""
        if head is None:
            raise UsageError(
                "profile: identity and expression need a head model; give --head, or leave them out"
            )
        rng, model = np.random.default_rng(self.seed), head.model
        split = len(model.modes) - model.expressions
        other = rng.normal(0, 1, split).clip(-_MOST, _MOST) * model.deviations[:split]
        active = rng.random(model.expressions) < _ACTIVE
        moved = rng.random(model.expressions) * active
        by = np.concatenate([self.identity * other, self.expression * moved])
        return head.offsets(by.astype(np.float32))


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
        """The rotation by so many degrees from a pose, which does not go past a profile."""
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
        return np.asarray(product(away, rotation.T) * _FLIP + self.centre, np.float32)


@dataclass(frozen=True, eq=False)
class _Prepared:
    """A scene prepared for turns of its head.

    Parameters
    ----------
    pose : Pose
    texture : Texture
        Of the face, whole.
    grid : (rows, columns, 3) float32
        The photograph as a grid with depth, pixels.
    share : (rows, columns) float32
        How far each point of it turns with the head.
    fade : (rows, columns) float32
        How far it follows where the head takes another shape.
    fragments, nearest : Fragments, (rows, columns) int32
        The head drawn on the grid, and the index of the drawn cell that is nearest to each.
    triangles : (m, 3) int32
        The head's.
    layers : (h, w, 4 or 5) float32
        Image, what covers it and matte, with a margin beyond the border.
    """

    pose: Pose
    texture: Texture
    grid: Float
    share: Float
    fade: Float
    fragments: raster.Fragments
    nearest: Int
    triangles: Int
    layers: Float

    def carried(self, offsets: Float) -> Float:
        """Offsets of the head's vertices ``(n, 3)`` at the points of the grid."""
        drawn = raster.interpolate(self.fragments, self.triangles, offsets).reshape(-1, 3)
        spread = cv2.blur(drawn[self.nearest], (5, 5))
        return np.asarray(spread * self.fade[..., None], np.float32)


@lru_cache(maxsize=1)  # some hundred MB of a large photograph
def _prepared(scene: Scene) -> _Prepared:
    """Prepare a scene, once for all turns of its head that follow each other."""
    height, width = scene.image.shape[:2]
    was, (x, y) = pose.estimate(scene.positions), _grid(height, width)
    step, corner = float(x[0, 1] - x[0, 0]), np.array([x[0, 0], y[0, 0], 0], np.float32)
    points, triangles = _head_mesh(scene)
    fragments = raster.rasterize((points - corner) / np.float32(step), triangles, x.shape)
    away, nearest = _distances(fragments.covered)
    away = away * np.float32(step)
    share = smoothstep(1 - (away / was.scale - _HEAD) / (_WORLD - _HEAD))
    fade = smoothstep(1 - away / np.float32(was.scale * _FOLLOW))
    depth = _depth(fragments.depth.ravel()[nearest] * np.float32(step), away, was, step)
    return _Prepared(
        was,
        _completed(scene.face.texture, scene.face.positions),
        np.dstack([x, y, depth]).astype(np.float32),
        np.asarray(share, np.float32),
        np.asarray(fade, np.float32),
        fragments,
        nearest,
        triangles,
        _layers(scene, int(_MARGIN * max(height, width))),
    )


def _layers(scene: Scene, margin: int) -> Float:
    """Image, what covers it and matte, going on beyond the border."""
    masks = [scene.occlusion] if scene.matte is None else [scene.occlusion, scene.matte]
    # Apart: OpenCV reduces four channels at most.
    both = (extended(scene.image, margin), extended(np.dstack(masks), margin))
    return np.concatenate(both, axis=2)


def _head_mesh(scene: Scene) -> tuple[Float, Int]:
    """Vertices and triangles of all of the head where it is known, else of the face."""
    if scene.head is not None:
        return scene.head.vertices, scene.head.model.triangles
    atlas = scene.positions.atlas
    return scene.positions.values[atlas.valid], atlas.triangles


def _distances(known: Bool) -> tuple[Float, Int]:
    """The distance of each cell to a known one, cells, and the flat index of the nearest."""
    away, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    home = np.zeros(labels.max() + 1, np.int32)
    home[labels[known]] = np.flatnonzero(known)
    return np.asarray(away, np.float32), home[labels]


def _depth(edge: Float, away: Float, was: Pose, step: float) -> Float:
    """The depth of the grid: the head's, falling beside it, no deeper than its back."""
    blur = _BLUR * was.scale / step
    outside = cv2.GaussianBlur(edge - _SLOPE * away, (0, 0), max(blur, 0.5))
    middle = was.translation + was.scale * (was.rotation @ _CENTRE) * _FLIP
    limit = np.float32(middle[2] - _DEEPEST * was.scale)
    near = np.clip(away / np.float32(2 * _BLUR * was.scale), 0, 1)
    out: Float = edge + near * (np.maximum(outside, limit) - edge)
    return out


def _surroundings(scene: Scene, prepared: _Prepared, turn: Turn, follow: Float) -> Scene:
    """Turn the middle of the photograph, a grid with depth; the face stays where it was."""
    height, width = scene.image.shape[:2]
    level, grid = turn.in_plane(prepared.grid), prepared.grid + follow
    moved = level + prepared.share[..., None] * (turn(grid) - level)
    triangles = grid_triangles(np.ones(moved.shape[:2], np.bool_))
    fragments = raster.rasterize(moved.reshape(-1, 3), triangles, (height, width))
    places = raster.interpolate(fragments, triangles, prepared.grid.reshape(-1, 3)[:, :2])
    x, y = cv2.split(places + np.float32(int(_MARGIN * max(height, width))))
    out = cv2.remap(prepared.layers, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    out = np.clip(out, 0, 1)  # rounding may lead out
    image, occlusion = (np.ascontiguousarray(layer) for layer in (out[..., :3], out[..., 3]))
    matte = None if scene.matte is None else np.ascontiguousarray(out[..., 4])
    truth = GroundTruth.of_photograph((height, width), matte)
    scene = scene.with_image(image)
    return replace(scene, occlusion=occlusion, matte=matte, head=None, truth=truth)


def _grid(height: int, width: int) -> tuple[Float, Float]:
    """Pixels' coordinates, a step apart, beyond the image on all sides."""
    longer = max(height, width)
    step, margin = longer / _CELLS, _MARGIN * longer
    across = np.arange(-margin, width + margin + step, step, dtype=np.float32)
    down = np.arange(-margin, height + margin + step, step, dtype=np.float32)
    x, y = np.meshgrid(across, down)
    return x, y


def _completed(texture: Texture, positions: PositionMap) -> Texture:
    """Complete a texture: what was not seen, or grazed, is made up of the other half."""
    own, other = texture.confidence, texture.confidence[:, ::-1]
    grazed = ((own < _GRAZED) & (other > 2 * own)).astype(np.uint8)
    known = np.where(cv2.medianBlur(grazed, _SPECKS) > 0, 0, own).astype(np.float32)
    face = positions.atlas.region("face", texture.size) > 0
    return replace(texture, colour=complete(Texture(texture.colour, known), face).colour)


def _face_opacity(texture: Texture, atlas: Atlas) -> Float:
    """The opacity of the face's texels where the grid has the person too.

    At the face's edge what was not seen gives way, so that ears and hair stay before made-up skin.
    """
    inner = np.clip(2 * atlas.soft_region("oval", texture.size, _RIM) - 1, 0, 1)
    seen = np.clip(texture.confidence / _SURE, 0, 1)
    seen = cv2.GaussianBlur(seen, (0, 0), 0.01 * texture.size)
    return np.asarray(np.maximum(inner, seen), np.float32)


def _with_face(scene: Scene, face: Face) -> Scene:
    """Draw a face into the scene, softly at its oval, behind what covers it."""
    shape = scene.image.shape[:2]
    layer = render(face, _face_opacity(face.texture, face.positions.atlas), shape)
    if layer is None:
        return replace(scene, positions=face.positions)
    share = np.zeros(shape, np.float32)
    person = 0 if scene.matte is None else scene.matte[layer.window]
    share[layer.window] = layer.oval * (1 - person * (1 - layer.opacity))
    matte = None if scene.matte is None else np.maximum(scene.matte, share)
    image = scene.image.copy()
    free = (share * (1 - scene.occlusion))[layer.window][..., None]
    under = image[layer.window]
    image[layer.window] = np.clip(under + free * (layer.colour - under), 0, 1)
    return replace(scene.with_image(image), positions=face.positions, matte=matte)
