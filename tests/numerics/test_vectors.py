"""Vectors: as NumPy's own sums have them, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.numerics.vectors import dot, unit


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3,), (7, 3), (4, 5, 3)])
def test_a_scalar_product_is_the_sum_over_the_last_axis(kind, shape):
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(2, *shape)).astype(kind)
    found = dot(left, right)
    np.testing.assert_array_equal(found, (left * right).sum(axis=-1))
    assert found.dtype == kind


def test_unit_vectors_keep_their_direction():
    vectors = np.random.default_rng(1).normal(size=(9, 3)) * 1e4
    np.testing.assert_allclose(np.linalg.norm(unit(vectors), axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.cross(unit(vectors), vectors), 0, atol=1e-2)
    assert unit(vectors).dtype == np.float32


def test_a_vector_without_a_direction_stays_finite():
    np.testing.assert_array_equal(unit(np.zeros((2, 3), np.float32)), 0)
