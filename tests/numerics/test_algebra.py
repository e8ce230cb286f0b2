"""Sums of products: the same as NumPy's, and the same for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.numerics.algebra import combined, product, solve
from tests.children import outputs

SIDES = st.integers(1, 9)


@given(st.lists(st.integers(0, 5), max_size=2), SIDES, st.none() | SIDES, st.integers(0, 99))
def test_a_product_is_a_matrix_product(rows, inner, columns, seed):
    rng = np.random.default_rng(seed)
    left = rng.normal(size=(*rows, inner))
    right = rng.normal(size=(inner,) if columns is None else (inner, columns))
    np.testing.assert_allclose(product(left, right), left @ right, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kinds", [("f4", "f4"), ("f4", "f8"), ("f8", "f4")])
def test_a_product_has_the_dtype_of_a_matrix_product(kinds):
    left, right = np.ones((4, 3), kinds[0]), np.ones((3, 2), kinds[1])
    assert product(left, right).dtype == (left @ right).dtype


def test_a_product_takes_views_and_keeps_them():
    left = np.arange(24.0).reshape(2, 3, 4)[:, ::-1, ::2]
    right = np.arange(6.0).reshape(3, 2).T
    before = left.copy(), right.copy()
    np.testing.assert_array_equal(product(left, right), left @ right)
    np.testing.assert_array_equal(left, before[0])
    np.testing.assert_array_equal(right, before[1])


def test_sides_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"left must have shape \(\.\.\., 3\), not \(2, 4\)"):
        product(np.ones((2, 4)), np.ones((3, 3)))


def test_parts_are_combined():
    parts = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(combined(np.array([2.0, -1.0]), parts), 2 * parts[0] - parts[1])


@given(st.integers(1, 30), st.integers(0, 99))
def test_elimination_solves(side, seed):
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(side, side + 3))
    matrix, right = half @ half.T + np.eye(side), rng.normal(size=side)
    before = matrix.copy()
    np.testing.assert_allclose(matrix @ solve(matrix, right), right, atol=1e-9)
    np.testing.assert_array_equal(matrix, before)


def test_sums_are_the_same_for_any_number_of_threads():
    code = """
import hashlib
import numpy as np
from facelab.numerics.algebra import combined, product, solve
rng = np.random.default_rng(0)
tall, wide = rng.normal(size=(1512, 468)).astype("f4"), rng.normal(size=(468, 3)).astype("f4")
image, colours = rng.normal(size=(300, 300, 3)).astype("f4"), rng.normal(size=(3, 3)).astype("f4")
parts = [product(tall, wide), product(image, colours), product(tall.T, tall[:, 0])]
parts += [combined(tall[:, 0], tall), solve(np.eye(468) + np.ones((468, 468)), wide[:, 0])]
print(hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest())
"""

    assert len(set(outputs(code))) == 1
