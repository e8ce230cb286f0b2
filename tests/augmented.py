"""Hand-made samples of an augmented data set."""

from __future__ import annotations

import numpy as np

from facelab.augment.classes import CLASSES
from facelab.augment.ground_truth import Eyes, GroundTruth
from facelab.augment.sample import Sample, Source
from tests.synthetic import canonical, frozen, plain

SIDE = 128
PHOTOGRAPH = Source("face", "anna.jpg", "ab" * 32, "anna")
OTHER = Source("other", "bert.jpg", "cd" * 32, "bert")
PICTURE = Source("paint", "stars.png", "ef" * 32)


def upright(**pose):
    """The canonical face, about 90 px high in the middle of a sample; `pose` as of `canonical`."""
    return canonical(**({"scale": 5.0, "origin": (63.0, 62.0, 0.0)} | pose))


def sample(
    positions=None,
    index=0,
    split="train",
    image=None,
    covered=None,
    sources=None,
    truth=None,
    redrawn=(),
):
    """A sample of 128 x 128 pixels, unless an image is given; a photograph, unless a truth is."""
    image = plain((SIDE, SIDE)) if image is None else image
    return Sample(
        index=index,
        variant=index // 3,
        split=split,
        image=image,
        positions=upright() if positions is None else positions,
        occlusion=nothing(image.shape[:2]) if covered is None else covered,
        steps=[("light", {"gain": 0.25 * index, "colour": "warm"})],
        sources=[PHOTOGRAPH] if sources is None else sources,
        truth=GroundTruth.of_photograph(image.shape[:2]) if truth is None else truth,
        redrawn=redrawn,
    )


def head(others=()):
    """What is known of a whole head: hair above, ears beside, a surface of depth, eyes."""
    classes = np.zeros((SIDE, SIDE), np.uint8)
    classes[10:] = CLASSES["skin"]
    classes[10:30, 20:106] = CLASSES["hair"]
    classes[50:70, :20], classes[50:70, 106:] = CLASSES["right ear"], CLASSES["left ear"]
    classes[110:] = CLASSES["clothes"]
    row, column = np.indices((SIDE, SIDE), np.float32)
    depth = np.where(classes > 0, 50 - np.hypot(row - 64, column - 60), np.float32(np.nan))
    normals = np.dstack([np.where(classes > 0, value, 0) for value in (0.6, 0.0, 0.8)])
    return GroundTruth(
        classes,
        frozen(depth),
        frozen(normals),
        eyes(),
        {"jawOpen": 0.25, "eyeBlinkLeft": 1.0},
        others,
    )


def eyes():
    """Those of `upright`, in the middle of each pair of corners, looking up and to the right."""
    points = upright().landmarks
    middles = (points[[36, 42]] + points[[39, 45]]) / 2
    rim = np.array([[0, 0, 0], [2, 0, 0], [0, -2, 0], [-2, 0, 0], [0, 2, 0]], np.float32)
    gaze = np.array([[0.6, 0, 0.8], [0, 0.6, 0.8]], np.float32)
    return Eyes(frozen(middles[:, None] + rim), frozen(gaze))


def nothing(shape=(SIDE, SIDE)):
    """No occluder."""
    return frozen(np.zeros(shape))


def rectangle(rows, columns):
    """An occluder, `rows` and `columns` slices."""
    covered = np.zeros((SIDE, SIDE))
    covered[rows, columns] = 1
    return frozen(covered)
