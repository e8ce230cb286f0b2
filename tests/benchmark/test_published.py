"""What others publish stands beside the set that it is of, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facelab.benchmark import published
from facelab.benchmark.figures import figures
from facelab.benchmark.outcomes import FoundFace, MethodOutcome, Outcomes
from facelab.benchmark.table import TABLES

FACE = FoundFace(np.zeros((68, 3), np.float32), np.zeros((68, 3), np.float32), np.eye(3)[:2])


def aflw2000(count=2000, name="image{:05d}.jpg", way="boxes", face=FACE):
    row = MethodOutcome(
        "", "map", {"yaw": "0-30", "way": way}, {"landmarks 2D": 3.0, "pose MAE": 4.0}, face
    )
    names = (f"{name.format(number)}, {way}" for number in range(count))
    return Outcomes(tuple(replace(row, picture=each) for each in names))


def test_all_of_it_at_the_true_box():
    assert published.comparable(aflw2000())
    assert published.comparable(aflw2000(name="AFLW2000/image{:05d}.jpg"))
    text = TABLES["labelled"](aflw2000(), ["map"])
    assert text.count("**published, none lost**") == 2
    assert "| PRNet | 2.75 | 3.51 | 4.61 | 3.62 | - |" in text
    assert "| 3DDFA_V2 | - | - | - | 3.51 | - |" in text
    assert "| 6DRepNet | 3.63 | 4.91 | 3.37 | 3.97 | - | - |" in text
    told = figures("labelled", aflw2000(), ["map"])["boxes"]["published"]
    assert told["landmarks 2D"]["SynergyNet"] == (2.66, 3.32, 4.27, 3.41)


@pytest.mark.parametrize(
    "other",
    [
        {"count": 1999},
        {"name": "portrait{:05d}.jpg"},
        {"way": "detected"},
        {"face": replace(FACE, truth=FACE.truth[:, :2])},
    ],
)
def test_another_set_is_compared_with_nobody(other):
    assert not published.comparable(aflw2000(**other))
    assert "published" not in TABLES["labelled"](aflw2000(**other), ["map"])


def test_a_published_mean_is_that_of_the_ranges():
    for *ranges, mean in published.LANDMARKS.values():
        assert None in ranges or np.mean(ranges) == pytest.approx(mean, abs=0.01)
    for *angles, mean in published.POSE.values():
        assert None in angles or np.mean(angles) == pytest.approx(mean, abs=0.01)
