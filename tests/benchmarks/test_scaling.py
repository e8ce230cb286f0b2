"""What grows faster than its work, and the photographs that tell it."""

import numpy as np
import pytest
from bench_scaling import FIXED, SHARE, growth, scenes

WORKS = [1, 2, 4, 8, 16]


@pytest.mark.parametrize("start", [0, 3])
def test_a_start_and_so_much_for_each_is_no_growth(start):
    assert growth(WORKS, [start + 0.2 * work for work in WORKS]) == pytest.approx(1)


def test_squares_grow_faster():
    assert growth(WORKS, [0.2 * work**2 for work in WORKS]) == pytest.approx((16 + 8) / (2 + 1))


def test_what_takes_no_time_tells_nothing():
    assert growth(WORKS, np.linspace(0.001, 0.002, 5)) == 0


def test_scenes_keep_to_their_limits():
    found = list(scenes(largest=2, most=4))
    assert max(scene.megapixels for scene in found if scene.faces == 1 and scene.width < 4000) <= 2
    assert [scene.faces for scene in found if scene.width == 4000] == [1, 2, 4]
    for scene in found:
        assert scene.face in (FIXED, SHARE * scene.height)
        assert scene.face * scene.rows < scene.height
