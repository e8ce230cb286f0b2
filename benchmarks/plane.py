"""Augmentation in two dimensions, as it is done without facelab, drawn anew for every batch.

Turned, scaled and shifted in the plane, mirrored; exposure, colour and contrast of the whole
picture; a blur, noise, a box in front. The square that a network sees follows the landmarks, as it
does in every test.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from crops import CORNER, SIDE, Crops, Pixels, square

from facelab.geometry.landmarks import TWINS68
from facelab.numerics.arrays import Float
from facelab.types import Crop

Rng = np.random.Generator
Batch = tuple[Pixels, Float]
"""Pictures (n, SIDE, SIDE, 3) uint8 and landmarks (n, 68, 2) float32 in pixels of them."""

ROLL = 25.0  # degrees: deviation
SHIFT, SCALE = 0.03, 0.08  # deviations, in sides of the square
EXPOSURE, COLOUR, CONTRAST = 0.25, 0.05, 0.2  # stops and deviations of gains; range of contrast
BLURRED, NOISY, ERASED = 0.2, 0.3, 0.3  # how often

TWINS = np.array(TWINS68)


def upright(crops: Crops) -> Batch:
    """All faces as they are."""
    first = int(CORNER)
    inner = crops.images[:, first : first + SIDE, first : first + SIDE]
    return np.ascontiguousarray(inner), crops.landmarks - np.float32(CORNER)


def augmented(crops: Crops, rows: np.ndarray, rng: Rng) -> Batch:
    """Some of the faces, each augmented."""
    images, landmarks = zip(*(_moved(crops, row, rng) for row in rows), strict=True)
    return _seen(np.stack(images).astype(np.float32), rng), np.stack(landmarks)


def _moved(crops: Crops, row: int, rng: Rng) -> tuple[Pixels, Float]:
    """A face turned, scaled and shifted in the plane, and mirrored or not."""
    image, landmarks = crops.images[row], crops.landmarks[row]
    level = Crop((len(image) / 2, len(image) / 2), len(image), rng.normal(0, ROLL), len(image))
    view = square(level.apply(landmarks), SIDE)
    centre = level.invert(np.array([view.centre], np.float32))[0]
    centre = centre + rng.normal(0, SHIFT, 2) * view.side
    side = view.side * np.exp(rng.normal(0, SCALE))
    view = replace(view, centre=(centre[0], centre[1]), side=side, roll=level.roll)
    size, border = (SIDE, SIDE), cv2.BORDER_REPLICATE
    pixels = cv2.warpAffine(image, view.matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
    points = view.apply(landmarks)
    if rng.random() < 0.5:
        return pixels[:, ::-1], points[TWINS] * np.float32([-1, 1]) + np.float32([SIDE - 1, 0])
    return pixels, points


def _seen(images: Float, rng: Rng) -> Pixels:
    """Pictures ``(n, SIDE, SIDE, 3)`` float32 in [0, 255] as other cameras would have them."""
    count = len(images)
    gain = np.exp2(rng.normal(0, EXPOSURE, (count, 1, 1, 1))) * np.exp(
        rng.normal(0, COLOUR, (count, 1, 1, 3))
    )
    contrast = rng.uniform(1 - CONTRAST, 1 + CONTRAST, (count, 1, 1, 1))
    middle = images.mean(axis=(1, 2, 3), keepdims=True)
    images = (images - middle) * contrast.astype(np.float32) + middle
    images = images * gain.astype(np.float32)
    for image in images:
        if rng.random() < BLURRED:
            image[:] = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.2))
        if rng.random() < NOISY:
            image += rng.standard_normal(image.shape, np.float32) * rng.uniform(0, 12)
        if rng.random() < ERASED:
            _erase(image, rng)
    return np.clip(images, 0, 255).astype(np.uint8)


def _erase(image: Float, rng: Rng) -> None:
    """Put a box of one colour before a picture (Zhong et al., "Random Erasing", AAAI 2020)."""
    height, width = (SIDE * rng.uniform(0.1, 0.4, 2)).astype(int)
    top, left = rng.integers(0, SIDE - height), rng.integers(0, SIDE - width)
    image[top : top + height, left : left + width] = rng.uniform(0, 255, 3)
