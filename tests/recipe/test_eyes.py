"""Edits that ask where eyes are get it of the network, and records say so."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.edits import Gaze, Iris, Lipstick
from facelab.recipe import Photographs, Recipe, Swap
from facelab.recipe.runner import prepare
from facelab.reconstruct.landmarker import landmarker_weights
from tests.front_door import model
from tests.synthetic import SAMPLES

PHOTOGRAPH = SAMPLES / "astronaut.png"


@pytest.mark.parametrize(
    ("step", "looks"),
    [
        (Iris(), True),
        (Lipstick(), False),
        (Swap(source="other", keep=("eyes",)), True),
        (Swap(source="other"), False),
    ],
    ids=["iris", "lipstick", "keep eyes", "swap"],
)
def test_records_name_the_landmarker_where_it_was_asked(step, looks):
    inputs = {"other": Photographs((SAMPLES / "mona-lisa.jpg",))} if step.needs else {}
    result = prepare(Recipe(steps=(step,), inputs=inputs), model())(PHOTOGRAPH)
    named = landmarker_weights().keys() <= result.making.weights.keys()
    assert named == looks


def test_gaze_changes_the_eyes_alone():
    seen = model()(PHOTOGRAPH)[0]
    before = np.asarray(seen.photograph.srgb)
    after = prepare(Recipe(steps=(Gaze(yaw=12),)), model())(PHOTOGRAPH).image.srgb
    changed = np.abs(after - before).max(axis=2) > 0.01
    assert changed.any()
    rows, columns = np.nonzero(changed)
    pupils = seen.irises[:, 0, :2]
    away = np.hypot(columns[:, None] - pupils[:, 0], rows[:, None] - pupils[:, 1]).min(axis=1)
    radius = np.linalg.norm(seen.irises[:, 1] - seen.irises[:, 0], axis=1).mean()
    assert away.max() < 3.5 * radius
