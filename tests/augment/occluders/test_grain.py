"""The grain of photographs: found as it was made, whatever is in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.augment.occluders.grain import grain_of, with_grain


def smooth(side=120):
    y, x = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j]
    picture = np.stack([0.3 + 0.3 * x, 0.4 + 0.2 * y, 0.5 + 0.2 * x * y], axis=-1)
    picture[40:70, 30:90] = 0.2  # edges are few
    return picture.astype(np.float32)


@pytest.mark.parametrize("deviation", [0.01, 0.03, 0.06])
def test_it_is_found(deviation):
    assert grain_of(with_grain(smooth(), deviation, 1)) == pytest.approx(deviation, rel=0.1)


def test_a_clean_picture_has_none():
    assert grain_of(smooth()) < 0.001
    assert grain_of(np.zeros((2, 2, 3), np.float32)) == 0


def test_the_seed_says_all():
    first, same, other = (with_grain(smooth(), 0.02, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
