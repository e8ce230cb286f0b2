"""Constant offsets of landmarks on the head: what is definition goes, what is error stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.benchmark.offsets import fitted_offsets, without_offsets
from facelab.geometry import pose

FLIP = np.array([[1.0], [-1.0]])


def heads(count, rng):
    """Axes of heads of any size, turned any way."""
    angles = rng.uniform(-80, 80, (count, 3))
    scale = rng.uniform(2, 30, count)[:, None, None]
    return scale * np.stack([pose.matrix(*one)[:2] * FLIP for one in angles])


def moved(landmarks, offsets, axes):
    """The plain way: each landmark of each face by its own offset."""
    out = landmarks.copy()
    for face in range(len(axes)):
        for point in range(68):
            out[face, point] += axes[face] @ offsets[point]
    return out


@given(st.integers(0, 2**32 - 1))
def test_another_definition_is_no_error(seed):
    rng = np.random.default_rng(seed)
    axes, offsets = heads(8, rng), rng.normal(0, 1, (68, 3))
    found = rng.uniform(0, 500, (8, 68, 2))
    truth = moved(found, offsets, axes)
    np.testing.assert_allclose(fitted_offsets(truth - found, axes), offsets, atol=1e-6)
    np.testing.assert_allclose(without_offsets(found, truth, axes), truth, atol=1e-5)


def test_errors_that_are_each_faces_own_stay():
    rng = np.random.default_rng(1)
    axes, found = heads(400, rng), rng.uniform(0, 500, (400, 68, 2))
    scale = np.linalg.norm(axes, axis=(1, 2))[:, None, None]
    truth = found + scale * rng.normal(0, 0.1, found.shape)
    before, after = (
        np.linalg.norm((one - truth) / scale, axis=2).mean()
        for one in (found, without_offsets(found, truth, axes))
    )
    assert after == pytest.approx(before, rel=0.01)


def test_no_face_is_fitted_to_itself():
    rng = np.random.default_rng(2)
    axes, found = heads(6, rng), rng.uniform(0, 500, (6, 68, 2))
    truth = moved(found, rng.normal(0, 1, (68, 3)), axes)
    other = truth.copy()
    other[2] += 40
    one, two = (without_offsets(found, each, axes) for each in (truth, other))
    np.testing.assert_array_equal(one[[0, 2, 4]], two[[0, 2, 4]])
    assert np.abs(one[1::2] - two[1::2]).max() > 1


@pytest.mark.parametrize("count", [0, 1])
def test_without_others_landmarks_stay_where_they_are(count):
    found = np.ones((count, 68, 2))
    axes = heads(count, np.random.default_rng(0)) if count else np.zeros((0, 2, 3))
    np.testing.assert_array_equal(without_offsets(found, found + 1, axes), found)
