"""``background``: another background behind the people of a photograph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np

from facelab.augment.scene import Augmentation, Scene
from facelab.edits import parameters
from facelab.edits.cielab import rgb_of
from facelab.numerics.arrays import Float

_OCTAVES = 5  # of the noise; each has patches half as large, half as strong
_FAR, _NEAR = 0.35, 0.025  # sizes of the face: where a pixel's colours behind and before come from
_CELLS = 4  # pixels of a reduced image that a mean reaches


@dataclass(frozen=True, kw_only=True)
class Background(Augmentation):
    """Another background; the people of the photograph stay, as does what covers them."""

    name: ClassVar[str] = "background"
    needs_matte: ClassVar[bool] = True
    kind: str = parameters.choice(
        "colour",
        ("colour", "gradient", "noise", "blur"),
        "one colour, a gradient or patches of two, or what there was, blurred",
    )
    colour: str = parameters.colour("#8d9aa5", "of it")
    other: str = parameters.colour("#d9d4cc", "the second colour of a gradient and of noise")
    size: float = parameters.number(
        0.5, 0.02, 4.0, "of noise's patches, and of a blur, in sizes of the face"
    )
    angle: float = parameters.number(
        0.0, -180.0, 180.0, "where a gradient goes: 0 is to the right", "degrees"
    )
    seed: int = parameters.whole(0, 0, 2**32 - 1, "of noise")

    def __call__(self, scene: Scene) -> Scene:
        """The scene with another background.

        Raises
        ------
        ValueError
            If it has no matte.
        """
        if scene.matte is None:
            raise ValueError("a background cannot be replaced in a scene without a matte")
        opacity = 1 - (1 - scene.matte) * (1 - scene.occlusion)
        front = foreground(scene.image, opacity, scene.positions.box.size)
        share = opacity[..., None]
        image = share * front + (1 - share) * self._behind(scene, opacity)
        truth = scene.truth and scene.truth.before(opacity < 0.5)
        return replace(scene, image=np.asarray(np.clip(image, 0, 1), np.float32), truth=truth)

    def _behind(self, scene: Scene, opacity: Float) -> Float:
        """The new background, ``(H, W, 3)``."""
        if self.kind == "colour":
            return np.broadcast_to(rgb_of(self.colour), scene.image.shape)
        size = self.size * scene.positions.box.size
        if self.kind == "blur":
            return _mean(scene.image, 1 - opacity, size / 2)
        shape = scene.image.shape[:2]
        share = _ramp(shape, self.angle) if self.kind == "gradient" else self._patches(shape, size)
        first, second = rgb_of(self.colour), rgb_of(self.other)
        return np.asarray(first + share[..., None] * (second - first), np.float32)

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
