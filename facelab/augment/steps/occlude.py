"""``occlude``: an object in front of the face."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np

from facelab.augment.classes import COVERED
from facelab.augment.scene import Augmentation, Scene
from facelab.edits.cielab import rgb_of
from facelab.edits.parameters import choice, colour, number, whole
from facelab.numerics.arrays import Float

_BUMPS, _BUMP = 7, 0.6  # of a blob's outline: Fourier terms, and how high
_SHADOW = 0.35  # how dark it shades what is right behind it


@dataclass(frozen=True, kw_only=True)
class Occlude(Augmentation):
    """A blob, bar or box of some material in front of the photograph; labels say what it hides."""

    name: ClassVar[str] = "occlude"
    kind: str = choice("blob", ("blob", "bar", "box"), "its shape")
    size: float = number(0.4, 0.02, 2.0, "across, in sizes of the face")
    right: float = number(0.0, -1.0, 1.0, "from the face's middle, in its sizes")
    down: float = number(0.3, -1.0, 1.0, "from the face's middle, in its sizes")
    angle: float = number(0.0, -180.0, 180.0, "how it is turned", "degrees")
    colour: str = colour("#7a5c48", "of it")
    grain: float = number(0.15, 0.0, 1.0, "how uneven its colour is")
    seed: int = whole(0, 0, 2**32 - 1, "of its outline and its grain")

    def __call__(self, scene: Scene) -> Scene:
        """Put the thing in front of everything."""
        rng = np.random.default_rng(self.seed)
        height, width = scene.image.shape[:2]
        outline = self._outline(scene, rng)
        shape = _filled(outline, (height, width))
        reach = max(0.03 * scene.positions.box.size, 0.5)
        shadow = cv2.GaussianBlur(shape, (0, 0), reach)[..., None] * np.float32(_SHADOW)
        image = scene.image * (1 - shadow)
        image = image + shape[..., None] * (self._material(scene, rng) - image)
        occlusion = np.maximum(scene.occlusion, shape)
        truth = scene.truth and scene.truth.behind(shape > COVERED, "object")
        return replace(scene.with_image(image), occlusion=occlusion, truth=truth)

    def _outline(self, scene: Scene, rng: np.random.Generator) -> Float:
        """The corners of the thing, ``(n, 2)`` pixels."""
        box = scene.positions.box
        turn = np.linspace(0, 2 * np.pi, 96, endpoint=False)
        unit = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        if self.kind == "blob":
            terms = np.arange(2, 2 + _BUMPS)
            waves = np.cos(turn[:, None] * terms + rng.uniform(0, 2 * np.pi, _BUMPS))
            heights = _BUMP * rng.uniform(0, 1, _BUMPS) / terms
            points = unit * (1 + (waves * heights).sum(axis=1, keepdims=True))
        else:
            points = unit / np.abs(unit).max(axis=1, keepdims=True)
            points = points * ([8.0, 1.0] if self.kind == "bar" else [1.0, 0.75])
        cos, sin = np.cos(np.deg2rad(self.angle)), np.sin(np.deg2rad(self.angle))
        points = points @ np.array([[cos, -sin], [sin, cos]]) * (self.size / 2)
        middle = np.array(box.centre) / box.size + [self.right, self.down]
        return np.asarray((points + middle) * box.size, np.float32)

    def _material(self, scene: Scene, rng: np.random.Generator) -> Float:
        """The thing's colour at every pixel, uneven."""
        height, width = scene.image.shape[:2]
        total = np.zeros((height, width), np.float32)
        for cells, weight in ((3, 0.6), (12, 0.3), (48, 0.15)):
            coarse = rng.uniform(-1, 1, (cells, cells)).astype(np.float32)
            wide = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
            total += np.float32(weight) * wide
        light = 1 + np.float32(self.grain) * total[..., None]
        return np.asarray(np.clip(rgb_of(self.colour) * light, 0, 1), np.float32)


def _filled(outline: Float, shape: tuple[int, int]) -> Float:
    """1 inside of the outline, 0 outside, its edge one pixel soft."""
    mask = np.zeros(shape, np.uint8)
    points = np.rint(np.clip(outline, -4096, 4096) * 16).astype(np.int32)
    cv2.fillPoly(mask, [points], (255,), cv2.LINE_AA, 4)
    return np.asarray(mask / np.float32(255), np.float32)
