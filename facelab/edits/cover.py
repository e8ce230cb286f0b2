"""Cover: masks, glasses and patches worn on the face, for training on occlusion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.edits import cover_shapes
from facelab.edits.cielab import rgb_of
from facelab.edits.edit import References, TextureEdit
from facelab.edits.parameters import choice, colour, number
from facelab.face.eyewear import Eyewear
from facelab.face.skin import learn
from facelab.face.temple import Temple, Worn
from facelab.geometry import pose
from facelab.geometry.visibility import visible
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import resized, spread
from facelab.types import Face, PositionMap

_GLASSES = ("glasses", "sunglasses")
_BEFORE, _WRAP = 0.07, 0.12  # lenses: how far before the bridge, how bent, distances of the eyes
_LOWER_EYES, _BRIDGE, _HINGE = 0.03, 0.35, 0.45  # below the eyes; heights in halves of a lens
_RIM = {"glasses": 0.03, "sunglasses": 0.036}  # their thickness, distances of the eyes
_TINT, _TINTED = 0.35, 0.92  # of sunglasses: beside the frame's colour; opacity
_LOOP, _LOOP_ENDS = 0.15, (-0.3, -2.2)  # cm: width; where they meet the ear, above the temple's end
_WHITE = 0.93  # of a loop
_SOFT = 0.0015  # of the side: sigma of the edges
_PLEATS, _PLEAT = 4, 0.2  # of a mask: how many, and how dark
_HEM, _STITCHES = 0.012, 0.12  # of a mask: its width, of the side, and how dark
_SHADING = 0.8  # how far cloth takes on the light of the skin below
_SHADOW, _LOWER, _BLUR = 0.35, 0.011, 0.006  # on the skin: how dark, how far below, how soft
_TAUT = 0.08, 4.0  # cloth over the mouth: around it, of the side; sigma of its folds, texels
_EAR = np.array([0.9, -0.4, -2.8], np.float32)  # cm, left: from where the face ends to the ear
_EARS = np.linspace(0.4, 1.6, 25, dtype=np.float32)  # of that way: where ears may begin
_FLIP = np.array([1, -1, 1], np.float32)  # pixels have y down, the canonical frame has y up


@dataclass(frozen=True, kw_only=True)
class Cover(TextureEdit):
    """A surgical mask, glasses, sunglasses or a patch over an eye, in the light of the face."""

    name: ClassVar[str] = "cover"
    item: str = choice("mask", ("mask", "glasses", "sunglasses", "patch"), "what is worn")
    shape: str = choice("rectangle", tuple(cover_shapes.LENSES), "of the lenses of glasses")
    frame: str = colour("#2b2422", "colour of the frame of glasses")
    colour: str = colour("#9fc4dc", "of a mask or a patch")
    opacity: float = number(1.0, 0.0, 1.0, "of the cloth; glasses have clear lenses")
    height: float = number(0.5, 0.0, 1.0, "how far up the nose a mask reaches")

    def apply(self, face: Face, references: References) -> Face:
        """The face with it; a mask hides the relief of the mouth."""
        after = super().apply(face, references)
        if self.item != "mask":
            return after
        share = np.float32(self.strength * self.opacity)
        return Face(_taut(face.positions, share), after.texture)

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The cloth or frame, shaded as the skin below, and its shadow on the skin."""
        atlas, size = face.positions.atlas, face.texture.size
        shape = self._drawn(atlas, size)
        drawn_on = self.item not in _GLASSES or face.texture.parts is None
        soft = cv2.GaussianBlur(shape, (0, 0), max(_SOFT * size, 0.4)) * np.float32(
            self.opacity * drawn_on
        )
        shadow = np.float32(_SHADOW * self.opacity) * _below(shape)
        relief = _cloth(atlas, shape) if self.item == "mask" else np.ones_like(shape)
        paint = (relief * _light(face))[..., None] * self._pigment
        skin = face.texture.colour * (1 - shadow[..., None])
        touched = ((soft > 0) | (shadow > 0)) * atlas.region("face", size)
        return skin + soft[..., None] * (paint - skin), np.asarray(touched, np.float32)

    def hides(self, atlas: Atlas, size: int) -> Float:
        """Where cloth or frame lies; their shadow hides nothing."""
        return self._drawn(atlas, size) * np.float32(self.strength * self.opacity)

    def worn(self, face: Face) -> tuple[Worn, ...]:
        """Glasses before the face and their temples, or the loops of a mask, in its light."""
        if self.item == "patch":
            return ()
        light = resized(_light(face), face.positions.atlas.size)
        opacity = self.strength * self.opacity
        if self.item == "mask":
            return tuple(_loops(face.positions, float(light.mean()), opacity))
        paint = np.asarray(light[..., None] * self._pigment, np.float32)
        frame, hinges = self._eyewear(face.positions, float(light.mean()))
        return (*_temples(face.positions, paint, self.strength, hinges), frame)

    @property
    def _pigment(self) -> Float:
        """The colour ``(3,)`` of what is worn."""
        return rgb_of(self.frame if self.item in _GLASSES else self.colour)

    def _eyewear(self, positions: PositionMap, light: float) -> tuple[Eyewear, Float]:
        """The frame before the eyes, and its hinges ``(2, 2)``, the right one first; pixels.

        Lenses lie on a cylinder before the bridge of the nose, whatever the skin does below.
        """
        here = pose.estimate(positions)
        own = product((positions.landmarks - here.translation) * _FLIP, here.rotation) / here.scale
        eyes = own[36:42].mean(axis=0), own[42:48].mean(axis=0)
        gap = float(np.linalg.norm(eyes[1] - eyes[0]))
        front = own[27, 2] + _BEFORE * gap
        thick = _RIM[self.item] * gap

        def placed(points: Float) -> Float:
            x, y = points.T
            solid = np.column_stack([x, y, front - _WRAP / gap * (x - own[27, 0]) ** 2])
            shown = here.scale * product(solid.astype(np.float32), here.rotation.T) * _FLIP
            return np.asarray((shown + here.translation)[:, :2], np.float32)

        middles = [eye[:2] - [0, _LOWER_EYES * gap] for eye in eyes]
        outer, inner = (
            np.stack([placed(middle + [side, 1] * cover_shapes.lens(self.shape, gap, less))
                      for middle, side in zip(middles, (-1, 1), strict=True)])
            for less in (0.0, thick)
        )  # fmt: skip
        across, up = cover_shapes.LENSES[self.shape][:2]
        inset = across * gap - thick
        rise = np.array([0, _BRIDGE * up * gap])
        ends = middles[0] + rise + [inset, 0], middles[1] + rise - [inset, 0]
        half = np.array([0, thick / 2])
        bar = np.array([ends[0] + half, ends[1] + half, ends[1] - half, ends[0] - half])
        reach = across * gap - thick / 2
        hinge = np.array([reach, _HINGE * up * gap])
        hinges = placed(np.stack([middles[0] + [-1, 1] * hinge, middles[1] + hinge]))
        colour = np.clip(light, 0.2, 1) * self._pigment
        dark = self.item == "sunglasses"
        density = self.opacity * _TINTED if dark else 0.0
        frame = Eyewear(outer, inner, placed(bar), colour.astype(np.float32),
                        (_TINT * colour).astype(np.float32), self.strength, density)  # fmt: skip
        return frame, hinges

    def _drawn(self, atlas: Atlas, size: int) -> Float:
        if self.item == "mask":
            return cover_shapes.mask(atlas, size, self.height)
        if self.item == "patch":
            return cover_shapes.patch(atlas, size)
        dark = self.item == "sunglasses"
        return cover_shapes.glasses(atlas, size, self.shape, dark=dark)


def _temples(
    positions: PositionMap, paint: Float, opacity: float, hinges: Float
) -> Iterator[Temple]:
    """The temples of glasses, in the paint ``(256, 256, 3)`` on the skin below.

    One that the head hides ends where it does; else it may end anywhere on the way to the ear.
    """
    atlas, here = positions.atlas, pose.estimate(positions)
    half = np.array([0, cover_shapes.thickness(atlas) / 2], np.float32)
    shown = visible(positions).astype(np.float32)[..., None]
    for side, steps, hinge in zip((-1, 1), cover_shapes.temples(atlas), hinges, strict=True):
        hidden = np.flatnonzero(atlas.read(shown, steps)[:, 0] < 0.5)
        count = int(hidden[0]) if len(hidden) else len(steps)
        if count < 2:
            continue
        path = atlas.read(positions.values, steps[:count])
        ends = path[-1:]
        if count == len(steps):
            way = here.scale * product(here.rotation, _EAR * [side, 1, 1]) * _FLIP
            ends = np.asarray(ends + _EARS[:, None] * way, np.float32)
        top, bottom = atlas.read(positions.values, np.stack([steps[0] - half, steps[0] + half]))
        width = float(np.linalg.norm((bottom - top)[:2]))
        colour = atlas.read(paint, steps[:count]).mean(axis=0)
        yield Temple(hinge, ends[:, :2], width, colour, opacity)


def _loops(positions: PositionMap, light: float, opacity: float) -> Iterator[Temple]:
    """The two loops of a mask on each side that is seen, to the ear."""
    atlas, here = positions.atlas, pose.estimate(positions)
    shown = visible(positions).astype(np.float32)[..., None]
    width = max(_LOOP * here.scale, 0.8)
    colour = np.full(3, np.clip(_WHITE * light, 0, 1), np.float32)
    for side, corners in zip((-1, 1), cover_shapes.corners(atlas), strict=True):
        border = cover_shapes.temples(atlas)[(side + 1) // 2][-1:]
        if atlas.read(shown, border)[0, 0] < 0.5:
            continue
        places = atlas.read(positions.values, corners)
        for place, drop in zip(places, _LOOP_ENDS, strict=True):
            way = _EAR * [side, 1, 1] * _EARS[:, None] + [0, drop, 0]
            there = here.scale * product(way.astype(np.float32), here.rotation.T) * _FLIP
            ends = np.asarray(atlas.read(positions.values, border) + there, np.float32)
            yield Temple(place[:2], ends[:, :2], width, colour, opacity)


def _below(shape: Float) -> Float:
    """Where a shape's shadow falls, lit from above and before, ``(S, S)`` in [0, 1]."""
    size = len(shape)
    lower = np.array([[1, 0, 0], [0, 1, _LOWER * size]], np.float32)
    moved = cv2.warpAffine(shape, lower, (size, size))
    reach = 2 * round(3 * _BLUR * size) + 1
    soft: Float = cv2.GaussianBlur(moved, (reach, reach), _BLUR * size)
    return soft


def _cloth(atlas: Atlas, shape: Float) -> Float:
    """How bright a mask's pleats and hem are against its cloth, ``(S, S)``."""
    size, marks = len(shape), atlas.landmarks68
    v = atlas.canonical_uv(size)[..., 1]
    first, last = (float(row) / atlas.size for row in (marks[30, 1], marks[57, 1]))
    down = (v - first) / (last - first) * _PLEATS
    pleated = (down > 0) & (down < _PLEATS)
    folds = 1 - _PLEAT * np.exp(-(down % 1) / 0.16) * pleated
    inside = distance_within(shape > 0.5) / np.float32(size)
    seam = 1 - _STITCHES * np.exp(-(((inside / _HEM - 1) / 0.2) ** 2))
    return np.asarray(folds * seam, np.float32)


def _light(face: Face) -> Float:
    """How bright the skin's tone is over its mean: cloth lies over features and hides them."""
    skin = learn(face.texture, face.positions.atlas)
    luma = skin.tone.mean(axis=2)
    mean = float(np.average(luma, weights=skin.likelihood + np.float32(1e-6)))
    light = np.clip(luma / max(mean, 1e-3), 0.35, 1.3) ** np.float32(_SHADING)
    return resized(light, face.texture.size)


def _taut(positions: PositionMap, share: np.float32) -> PositionMap:
    """The surface with its mouth closed, as cloth spans it.

    That of the canonical face, fitted to what is around the mouth.
    """
    atlas, here = positions.atlas, pose.estimate(positions)
    closed = (
        product(atlas.canonical_positions, here.rotation.T) * (here.scale * _FLIP)
        + here.translation
    )
    mouth = _around_the_mouth(atlas)
    own = spread(positions.values - closed, (mouth == 0) & atlas.valid)
    cloth = cv2.GaussianBlur(closed + own, (0, 0), _TAUT[1])
    moved = positions.values + share * mouth[..., None] * (cloth - positions.values)
    return PositionMap(moved.astype(np.float32), atlas)


@lru_cache(maxsize=4)
def _around_the_mouth(atlas: Atlas) -> Float:
    """1 on the mouth, falling to 0 around it, ``(256, 256)``."""
    soft = np.clip(2 * atlas.soft_region("mouth area", atlas.size, _TAUT[0]), 0, 1)
    soft.flags.writeable = False
    return soft
