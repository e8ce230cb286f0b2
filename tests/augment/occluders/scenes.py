"""Scenes with the canonical face for what is put before it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from facelab.augment.ground_truth import GroundTruth
from facelab.augment.scene import Scene
from facelab.types import Face, Texture
from tests.synthetic import canonical, frozen, noise

SIDE = 96
SCALE = 2.6  # pixels per cm
MIDDLE = SIDE / 2


def scene(yaw=0.0, matte=True, shade=0.5, seed=None):
    """A scene of 96 pixels with a face of about 46, turned by `yaw` degrees."""
    positions = canonical(scale=SCALE, yaw=yaw, origin=(MIDDLE, MIDDLE, 0.0))
    image = np.full((SIDE, SIDE, 3), shade, np.float32)
    if seed is not None:
        image = image * 0.8 + 0.2 * noise(SIDE, SIDE, seed)
    disk = cv2.circle(np.zeros((SIDE, SIDE), np.float32), (SIDE // 2,) * 2, 36, (1.0,), -1)
    person = frozen(disk) if matte else None
    texture = Texture(frozen(np.full((64, 64, 3), shade)), frozen(np.ones((64, 64))))
    made = Scene.of(frozen(image), Face(positions, texture), matte=person)
    return replace(made, texture=None)


def classes_of(made):
    """The classes of a scene."""
    truth: GroundTruth = made.truth
    return truth.classes
