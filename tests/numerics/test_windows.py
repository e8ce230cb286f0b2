"""Windows hold all that a mask has, and mixing is the formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelab.numerics.windows import around, laid_over, mixed, scaled, window_of


@given(arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_a_window_is_the_smallest_that_holds_a_mask(mask):
    rows, columns = window_of(mask)
    outside = mask.copy()
    outside[rows, columns] = False
    assert not outside.any()
    inside = mask[rows, columns]
    if mask.any():
        edges = inside[0], inside[-1], inside[:, 0], inside[:, -1]
        assert all(edge.any() for edge in edges)
    else:
        assert inside.shape == (1, 1)


def test_a_window_holds_all_channels():
    mask = np.zeros((8, 9, 3), np.float32)
    mask[2, 7, 0] = mask[6, 3, 2] = 0.1
    assert window_of(mask) == (slice(2, 7), slice(3, 8))


@given(
    arrays(np.bool_, st.tuples(st.integers(1, 30), st.integers(1, 30))),
    st.integers(0, 5),
    st.integers(1, 8),
)
def test_a_window_with_room_around_is_aligned_and_within_the_mask(mask, room, step):
    for part, smallest, side in zip(
        around(mask, room, step), window_of(mask), mask.shape, strict=True
    ):
        assert part.start % step == 0
        assert part.stop % step == 0 or part.stop == side
        assert 0 <= part.start <= max(smallest.start - room, 0) < part.start + step
        assert min(smallest.stop + room, side) <= part.stop <= side


@given(st.integers(0, 20), st.integers(1, 20), st.integers(1, 900))
def test_a_scaled_window_holds_all_that_it_reaches(first, long, size):
    (rows, columns) = scaled((slice(first, first + long), slice(0, 40)), 40, size)
    assert columns == slice(0, size)
    assert rows.start <= first * size / 40 < rows.start + 1
    assert rows.stop - 1 < (first + long) * size / 40 <= rows.stop


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_mixing_is_the_formula_and_bit_for_bit_at_its_ends(share):
    rng = np.random.default_rng(1)
    values, others = rng.random((2, 20, 31, 3), np.float32)
    shares = np.full((20, 31), share, np.float32)
    shares[:, 10:] = rng.random((20, 21), np.float32)
    out = mixed(values, others, shares)
    np.testing.assert_allclose(out, values + shares[..., None] * (others - values), atol=1e-7)
    if share in (0, 1):
        np.testing.assert_array_equal(out[:, :10], (others if share else values)[:, :10])


@pytest.mark.parametrize("size", [32, 80])
def test_what_is_smooth_is_laid_over_a_window_of_a_larger_map(size):
    rng = np.random.default_rng(0)
    values = rng.random((size, size, 3), dtype=np.float32)
    colour, cover = np.float32((0.2, 0.5, 0.9)), np.zeros((32, 32), np.float32)
    cover[10:20, 6:16] = 0.75
    window = around(cover, 2, 4)
    part = cover[window]
    here = scaled(window, 32, size)
    out = laid_over(values, 1 - part, part[..., None] * colour, here)
    inside, outside = np.zeros((2, size, size), bool)
    inside[scaled((slice(11, 19), slice(7, 15)), 32, size)] = True
    outside[here] = True
    np.testing.assert_array_equal(out[~outside], values[~outside])
    np.testing.assert_allclose(out[inside], 0.25 * values[inside] + 0.75 * colour, atol=1e-6)
    assert not np.shares_memory(out, values)
