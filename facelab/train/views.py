"""Views of a training image, sampled anew each time: a crop and its degradations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from facelab import atlas
from facelab.atlas import Atlas
from facelab.augment.generate import apply_steps
from facelab.augment.light.surface import Surface, surface_of
from facelab.augment.scene import Scene
from facelab.augment.steps.blur import Blur
from facelab.augment.steps.camera import Camera
from facelab.augment.steps.downscale import Downscale
from facelab.augment.steps.jpeg import Jpeg
from facelab.augment.steps.light import Light
from facelab.augment.steps.noise import Noise
from facelab.augment.steps.occlude import Occlude
from facelab.augment.steps.shade import Shade
from facelab.augment.template import Template, read_template
from facelab.errors import UsageError
from facelab.geometry.crop import cut
from facelab.geometry.landmarks import position_map, twins
from facelab.images import decoded
from facelab.models.facemesh import SIDE
from facelab.numerics.arrays import Bool, Float
from facelab.reconstruct.levelled import levelled
from facelab.types import Crop, PositionMap

Rng = np.random.Generator

# How crops differ from the right one: how often, shift and scale in parts, roll in degrees. The
# last kind is what a first look at a rolled head sees, or at a box that is not the points' own.
# Roll ends at 60, since whoever looks tries four ways up, of which one is less than 45 off.
_CROPS = ((0.45, 0.02, 0.03, 4.0), (0.4, 0.08, 0.1, 14.0), (0.15, 0.12, 0.14, 60.0))
_NOTHING = 0.15  # how often there is no face to be seen
_WRONG_WAY = 0.3  # of those, a face that lies on its side or head: the other ways up are told by it
_LYING = 100.0  # degrees of roll from which it does
_TURN = np.array([-1, 1, 1], np.float32)
_IN_PLACE = (
    Blur,
    Camera,
    Downscale,
    Jpeg,
    Light,
    Noise,
    Occlude,
    Shade,
)  # neither move the face nor ask it


@dataclass(frozen=True, eq=False)
class View:
    """One training example.

    Parameters
    ----------
    image : (192, 192, 3) float32
        RGB in [0, 1].
    points : (468, 3) float32
        As `facelab.models.facemap.FaceMap` is to give them.
    face : bool
        Whether it shows a face that is not the wrong way up; else `points` mean nothing.
    """

    image: Float
    points: Float
    face: bool


def read_degradations(path: Path) -> Template:
    """Read the augmentation recipe of views.

    Raises
    ------
    UsageError
        If it is no recipe, or has a step that may move the face, which labels would not follow.
    """
    recipe = read_template(path)
    for at, step in enumerate(recipe.steps, 1):
        if not issubclass(step.kind, _IN_PLACE):
            raise UsageError(
                f"{path}: step {at} ({step.kind.name}): may not be done to a view; choose of "
                f"{', '.join(kind.name for kind in _IN_PLACE)}"
            )
    return recipe


def view_of(picture: bytes, points: Float, degradations: Template, rng: Rng) -> View:
    """Sample a view of a training image.

    Parameters
    ----------
    picture : bytes
        JPEG.
    points : (468, 3) float32
        The face's points, pixels of the picture.
    degradations : Template
        Augmentation steps that leave places as they are.
    rng : numpy.random.Generator
    """
    image = _decoded(picture)
    if rng.random() < 0.5:
        image, points = np.ascontiguousarray(image[:, ::-1]), mirrored(points, image.shape[1])
    face = bool(rng.random() >= _NOTHING)
    crop = _crop(points, rng) if face else _no_face(points, image.shape, rng)
    places = crop.apply(points)
    image = degraded(cut(image, crop), places, degradations, rng)
    return View(image, as_network(places), face)


def exact_view(picture: bytes, points: Float) -> View:
    """The right crop of a training image, as it is; for validation."""
    crop = levelled(points, SIDE)
    return View(cut(_decoded(picture), crop), as_network(crop.apply(points)), True)


def as_network(places: Float) -> Float:
    """Crop pixels ``(468, 3)`` as the network counts: from the corner, z away and from its mean."""
    depth = places[:, 2].mean() - places[:, 2]
    return np.column_stack([places[:, :2] + 0.5, depth]).astype(np.float32)


def mirrored(points: Float, width: int) -> Float:
    """The points of a face ``(468, 3)`` in the mirror image of a picture of that width."""
    out: Float = points[twins()] * _TURN + np.array([width - 1, 0, 0], np.float32)
    return out


def _decoded(picture: bytes) -> Float:
    """A picture of a view, ``(H, W, 3)`` in [0, 1]."""
    return decoded("view", picture).pixels


def _crop(points: Float, rng: Rng) -> Crop:
    """The right crop, shifted, scaled and turned."""
    right = levelled(points, SIDE)
    kinds = np.array([kind[0] for kind in _CROPS])
    _, shift, scale, roll = _CROPS[rng.choice(len(_CROPS), p=kinds)]
    x, y = np.array(right.centre) + rng.normal(0, shift, 2) * right.side / 2
    turned = rng.uniform(-roll, roll) if roll > 30 else rng.normal(0, roll / 2)
    side = right.side * float(np.exp(rng.normal(0, scale)))
    return Crop((float(x), float(y)), side, right.roll + float(turned), SIDE)


def _no_face(points: Float, shape: tuple[int, ...], rng: Rng) -> Crop:
    """A crop that shows no face, or one that is the wrong way up."""
    if rng.random() >= _WRONG_WAY:
        return _beside(points, shape, rng)
    crop = _crop(points, rng)
    return replace(crop, roll=levelled(points, SIDE).roll + rng.uniform(_LYING, 360 - _LYING))


def _beside(points: Float, shape: tuple[int, ...], rng: Rng) -> Crop:
    """A crop that does not show the face: off it, at any roll, or far too close to be one."""
    right = levelled(points, SIDE)
    if rng.random() < 0.25:
        angle, side = rng.uniform(0, 360), right.side * rng.uniform(0.08, 0.3)
        x, y = np.array(right.centre) + rng.uniform(-0.3, 0.3, 2) * right.side
    else:
        angle = rng.uniform(-180, 180) if rng.random() < 0.3 else rng.uniform(-40, 40)
        side = right.side * float(np.exp(rng.uniform(np.log(0.2), np.log(1.5))))
        away = rng.uniform(0.75, 1.4) * (right.side + side) / 2 * 0.75
        towards = rng.uniform(0, 2 * np.pi)
        x = right.centre[0] + away * np.cos(towards)
        y = right.centre[1] + away * np.sin(towards)
    height, width = shape[:2]
    x, y = np.clip(x, -0.2 * width, 1.2 * width), np.clip(y, -0.2 * height, 1.2 * height)
    return Crop((float(x), float(y)), float(side), float(angle), SIDE)


def degraded(image: Float, places: Float, degradations: Template, rng: Rng) -> Float:
    """Degrade a crop by steps; which, and how strong, is sampled."""
    grid = _grid()
    values = np.zeros((grid.size, grid.size, 3), np.float32)
    values[grid.valid] = places
    occlusion = np.zeros(image.shape[:2], np.float32)
    scene = _Seen(np.clip(image, 0, 1), PositionMap(values, grid), occlusion)
    steps = [step for each in degradations.steps if (step := each.sample(rng))]
    return apply_steps(steps, scene, {}, degradations.blend).image


class _Seen(Scene):
    """A crop of which no more than the face's points are known, on the `_grid`."""

    @cached_property
    def surface(self) -> Surface:
        """The surface that light falls on; worked out for those few views that ask."""
        points = self.positions.values[self.positions.atlas.valid]
        return surface_of(position_map(points, atlas.canonical()), self.occlusion)


@cache
def _grid() -> Atlas:
    """An atlas whose texels are the points of the mesh: nearly all that steps ask is a box."""
    count = len(atlas.canonical().uv)
    side = int(np.ceil(np.sqrt(count)))
    face: Bool = (np.arange(side * side) < count).reshape(side, side)
    return replace(atlas.canonical(), face=face, valid=face)
