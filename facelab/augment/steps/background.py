"""``background``: another background behind the people of a photograph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from facelab.augment.scene import Composition, Scene
from facelab.edits import parameters
from facelab.edits.cielab import rgb_of
from facelab.edits.edit import Picture
from facelab.errors import UsageError
from facelab.numerics.arrays import Float
from facelab.recipe.inputs import Inputs, Pictures

_OCTAVES = 5  # of the noise; each has patches half as large, half as strong
_FAR, _NEAR = 0.35, 0.025  # sizes of the face: where a pixel's colours behind and before come from
_PART = 0.5, 1.0  # of a picture's shorter side, of which a part is taken
_USUAL = 0.45  # mean of a picture in which people look as they do
_GAIN = 0.6, 1.3  # by which people become darker and brighter at most
_CELLS = 4  # pixels of a reduced image that a mean reaches


@dataclass(frozen=True, kw_only=True)
class Background(Composition):
    """Another background; the people of the photograph stay, as does what covers them."""

    name: ClassVar[str] = "background"
    needs_matte: ClassVar[bool] = True
    kind: str = parameters.choice(
        "colour",
        ("colour", "gradient", "noise", "blur", "image"),
        "one colour, a gradient or patches of two, what there was, blurred, or a part of a picture",
    )
    colour: str = parameters.colour("#8d9aa5", "of it")
    other: str = parameters.colour("#d9d4cc", "the second colour of a gradient and of noise")
    size: float = parameters.number(
        0.5, 0.02, 4.0, "of noise's patches, and of a blur, in sizes of the face"
    )
    angle: float = parameters.number(
        0.0, -180.0, 180.0, "where a gradient goes: 0 is to the right", "degrees"
    )
    picture: tuple[str, ...] = parameters.references("a picture, or pictures of which one is taken")
    match: float = parameters.number(
        0.0, 0.0, 1.0, "how far the people take on the light of a picture"
    )
    defocus: float = parameters.number(0.0, 0.0, 1.0, "a picture's blur, in tenths of the face")
    seed: int = parameters.whole(0, 0, 2**32 - 1, "of noise, and of which part of which picture")

    def compose(self, scene: Scene, inputs: Inputs) -> Scene:
        """The scene with another background.

        Raises
        ------
        ValueError
            If it has no matte.
        UsageError
            If the picture is missing, or a person.
        """
        if scene.matte is None:
            raise ValueError("a background cannot be replaced in a scene without a matte")
        opacity = 1 - (1 - scene.matte) * (1 - scene.occlusion)
        front = foreground(scene.image, opacity, scene.positions.box.size)
        share, behind = opacity[..., None], self._behind(scene, opacity, inputs)
        if self.kind == "image" and self.match:
            front = front * _light_of(behind) ** np.float32(self.match)
        image = share * front + (1 - share) * behind
        truth = scene.truth and scene.truth.before(opacity < 0.5)
        return replace(scene, image=np.asarray(np.clip(image, 0, 1), np.float32), truth=truth)

    def taken(self, inputs: Inputs) -> list[tuple[str, Path]]:
        """The file that it takes of several pictures."""
        if self.kind != "image" or not self.picture:
            return []
        name = self._taken_name()
        given = inputs.get(name)
        return [(name, given.file(self.seed))] if isinstance(given, Pictures) else []

    def _taken_name(self) -> str:
        """The one of the inputs from which it takes."""
        if not self.picture:
            raise UsageError("background: picture: is missing; name an input with pictures")
        return self.picture[self.seed % len(self.picture)]

    def _behind(self, scene: Scene, opacity: Float, inputs: Inputs) -> Float:
        """The new background, ``(H, W, 3)``."""
        if self.kind == "image":
            return self._part(scene, inputs)
        if self.kind == "colour":
            return np.broadcast_to(rgb_of(self.colour), scene.image.shape)
        size = self.size * scene.positions.box.size
        if self.kind == "blur":
            return _mean(scene.image, 1 - opacity, size / 2)
        shape = scene.image.shape[:2]
        share = _ramp(shape, self.angle) if self.kind == "gradient" else self._patches(shape, size)
        first, second = rgb_of(self.colour), rgb_of(self.other)
        return np.asarray(first + share[..., None] * (second - first), np.float32)

    def _part(self, scene: Scene, inputs: Inputs) -> Float:
        """A part of a picture as large as the scene, mirrored or not, out of focus."""
        name = self._taken_name()
        given = inputs.get(name)
        if isinstance(given, Pictures):
            given = given.picture(self.seed)
        if not isinstance(given, Picture):
            raise UsageError(f"background: {name} is no picture; give an input with pictures")
        rng = np.random.default_rng([self.seed, 1])
        (height, width), (rows, columns) = scene.image.shape[:2], given.alpha.shape
        reach = float(rng.uniform(*_PART)) * min(rows / height, columns / width)
        tall, wide = max(int(reach * height), 1), max(int(reach * width), 1)
        top, left = int(rng.integers(rows - tall + 1)), int(rng.integers(columns - wide + 1))
        part = given.colour[top : top + tall, left : left + wide]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        way = cv2.INTER_AREA if tall > height else cv2.INTER_CUBIC
        part = cv2.resize(np.ascontiguousarray(part), (width, height), interpolation=way)
        sigma = 0.1 * self.defocus * scene.positions.box.size
        soft = cv2.GaussianBlur(part, (0, 0), sigma) if sigma > 0.3 else part
        return np.asarray(np.clip(soft, 0, 1), np.float32)

    def _patches(self, shape: tuple[int, int], size: float) -> Float:
        """Smooth noise of several scales, [0, 1]."""
        rng = np.random.default_rng(self.seed)
        height, width = shape
        total = np.zeros(shape, np.float32)
        for octave in range(_OCTAVES):
            step = max(size / 2**octave, 1.0)
            cells = int(np.ceil(height / step)) + 1, int(np.ceil(width / step)) + 1
            coarse = rng.random(cells, np.float32) - np.float32(0.5)
            wide = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
            total += np.float32(2.0**-octave) * wide
        return np.asarray(np.clip(total + np.float32(0.5), 0, 1), np.float32)


def _light_of(behind: Float) -> Float:
    """What the light of a background does to the colours of people, ``(3,)``: roughly."""
    mean = behind.reshape(-1, 3).mean(axis=0, dtype=np.float64)
    level = max(float(mean.mean()), 0.02)
    gain = (level / _USUAL) ** 0.35 * (np.maximum(mean, 0.02) / level) ** 0.3
    return np.asarray(np.clip(gain, *_GAIN), np.float32)


def foreground(image: Float, opacity: Float, size: float) -> Float:
    """The colours of what is in front, without those of what shimmers through its soft edges.

    Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021: the mean colours nearby of
    what is in front and behind, corrected so that together they give the pixel; once of a wide
    neighbourhood, once of a narrow one.

    Parameters
    ----------
    image : (H, W, 3) float32
        RGB in [0, 1].
    opacity : (H, W) float32
        Of what is in front, [0, 1].
    size : float
        Of a face, pixels.

    Returns
    -------
    (H, W, 3) float32
        RGB in [0, 1]; the image's own where `opacity` is 1, meaningless where it is 0.
    """
    share = opacity[..., None]
    front = behind = image
    for reach in (_FAR * size, _NEAR * size):
        own, behind = _mean(front, opacity, reach), _mean(behind, 1 - opacity, reach)
        front = np.clip(own + share * (image - share * own - (1 - share) * behind), 0, 1)
    return np.where(share == 1, image, front)


def _mean(image: Float, weight: Float, reach: float) -> Float:
    """The weighted mean of the colours nearby: two box filters up to `reach` pixels away each.

    Where they are wide, of a reduced image.
    """
    height, width = weight.shape
    shrink = max(int(reach / _CELLS), 1)
    small = max(width // shrink, 1), max(height // shrink, 1)
    layers = np.dstack([image * weight[..., None], weight])
    layers = cv2.resize(layers, small, interpolation=cv2.INTER_AREA)
    side = 2 * max(round(reach / shrink), 1) + 1
    for _ in range(2):
        layers = cv2.blur(layers, (side, side), borderType=cv2.BORDER_REFLECT)
    mean = layers[..., :3] / (layers[..., 3:] + np.float32(1e-5))
    return np.asarray(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _ramp(shape: tuple[int, int], angle: float) -> Float:
    """From 0 to 1 across a picture, along a direction counter-clockwise from the right."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    along = x * np.cos(np.deg2rad(angle)) - y * np.sin(np.deg2rad(angle))
    low, high = along.min(), along.max()
    return np.asarray((along - low) / max(high - low, 1e-6), np.float32)
