"""Hand-made samples of an augmented data set."""

from __future__ import annotations

import numpy as np

from facelab.augment.ground_truth import GroundTruth
from facelab.augment.sample import Sample, Source
from tests.synthetic import canonical, frozen, plain

SIDE = 128
PHOTOGRAPH = Source("face", "anna.jpg", "ab" * 32, "anna")
OTHER = Source("other", "bert.jpg", "cd" * 32, "bert")
PICTURE = Source("paint", "stars.png", "ef" * 32)


def upright(**pose):
    """The canonical face, about 90 px high in the middle of a sample; `pose` as of `canonical`."""
    return canonical(**({"scale": 5.0, "origin": (63.0, 62.0, 0.0)} | pose))


def sample(positions=None, index=0, split="train", image=None, covered=None, sources=None):
    """A sample of 128 x 128 pixels, unless an image is given."""
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
        truth=GroundTruth.of_photograph(image.shape[:2]),
    )


def nothing(shape=(SIDE, SIDE)):
    """No occluder."""
    return frozen(np.zeros(shape))


def rectangle(rows, columns):
    """An occluder, `rows` and `columns` slices."""
    covered = np.zeros((SIDE, SIDE))
    covered[rows, columns] = 1
    return frozen(covered)
