"""What is known of a picture beyond its face's positions: classes, surfaces, eyes, expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.augment.classes import CLASSES, MIRRORED, NOT_KNOWN
from facelab.geometry.warp import motion
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float
from facelab.types import Crop, PositionMap

UInt8 = NDArray[np.uint8]

_TURN = np.array([-1, 1, 1], np.float32)  # what a mirror does to x


@dataclass(frozen=True, slots=True, eq=False)
class Eyes:
    """Where a person's eyes are and look; the right eye first.

    Parameters
    ----------
    irises : (2, 5, 3) float32
        Of each eye the middle of the pupil, then the iris's rim to the image's right, top, left
        and bottom of a frontal face; source-image pixels, depth the nearer the larger.
    gaze : (2, 3) float32
        Unit vectors out of the pupils: x right, y up, z toward the viewer.
    """

    irises: Float
    gaze: Float


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """The face of somebody else in a picture.

    Parameters
    ----------
    positions : PositionMap
        Pixels of the picture.
    hidden : (H, W) bool
        Where something or somebody in front hides it, or would.
    """

    positions: PositionMap
    hidden: Bool


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """What is known of a picture, beside where its face is.

    Parameters
    ----------
    classes : (H, W) uint8
        Of `facelab.augment.classes.CLASSES`. Where it says ``skin`` or ``not known`` and the face
        is drawn, its position map tells the part; everything else is as it says.
    depth : (H, W) float32, optional
        Of all that is known of the person, pixels, the nearer the larger; NaN elsewhere. By
        default, and for `normals`, that of the face alone is drawn.
    normals : (H, W, 3) float32, optional
        Unit vectors, x right, y up, z toward the viewer; 0 elsewhere.
    eyes : Eyes, optional
    expression : mapping of str to float, optional
        Coefficients of `facelab.constants.ARKIT`, [0, 1]; those left out are 0.
    others : tuple of Other
        Other people in the picture.
    lenses : (H, W) float32, optional
        How much of each pixel shows the lens of glasses, clear or dark, [0, 1]; `classes` tell what
        is behind a clear one.
    beard : (S, S) float32, optional
        How much of each texel of the face's layout a beard covers, [0, 1].
    """

    classes: UInt8
    depth: Float | None = None
    normals: Float | None = None
    eyes: Eyes | None = None
    expression: Mapping[str, float] | None = None
    others: tuple[Other, ...] = ()
    lenses: Float | None = None
    beard: Float | None = None

    @classmethod
    def of_photograph(
        cls, shape: tuple[int, int], matte: Float | None = None, classes: UInt8 | None = None
    ) -> GroundTruth:
        """What is known of a photograph.

        Parameters
        ----------
        shape : (H, W)
        matte : (H, W) float32, optional
            How much of each pixel is a person: it tells where nobody is, better than classes do.
        classes : (H, W) uint8, optional
            What its pixels show, where that is known.
        """
        known = np.full(shape, NOT_KNOWN, np.uint8) if classes is None else classes.copy()
        if matte is not None:
            known[known == CLASSES["background"]] = NOT_KNOWN
            known[matte < 0.5] = CLASSES["background"]
        return cls(known)

    def behind(self, mask: Bool, name: str) -> GroundTruth:
        """The same with something of class `name` in front, where ``mask (H, W)`` says."""
        classes = self.classes.copy()
        classes[mask] = CLASSES[name]
        others = tuple(Other(one.positions, one.hidden | mask) for one in self.others)
        lenses = None if self.lenses is None else np.where(mask, np.float32(0), self.lenses)
        return replace(self, classes=classes, others=others, lenses=lenses)

    def joined(self, face: PositionMap, mask: Bool) -> GroundTruth:
        """The same with somebody else, of whom ``mask (H, W)`` tells where the picture shows them.

        What of them is where, their photograph does not tell.
        """
        joined = self.behind(mask, "not known")
        return replace(joined, others=(*joined.others, Other(face, ~mask)))

    def before(self, mask: Bool) -> GroundTruth:
        """The same before a background of which ``mask (H, W)`` tells where it shows."""
        classes = self.classes.copy()
        classes[mask & (classes == NOT_KNOWN)] = CLASSES["background"]
        return replace(self, classes=classes)

    def edited(self, before: PositionMap, after: PositionMap) -> GroundTruth:
        """The same after an edit that moved the face, and the photograph around it.

        Surfaces, eyes and expression are other ones then, and no longer known: the depth and
        normals of the face itself are drawn, as for a photograph.
        """
        classes = self.classes
        if (moved := motion(before, after, classes.shape)) is not None:
            classes = moved.nearest(classes)
        return GroundTruth(classes, others=self.others)

    def seen_in(self, crop: Crop) -> GroundTruth:
        """The same in the pixels of a crop; beyond the picture nothing is known."""
        size, matrix, scale = (crop.size, crop.size), crop.matrix, crop.size / crop.side

        def moved(values: NDArray[Any], beyond: float) -> NDArray[Any]:
            out: NDArray[Any] = cv2.warpAffine(
                values,
                matrix,
                size,
                flags=cv2.INTER_NEAREST,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=(beyond,) * 3,
            )
            return out

        turn = matrix[:, :2] / scale  # of y down; y up turns the other way
        turned = np.array([[turn[0, 0], -turn[0, 1], 0], [-turn[1, 0], turn[1, 1], 0], [0, 0, 1]])
        depth, normals, lenses = self.depth, self.normals, self.lenses
        if lenses is not None:
            lenses = moved(lenses, 0)
        if depth is not None:
            depth = moved(depth, float("nan")) * np.float32(scale)
        if normals is not None:
            normals = np.asarray(product(moved(normals, 0), turned.T), np.float32)
        return replace(
            self,
            classes=moved(self.classes, NOT_KNOWN),
            depth=depth,
            normals=normals,
            eyes=self.eyes and _turned(self.eyes, crop, turned),
            others=tuple(
                Other(one.positions.seen_in(crop), moved(one.hidden.astype(np.uint8), 1) > 0)
                for one in self.others
            ),
            lenses=lenses,
        )

    def mirrored(self, face: Callable[[PositionMap, int], PositionMap]) -> GroundTruth:
        """The same in a mirror; `face` mirrors a face's positions in an image of a width."""
        width = self.classes.shape[1]
        classes = mirrored_classes()[self.classes[:, ::-1]]
        depth, normals, expression = self.depth, self.normals, self.expression
        if depth is not None:
            depth = np.ascontiguousarray(depth[:, ::-1])
        if normals is not None:
            normals = np.ascontiguousarray(normals[:, ::-1] * _TURN)
        if expression is not None:
            expression = {_other_side(name): value for name, value in expression.items()}
        return GroundTruth(
            np.ascontiguousarray(classes),
            depth,
            normals,
            self.eyes and _mirrored_eyes(self.eyes, width),
            expression,
            tuple(
                Other(face(one.positions, width), np.ascontiguousarray(one.hidden[:, ::-1]))
                for one in self.others
            ),
            None if self.lenses is None else np.ascontiguousarray(self.lenses[:, ::-1]),
            None if self.beard is None else np.ascontiguousarray(self.beard[:, ::-1]),
        )


def _mirrored_eyes(eyes: Eyes, width: int) -> Eyes:
    irises = eyes.irises[::-1][:, [0, 3, 2, 1, 4]] * _TURN
    irises = irises + np.array([width - 1, 0, 0], np.float32)
    gaze = eyes.gaze[::-1] * _TURN
    return Eyes(np.ascontiguousarray(irises), np.ascontiguousarray(gaze))


def _other_side(name: str) -> str:
    """The coefficient of the other side: Left for Right."""
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name.removesuffix(side) + other
    return name


def _turned(eyes: Eyes, crop: Crop, turn: NDArray[np.float64]) -> Eyes:
    irises = crop.apply(eyes.irises.reshape(-1, 3)).reshape(eyes.irises.shape)
    return replace(eyes, irises=irises, gaze=np.asarray(product(eyes.gaze, turn.T), np.float32))


@cache
def mirrored_classes() -> UInt8:
    """The number in a mirror image of each class's number, ``(256,)``."""
    out = np.arange(256, dtype=np.uint8)
    for right, left in MIRRORED:
        out[CLASSES[right]], out[CLASSES[left]] = CLASSES[left], CLASSES[right]
    out.flags.writeable = False
    return out
