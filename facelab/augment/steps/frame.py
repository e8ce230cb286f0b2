"""``frame``: the square cut out of the photograph around the face."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np

from facelab.augment.border import cut_out
from facelab.augment.scene import Augmentation, Scene
from facelab.edits.parameters import number, whole
from facelab.geometry.crop import cut
from facelab.numerics.arrays import Float
from facelab.types import Box, Crop


@dataclass(frozen=True, kw_only=True)
class Frame(Augmentation):
    """A square around the face, turned and shifted; beyond the photograph its edge goes on."""

    name: ClassVar[str] = "frame"
    size: int = whole(256, 32, 2048, "its side in pixels")
    room: float = number(1.8, 0.5, 8.0, "its side in sizes of the face: 1 is the face alone")
    right: float = number(0.0, -1.0, 1.0, "how far the face lies right of the middle, of the side")
    down: float = number(0.0, -1.0, 1.0, "how far below the middle, of the side")
    roll: float = number(0.0, -180.0, 180.0, "counter-clockwise as seen", "degrees")

    def crop(self, box: Box) -> Crop:
        """The square around a face."""
        side = self.room * box.size
        right, down = _turned(side * self.right, side * self.down, self.roll)
        return Crop((box.centre[0] - right, box.centre[1] - down), side, -self.roll, self.size)

    def __call__(self, scene: Scene) -> Scene:
        """Cut the square; the face, and what is known of it, move with the pixels."""
        crop = self.crop(scene.positions.box)
        image, occlusion = cut_out(scene.image, crop), _occlusion(scene, crop)
        matte = None if scene.matte is None else cut_out(scene.matte[..., None], crop)
        return replace(
            scene,
            image=image,
            positions=scene.positions.seen_in(crop),
            occlusion=occlusion,
            matte=matte,
            head=scene.head and scene.head.seen_in(crop),
            dressed=scene.dressed and scene.dressed.seen_in(crop),
            truth=scene.truth and scene.truth.seen_in(crop),
        )


def _occlusion(scene: Scene, crop: Crop) -> Float:
    """The occlusion in the view: what of a face is cut by the photograph's border is hidden."""
    box, (height, width) = scene.positions.box, scene.occlusion.shape
    past = max(-box.x0, box.x1 - (width - 1), -box.y0, box.y1 - (height - 1), 0.0)
    margin = min(int(np.ceil(past)), max(height, width))
    sides = (margin,) * 4
    wide = cv2.copyMakeBorder(scene.occlusion, *sides, cv2.BORDER_CONSTANT, value=(1.0,))
    (x, y), three = crop.centre, np.dstack([wide] * 3)
    return np.ascontiguousarray(cut(three, replace(crop, centre=(x + margin, y + margin)))[..., 0])


def _turned(x: float, y: float, roll: float) -> tuple[float, float]:
    """A vector of the square, in the photograph."""
    angle = np.deg2rad(roll)
    return x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
