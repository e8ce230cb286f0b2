"""The picture of the worst faces."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.benchmark.outcomes import FoundFace, MethodOutcome, Outcomes
from facelab.benchmark.worst import FOUND, HEAD, SIDE, TRUTH, picture, tile
from tests.synthetic import canonical

TRUE = canonical(scale=5.0, origin=(150.0, 120.0, 0.0)).landmarks
AXES = np.eye(3)[:2]


def row(name, error, by=0.0):
    face = FoundFace(TRUE + np.float32([by, 0, 0]), TRUE, AXES)
    errors = None if error is None else {"landmarks 2D": error}
    labels = {"yaw": "0-30", "way": "boxes"}
    return MethodOutcome(f"{name}, boxes", "map", labels, errors, None if error is None else face)


def grey(_name):
    return np.full((240, 300, 3), 0.5, np.float32)


def near(shown, colour):
    return np.argwhere(np.abs(shown * 255 - colour).max(axis=-1) < 40)


def test_the_worst_come_first_and_lost_ones_not_at_all():
    rows = [row(f"{number}.jpg", float(number)) for number in range(7)] + [row("lost.jpg", None)]
    asked = []

    def read(name):
        asked.append(name)
        return grey(name)

    shown = picture(Outcomes(tuple(rows)), ["map"], read)
    assert shown.shape == (HEAD + SIDE, 5 * SIDE, 3)
    assert asked == ["6.jpg", "5.jpg", "4.jpg", "3.jpg", "2.jpg"]
    assert 0 <= shown.min() <= shown.max() <= 1


def test_where_there_are_fewer_it_is_black():
    shown = picture(Outcomes((row("a.jpg", 1.0),)), ["map", "mesh"], grey)
    assert shown.shape == (2 * (HEAD + SIDE), 5 * SIDE, 3)
    assert shown[:, SIDE:].max() == 0
    assert shown[: HEAD + SIDE, :SIDE].max() > 0.5


@pytest.mark.parametrize("by", [0.0, 30.0])
def test_both_are_drawn_where_they_lie(by):
    one = row("a.jpg", 5.0, by)
    shown = tile(grey(""), one, one.face)[HEAD:]
    true, found = near(shown, TRUTH), near(shown, FOUND)
    assert len(found) > 50
    if by:
        width = np.ptp(TRUE[:, 0]) + by
        scale = SIDE / (1.3 * max(width, np.ptp(TRUE[:, 1])))
        away = found[:, 1].mean() - true[:, 1].mean()
        assert away == pytest.approx(by * scale, rel=0.1)
    else:
        assert len(true) < len(found)  # what was found lies on top
