"""Views of pictures of known parts, sampled anew each time: a crop and its degradations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.augment.steps.occlude import Occlude
from facelab.augment.template import Template
from facelab.constants import PARTS
from facelab.errors import UsageError
from facelab.geometry.crop import cut
from facelab.geometry.parsing import SIDE
from facelab.images import decoded
from facelab.numerics.arrays import Float
from facelab.reconstruct.levelled import levelled
from facelab.train.parse.encoding import UNKNOWN, decoded_shares
from facelab.train.parse.renders import Renders
from facelab.train.views import degraded, mirrored, read_degradations
from facelab.types import Crop

Rng = np.random.Generator
UInt8 = NDArray[np.uint8]

_SHIFT, _SCALE, _ROLL = 0.04, 0.07, 6.0  # deviations of crops: of the side, logarithm, degrees
_FINER = 2  # labels are read so many times along each side of a pixel


@dataclass(frozen=True, eq=False)
class View:
    """One training example.

    Parameters
    ----------
    image : (S, S, 3) float32
        RGB in [0, 1].
    shares : (14, S, S) uint8
        How much of each pixel is each of `facelab.constants.PARTS`, times 255; less than 255 in
        all where part of it is not known.
    doubted : bool
        Whether it may show glasses that the shares know nothing of.
    """

    image: Float
    shares: UInt8
    doubted: bool


def read_spoiling(path: Path) -> Template:
    """Read the augmentation recipe of views.

    Raises
    ------
    UsageError
        If it is no recipe, or has a step that moves or hides something, which labels would not
        follow.
    """
    recipe = read_degradations(path)
    if any(step.kind is Occlude for step in recipe.steps):
        raise UsageError(f"{path}: occlude: hides what labels tell; leave the step out")
    return recipe


def view_of(
    renders: Renders, number: int, degradations: Template, rng: Rng, side: int = SIDE
) -> View:
    """Sample a view, `side` pixels wide, of one of the pictures of a photograph or person."""
    image, labels, points = _opened(renders, number)
    if rng.random() < 0.5:
        image, labels = np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(labels[:, ::-1])
        points = mirrored(points, image.shape[1])
    crop = _shaken(levelled(points, side), rng)
    seen = degraded(cut(image, crop), crop.apply(points), degradations, rng)
    return View(seen, _shares(labels, crop), bool(renders.doubted[number]))


def exact_view(renders: Renders, number: int) -> View:
    """The right crop of a picture, as it is; for validation."""
    image, labels, points = _opened(renders, number)
    crop = levelled(points, SIDE)
    return View(cut(image, crop), _shares(labels, crop), bool(renders.doubted[number]))


def _opened(renders: Renders, number: int) -> tuple[Float, UInt8, Float]:
    image = decoded("view", renders.pictures[number]).pixels
    return image, decoded_shares(renders.labels[number]), renders.points[number]


def _shaken(right: Crop, rng: Rng) -> Crop:
    """The right crop, shifted, scaled and turned as geometry errs, and somewhat more."""
    x, y = np.array(right.centre) + rng.normal(0, _SHIFT, 2) * right.side / 2
    side = right.side * float(np.exp(rng.normal(0, _SCALE)))
    return Crop((float(x), float(y)), side, right.roll + float(rng.normal(0, _ROLL)), right.size)


def _shares(labels: UInt8, crop: Crop) -> UInt8:
    """The shares of a crop's pixels, ``(14, S, S)``: means over what lies within each."""
    finer = replace(crop, size=_FINER * crop.size)
    read = cv2.warpAffine(
        labels,
        finer.matrix,
        (finer.size, finer.size),
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(UNKNOWN, UNKNOWN, 255),
    )
    first, second, share = cv2.split(read)
    rest = 255 - share
    out = np.zeros((len(PARTS), crop.size, crop.size), np.uint8)
    there = np.bincount(first.ravel(), minlength=256) + np.bincount(second.ravel(), minlength=256)
    for part in range(len(PARTS)):
        if there[part]:
            own = cv2.add(share * (first == part), rest * (second == part))
            out[part] = cv2.resize(own, (crop.size, crop.size), interpolation=cv2.INTER_AREA)
    return out
