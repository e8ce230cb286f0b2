"""The lines at which clothes and hanging hair begin around a neck."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.augment.neckline import hairline, neckline

ROWS, COLUMNS = 60, 120


@pytest.fixture
def clothes():
    out = np.zeros((ROWS, COLUMNS), bool)
    out[50:] = True
    return out


@pytest.fixture
def seen():
    """The front half of the neck."""
    out = np.zeros((ROWS, COLUMNS), bool)
    out[10:50, 30:90] = True
    return out


def test_clothes_that_end_below_the_neck_begin_there(seen, clothes):
    np.testing.assert_array_equal(neckline(np.zeros_like(seen), seen, clothes), 50)


def test_a_collar_goes_on_where_it_is_not_seen(seen, clothes):
    dressed = seen.copy()
    dressed[:40] = False
    np.testing.assert_allclose(neckline(dressed, seen, clothes), 40, atol=0.01)


def test_a_side_that_is_not_seen_is_as_the_other(seen, clothes):
    dressed = seen.copy()
    dressed[:40] = False
    dressed[:, :60] = False  # an open collar
    whole = neckline(dressed | dressed[:, ::-1], seen, clothes)
    seen[:, :60] = False
    np.testing.assert_allclose(neckline(dressed, seen, clothes), whole, atol=0.01)


@pytest.mark.parametrize("island", [np.s_[20:25, 40:60], np.s_[10:50, 56:62]])
def test_islands_and_streaks_are_no_clothes(seen, clothes, island):
    dressed = np.zeros_like(seen)
    dressed[island] = True
    np.testing.assert_allclose(neckline(dressed, seen, clothes), 50, atol=0.01)


def test_a_collar_does_not_reach_the_jaw_on_one_side(seen, clothes):
    dressed = np.zeros_like(seen)
    dressed[:, 70:90] = seen[:, 70:90]
    assert neckline(dressed, seen, clothes).min() >= 40 - 0.01


def test_what_is_not_seen_at_all_has_no_collar(seen, clothes):
    nothing = np.zeros_like(seen)
    np.testing.assert_array_equal(neckline(nothing, nothing, clothes), ROWS)


def test_hair_begins_where_most_of_it_is_behind():
    rng = np.random.default_rng(0)
    line = 30 + 5 * np.sin(np.arange(ROWS) / 20)
    hairy = np.arange(50) >= line[:, None]
    noisy = hairy ^ (rng.random(hairy.shape) < 0.1)
    found = hairline(noisy, np.ones_like(hairy))
    inner = slice(10, -10)
    assert np.abs(found - line)[inner].max() < 3


def test_a_strand_is_no_hair_that_hangs():
    hairy = np.zeros((ROWS, 50), bool)
    hairy[:, 20:23] = True
    np.testing.assert_array_equal(hairline(hairy, np.ones_like(hairy)), 50)


def test_rows_of_which_nothing_is_seen_follow_the_others():
    hairy = np.zeros((ROWS, 50), bool)
    hairy[:, 20:] = True
    seen = np.ones_like(hairy)
    seen[20:40] = False
    np.testing.assert_allclose(hairline(hairy & seen, seen), 20, atol=0.01)
    np.testing.assert_array_equal(hairline(hairy, np.zeros_like(seen)), 50)
