from __future__ import annotations

import intervals
import numpy as np
import pytest


def test_errors_that_are_all_the_same_leave_no_doubt() -> None:
    assert str(intervals.mean(np.full((3, 50), 7.0))) == "7.0 [7.0, 7.0]"


def test_the_interval_is_that_of_the_mean_of_so_many_photographs() -> None:
    errors = np.random.default_rng(3).normal(10, 2, (1, 400))
    found = intervals.mean(errors)
    assert found.mean == pytest.approx(errors.mean())
    # 1.96 standard errors to each side
    assert found.high - found.low == pytest.approx(2 * 1.96 * errors.std() / 20, rel=0.1)


def test_networks_that_differ_widen_the_interval() -> None:
    errors = np.random.default_rng(3).normal(10, 0.1, (3, 400))
    alike, unlike = intervals.mean(errors), intervals.mean(errors + np.array([[-1], [0], [1]]))
    assert alike.high - alike.low < 0.1
    assert unlike.high - unlike.low > 0.8


def test_a_gain_is_of_the_same_photographs() -> None:
    """Though photographs differ by tens, what is gained on each is known to a tenth."""
    rng = np.random.default_rng(5)
    base = np.tile(rng.uniform(0, 50, 300), (2, 1))
    found = intervals.gain(base - 3 + rng.normal(0, 0.1, base.shape), base)
    assert found.mean == pytest.approx(3, abs=0.05)
    assert 2.9 < found.low < found.mean < found.high < 3.1
