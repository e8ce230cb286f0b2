from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelab.geometry.pose import angles, estimate, matrix, similarity
from tests.synthetic import canonical

FEW = settings(max_examples=20, deadline=None)
NOSE, FOREHEAD = 30, 27  # landmarks: the nose's tip and the top of its bridge


def yaws(limit):
    return st.floats(-limit, limit)


@FEW
@given(yaws(80), yaws(40), yaws(40), st.floats(2, 60), st.tuples(yaws(900), yaws(900), yaws(90)))
def test_known_pose_is_found_again(yaw, pitch, roll, scale, origin):
    pose = estimate(canonical(yaw=yaw, pitch=pitch, roll=roll, scale=scale, origin=origin))
    np.testing.assert_allclose([pose.yaw, pose.pitch, pose.roll], [yaw, pitch, roll], atol=0.1)
    np.testing.assert_allclose(pose.rotation, matrix(yaw, pitch, roll), atol=2e-3)
    assert pose.scale == pytest.approx(scale, rel=2e-3)
    np.testing.assert_allclose(pose.translation, origin, atol=0.02 * scale)


def nose(**pose):
    """Where the nose's tip lies, from the middle of the cheeks: x, y right and down."""
    marks = canonical(**pose).landmarks
    return (marks[30] - (marks[2] + marks[14]) / 2)[:2]


def test_positive_yaw_turns_the_nose_to_image_right():
    assert nose(yaw=25)[0] > nose()[0] + 5
    assert nose(yaw=-25)[0] < nose()[0] - 5


def test_positive_pitch_lowers_the_nose():
    assert nose(pitch=25)[1] > nose()[1] + 5


def test_positive_roll_turns_counter_clockwise_as_seen():
    marks = canonical(roll=25).landmarks
    image_left, image_right = marks[36:42].mean(axis=0), marks[42:48].mean(axis=0)
    assert image_right[1] < image_left[1] - 5
    assert image_right[0] > image_left[0]


@FEW
@given(yaws(179.9).filter(lambda yaw: abs(abs(yaw) - 90) > 0.1), yaws(89.9), yaws(179.9))
def test_angles_invert_matrix(yaw, pitch, roll):
    np.testing.assert_allclose(angles(matrix(yaw, pitch, roll)), (yaw, pitch, roll), atol=1e-4)


@FEW
@given(st.sampled_from([-90, 90, -89.999, 89.9999]), yaws(179), yaws(179))
def test_angles_in_gimbal_lock_give_the_same_rotation(yaw, pitch, roll):
    turned = matrix(yaw, pitch, roll)
    np.testing.assert_allclose(matrix(*angles(turned)), turned, atol=1e-4)


@pytest.mark.parametrize(
    ("degrees", "start", "end"),
    [
        ((90, 0, 0), [0, 0, 1], [1, 0, 0]),
        ((0, 90, 0), [0, 0, 1], [0, -1, 0]),
        ((0, 0, 90), [1, 0, 0], [0, 1, 0]),
        ((90, 90, 0), [0, 0, 1], [0, -1, 0]),
        ((90, 0, 90), [0, 0, 1], [0, 1, 0]),
    ],
)
def test_quarter_turns(degrees, start, end):
    np.testing.assert_allclose(matrix(*degrees) @ start, end, atol=1e-12)


@FEW
@given(arrays(np.float64, (7, 3), elements=st.floats(-5, 5)), st.integers(0, 99))
def test_similarity_is_a_rotation_even_of_mirrored_points(noise, seed):
    source = np.random.default_rng(seed).normal(size=(7, 3)) * 3
    scale, rotation, _ = similarity(source, source * [-1, 1, 1] + 0.1 * noise)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert scale > 0


def test_similarity_has_the_least_squared_error():
    rng = np.random.default_rng(3)
    source, target = rng.normal(size=(2, 9, 3))
    target += 2 * source

    def error(scale, rotation, translation):
        return np.sum((scale * source @ rotation.T + translation - target) ** 2)

    scale, rotation, translation = similarity(source, target)
    least = error(scale, rotation, translation)
    for step in (-0.01, 0.01):
        assert error(scale + step, rotation, translation) > least
        assert error(scale, rotation, translation + step) > least
        for axis in range(3):
            turn = matrix(*np.eye(3)[axis] * 100 * step)
            assert error(scale, turn @ rotation, translation) > least
