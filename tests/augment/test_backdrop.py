"""What was behind a person is carried into their place."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from facelab.augment.backdrop import pulled, without


def wall(height=60, width=80):
    """Light that grows to the right, and a person in the middle."""
    image = np.repeat(np.linspace(0.2, 0.8, width, dtype=np.float32)[None, :, None], height, 0)
    person = np.zeros((height, width), np.float32)
    person[20:, 30:50] = 1
    return np.repeat(image, 3, axis=2), person


def test_nothing_of_a_person_is_left():
    image, person = wall()
    seen = np.where(person[..., None] > 0, np.float32([1, 0, 0]), image)
    after = without(seen, person, 2)
    assert np.abs(after - image).max() < 0.12
    np.testing.assert_array_equal(after[:, :20], seen[:, :20])


def test_hairs_beside_a_person_go_too():
    image, person = wall()
    seen = image.copy()
    seen[30, 51] = 0
    assert np.abs(without(seen, person, 3) - image).max() < 0.12
    assert np.abs(without(seen, person, 0) - image).max() > 0.3


def test_a_picture_of_nothing_but_a_person_stays():
    image, person = wall()
    assert without(image, np.ones_like(person), 1) is image


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 10**6))
def test_one_value_fills_everything(height, width, seed):
    weight = (np.random.default_rng(seed).random((height, width)) < 0.1).astype(np.float32)
    weight[height // 2, width // 2] = 1
    values = np.where(weight[..., None] > 0, np.float32([0.3, 0.6]), np.float32(np.pi))
    filled = pulled(values.astype(np.float32), weight)
    np.testing.assert_allclose(filled, np.broadcast_to([0.3, 0.6], filled.shape), atol=1e-4)


def test_known_values_stay():
    rng = np.random.default_rng(1)
    values, weight = rng.random((33, 47, 3), np.float32), (rng.random((33, 47)) < 0.4)
    filled = pulled(values, weight.astype(np.float32))
    np.testing.assert_allclose(filled[weight], values[weight], atol=1e-5)
    assert (
        values[weight].min() - 1e-5 <= filled.min() <= filled.max() <= values[weight].max() + 1e-5
    )
