"""Eyeballs: where they are, where they look, what of the picture is their iris."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.heads.eyes import IRIS, Eyeballs, balls, looks
from facelab.heads.family import HeadFamily


def test_both_look_straight_ahead_at_rest():
    eyes = Eyeballs.of(HeadFamily.load().base, (0.0, 0.0))
    np.testing.assert_allclose(eyes.gaze, [[0, 0, 1]] * 2, atol=1e-5)
    right, left = eyes.middles
    assert right[0] < 0 < left[0]  # the subject's right is at small x
    np.testing.assert_allclose(right[1:], left[1:], atol=1e-3)


@pytest.mark.parametrize(("right", "up"), [(20, 0), (-20, 0), (0, 15), (25, -10)])
def test_gaze_turns_by_the_angles(right, up):
    gaze = Eyeballs.of(HeadFamily.load().base, (right, up)).gaze
    across, along = np.deg2rad([right, up])
    wanted = [np.sin(across) * np.cos(along), np.sin(along), np.cos(across) * np.cos(along)]
    np.testing.assert_allclose(gaze, [wanted] * 2, atol=1e-4)


def test_irises_lie_on_the_eyeball_with_right_top_left_bottom():
    eyes = Eyeballs.of(HeadFamily.load().base, (0.0, 0.0))
    away = eyes.irises - eyes.middles[:, None]
    np.testing.assert_allclose(np.linalg.norm(away, axis=2), eyes.radius, rtol=1e-3)
    for middle, right, top, left, bottom in away:
        assert right[0] > middle[0] > left[0]
        assert top[1] > middle[1] > bottom[1]
        np.testing.assert_allclose(np.linalg.norm([right - left, top - bottom], axis=1) / 2,
                                   eyes.radius / 2, rtol=0.1)  # fmt: skip


@pytest.mark.parametrize("side", [0, 1])
def test_the_iris_of_the_picture_is_at_its_points(side):
    """Of the vertices, those whose place in the picture is near the iris's middle are near it."""
    ball = balls()[side]
    (u, v), reach = IRIS
    inside = np.hypot(ball.uv[:, 0] - u, ball.uv[:, 1] - v) < 0.8 * reach
    foremost = ball.vertices[:, 2] > 0
    angle = np.arccos(np.clip(ball.vertices @ ball.iris[0], -1, 1))
    rim = np.arccos(ball.iris[1:] @ ball.iris[0]).max()
    assert (inside & foremost).sum() > 20
    assert angle[inside & foremost].max() < rim


def test_eyeballs_are_round_and_face_outward():
    for ball in balls():
        np.testing.assert_allclose(np.linalg.norm(ball.vertices, axis=1), 1, atol=1e-5)
        a, b, c = (ball.vertices[corner] for corner in ball.triangles.T)
        outward = (np.cross(b - a, c - a) * (a + b + c)).sum(axis=1)
        assert (outward > -1e-9).all()


def test_coefficients_of_gaze():
    assert looks(0, 0) == {}
    assert looks(15, 0) == {"eyeLookInRight": 0.5, "eyeLookOutLeft": 0.5}
    assert looks(-60, 0) == {"eyeLookOutRight": 1.0, "eyeLookInLeft": 1.0}
    assert looks(0, -15) == {"eyeLookDownRight": 0.5, "eyeLookDownLeft": 0.5}
    assert set(looks(9, 9)) <= set(HeadFamily.load().names)
