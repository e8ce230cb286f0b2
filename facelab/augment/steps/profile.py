"""``profile``: the head turned in its photograph by any angle (face profiling).

Zhu et al., "Face Alignment Across Large Poses: A 3D Solution", CVPR 2016, section 4, made 300W-LP
by turning the photograph as a mesh with depth, which tears ears, hair and neck. Here a whole head
that fits the face, swollen to the photograph's outline, wears what the photograph shows of it, and
is drawn over what was behind; the face itself is then drawn from its own texture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas import Atlas
from facelab.atlas.surface import surface
from facelab.augment.backdrop import without
from facelab.augment.border import extended
from facelab.augment.classes import CLASSES, COVERED, NOT_KNOWN
from facelab.augment.dressed import Dressed
from facelab.augment.figure import Figure
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.scene import Augmentation, Scene
from facelab.augment.torn import Torn
from facelab.augment.wrap import Wrap
from facelab.edits.parameters import number, whole
from facelab.errors import UsageError
from facelab.face.composite import Layer, render
from facelab.face.texture import complete
from facelab.geometry import pose
from facelab.geometry.head import Head
from facelab.numerics import raster
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float
from facelab.types import Face, Pose, PositionMap, Texture

Doubles = NDArray[np.float64]

_CENTRE = np.array([0.0, -1.0, -3.0])  # of the head, canonical frame, cm: between the ears
_FLIP = np.array([1.0, -1.0, 1.0])  # pixels have y down, the camera frame has y up

_MARGIN = 0.3  # of the longer side, by which the photograph's border is carried outward
_FARTHEST = 88.0  # yaw in degrees: past a profile there is the back of the head
_CLEAR = 1.2  # cm around a person that may show hair, too
_WISP = 0.15  # cm over which hair fades at its outline
_UNCOVERED = 0.4  # of the head, that may lie outside of the matte
_STRETCHED = 0.1  # least mean confidence of the face as it is shown
_RIM = 0.14  # of the texture, at the face's edge
_GRAZED = 0.5  # confidence below which a texel is made up of the other half, or of its neighbours
_DOUBTED = 0.3  # of the texture, about the face's edge: what was grazed there shows something else
_STRAND, _DARK = 0.2, 0.3  # of the texture's side, about a small place; log, how much darker it is
_BETTER = 1.15  # times as confident, from which the other half is right about such places
_HAIR, _SURE = 0.5, 0.9  # log, how much darker hair is than a face; confidence of what is no hair
_LOWER = 0.55  # of the texture's side, below which a face may have a beard
_SPECKS = 7  # texels: smaller islands of those are left
_MOST = 2.0  # standard deviations: no head is stranger
_ACTIVE = 0.12  # how often each expression of the model is there


@dataclass(frozen=True, kw_only=True)
class Profile(Augmentation):
    """The person turned about the middle of the head, before what was behind."""

    name: ClassVar[str] = "profile"
    needs_matte: ClassVar[bool] = True  # hair is told from what is behind by it
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
        Torn
            If the matte does not have the head, or the photograph shows too little of what the
            turned face would.
        """
        reshaped = bool(self.identity or self.expression)
        if not (self.yaw or self.pitch or self.roll or reshaped):
            return scene
        points = self._offsets(scene.head)[0] if reshaped else None
        prepared = _prepared(scene)
        turn = Turn.of(prepared.pose, self.yaw, self.pitch, self.roll)
        values, vertices = scene.positions.values, prepared.vertices
        if points is not None:
            values = values + scene.positions.atlas.spread(surface()(points))
            vertices = vertices + prepared.carried(points)
        face = Face(PositionMap(turn(values), scene.positions.atlas), prepared.texture)
        return _with_face(_with_figure(scene, prepared, turn, vertices), face)

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

    def level_view(self, picture: Float, shape: tuple[int, int], margin: int) -> Float:
        """A picture with a margin, turned by the roll alone, and its margin cut off."""
        turn = (self.level[:2, :2] * _FLIP[:2]).T * _FLIP[:2]
        centre = self.centre[:2]
        matrix = np.column_stack([turn.T, centre - turn.T @ centre + turn.T @ [-margin, -margin]])
        height, width = shape
        out = cv2.warpAffine(
            picture,
            matrix,
            (width, height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(out, np.float32)

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
    head : Head
        Of the shipped family.
    figure : Figure
    vertices : (n, 3) float32
        Of the figure, pixels.
    wrap : Wrap
        What the figure wears.
    behind : (h, w, 4) float32
        What is behind it, and how much of that is in front of a person, with a margin beyond the
        border.
    """

    pose: Pose
    texture: Texture
    head: Head
    figure: Figure
    vertices: Float
    wrap: Wrap
    behind: Float

    def carried(self, points: Float) -> Float:
        """Offsets of the figure's vertices where the face's points ``(468, 3)`` move so."""
        return self.head.model.fit(self.head.points + points).vertices - self.head.vertices


@lru_cache(maxsize=1)  # some hundred MB of a large photograph
def _prepared(scene: Scene) -> _Prepared:
    """Prepare a scene, once for all turns of its head that follow each other."""
    given = scene.positions, scene.image, scene.occlusion, scene.matte
    dressed = scene.dressed or Dressed.of(*given)
    if dressed.uncovered > _UNCOVERED:
        raise Torn("uncovered", dressed.uncovered)
    vertices = dressed.figure.placed()
    return _Prepared(
        pose.estimate(scene.positions),
        _completed(scene.face.texture, scene.face.positions),
        dressed.head,
        dressed.figure,
        vertices,
        dressed.wrap,
        _behind(scene, dressed.figure, vertices),
    )


def _behind(scene: Scene, figure: Figure, vertices: Float) -> Float:
    """The photograph without its person, going on beyond the border."""
    height, width = scene.image.shape[:2]
    person = scene.matte
    if person is None:
        drawn = raster.rasterize(vertices, figure.triangles, (height, width)).covered
        person = drawn.astype(np.float32)
    layers = np.dstack([scene.image, scene.occlusion])
    behind = without(layers, person, _CLEAR * figure.scale)
    return extended(behind, int(_MARGIN * max(height, width)))


def _with_figure(scene: Scene, prepared: _Prepared, turn: Turn, vertices: Float) -> Scene:
    """Draw the figure, turned, over what is behind it."""
    shape, figure = scene.image.shape[:2], prepared.figure
    fragments = raster.rasterize(turn(vertices), figure.triangles, shape)
    own = np.column_stack([figure.vertices, figure.shade])
    carried = raster.interpolate(fragments, figure.triangles, own)
    places = np.ascontiguousarray(carried[..., :3])
    drawn = prepared.wrap.sampled(places, carried[..., 3])
    beyond = NOT_KNOWN if scene.matte is None else CLASSES["background"]
    classes = np.where(fragments.covered, prepared.wrap.classes_at(places), beyond)
    matte = _soft(fragments.covered, classes == CLASSES["hair"], _WISP * prepared.pose.scale)
    layers = turn.level_view(prepared.behind, shape, int(_MARGIN * max(shape)))
    layers = layers + matte[..., None] * (drawn - layers)
    image = np.clip(layers[..., :3], 0, 1)
    occlusion = np.ascontiguousarray(np.clip(layers[..., 3], 0, 1))
    depth = np.where(fragments.covered, fragments.depth, np.float32(np.nan))
    classes[occlusion > COVERED] = NOT_KNOWN
    truth = GroundTruth(classes.astype(np.uint8), depth=depth)
    scene = scene.with_image(np.ascontiguousarray(image))
    known = None if scene.matte is None else matte
    return replace(scene, occlusion=occlusion, matte=known, head=None, truth=truth)


def _soft(covered: Bool, hair: Bool, wisp: float) -> Float:
    """The opacity of a surface at its outline, over a pixel, and where that is hair over `wisp`."""
    whole = covered.astype(np.float32)
    sharp = cv2.blur(whole, (3, 3))
    thin = np.clip(2 * cv2.GaussianBlur(whole, (0, 0), max(wisp, 0.8)) - 1, 0, 1)
    return np.asarray(np.where(hair, np.minimum(thin, sharp), sharp) * covered, np.float32)


def _completed(texture: Texture, positions: PositionMap) -> Texture:
    """Complete a texture: what was not seen, or grazed, is made up of the other half."""
    own, other = texture.confidence, texture.confidence[:, ::-1]
    rim = positions.atlas.soft_region("oval", texture.size, _DOUBTED) < 1
    face = positions.atlas.region("face", texture.size) > 0
    grey = np.log(cv2.cvtColor(texture.colour, cv2.COLOR_RGB2GRAY) + np.float32(0.05))
    grazed = (own < _GRAZED) & (rim | (other > 2 * own))
    grazed |= _thick(_darker(grey)) & (other > _BETTER * own)
    hair = rim & (grey < np.median(grey[face]) - _HAIR)
    hair[int(_LOWER * texture.size) :] = False  # a beard
    grazed |= _thick(hair) & rim & (own < _SURE)
    known = np.where(cv2.medianBlur(grazed.astype(np.uint8), _SPECKS) > 0, 0, own)
    return replace(
        texture, colour=complete(Texture(texture.colour, known.astype(np.float32)), face).colour
    )


def _darker(grey: Float) -> Bool:
    """Where one half is darker than the other in a small place: a strand of hair, a shadow."""
    differs = grey - grey[:, ::-1]
    return np.asarray(differs < cv2.blur(differs, (int(_STRAND * len(grey)),) * 2) - _DARK)


def _thick(places: Bool) -> Bool:
    """Places with their edges."""
    return np.asarray(cv2.dilate(places.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def _face_opacity(size: int, atlas: Atlas) -> Float:
    """The opacity of the face's texels: at its edge, which was grazed, it gives way to the head."""
    return np.asarray(np.clip(2 * atlas.soft_region("oval", size, _RIM) - 1, 0, 1), np.float32)


def _with_face(scene: Scene, face: Face) -> Scene:
    """Draw a face into the scene, softly at its oval, behind what covers it."""
    shape = scene.image.shape[:2]
    layer = render(face, _face_opacity(face.texture.size, face.positions.atlas), shape)
    if layer is None:
        return replace(scene, positions=face.positions)
    shown = layer.sampled(face.texture.confidence[..., None])[..., 0][layer.oval > 0]
    if shown.size and (seen := float(shown.mean())) < _STRETCHED:
        raise Torn("stretch", seen)
    share = np.zeros(shape, np.float32)
    share[layer.window] = layer.oval * layer.opacity
    matte = None if scene.matte is None else scene.matte + share * (1 - scene.matte)
    image = scene.image.copy()
    free = (share * (1 - scene.occlusion))[layer.window][..., None]
    under = image[layer.window]
    image[layer.window] = np.clip(under + free * (layer.colour - under), 0, 1)
    truth = scene.truth and _with_skin(scene.truth, layer, share[layer.window])
    scene = scene.with_image(image)
    return replace(scene, positions=face.positions, matte=matte, truth=truth)


def _with_skin(truth: GroundTruth, layer: Layer, share: Float) -> GroundTruth:
    """The same with a face's own depth, and its class where it is alone."""
    if truth.depth is None:
        return truth
    depth, classes, shown = truth.depth.copy(), truth.classes.copy(), layer.fragments.covered
    depth[layer.window][shown] = layer.fragments.depth[shown]
    alone = (share > 0.5) & np.isnan(truth.depth[layer.window])
    classes[layer.window][alone] = CLASSES["skin"]
    return replace(truth, depth=depth, classes=classes)
