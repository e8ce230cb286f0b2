import numpy as np
import pytest

from facelab.edits.cielab import to_lab, to_rgb
from facelab.heads.skin_marks import (
    Spots,
    bumps,
    clouds,
    laid_over,
    pores,
    spotted,
    strands,
    tinted,
)


@pytest.mark.parametrize("tone", [(60, 15, 20), (38, 14, 18), (72, 12, 16)])
def test_pigments_darken_and_redden_by_their_units(tone):
    tone = np.array(tone, np.float32)
    flat = np.tile(to_rgb(tone[None, None]), (4, 4, 1))
    none = np.zeros((4, 4), np.float32)
    darker = to_lab(tinted(flat, tone, none + 4, none))[0, 0] - tone
    redder = to_lab(tinted(flat, tone, none, none + 4))[0, 0] - tone
    assert darker[0] == pytest.approx(-4, abs=0.2)
    assert redder[1] == pytest.approx(4, abs=0.3)
    assert np.allclose(tinted(flat, tone, none, none), flat, atol=1e-6)


def test_spots_lie_where_they_are_likely():
    likely = np.zeros((8, 8), np.float32)
    likely[2, 5] = 1
    strewn = Spots.strewn(np.random.default_rng(0), likely, 200, (0.002, 0.004), 10.0)
    assert (np.floor(strewn.places * 8) == (5, 2)).all()
    drawn = spotted([strewn], 64)
    assert drawn[:12].sum() < 1e-3 * drawn.sum()
    assert drawn.min() >= 0


def test_a_spot_holds_its_ink_at_every_size():
    one = Spots(*(np.array(x, np.float32) for x in ([[0.4, 0.6]], [0.02], [5.0])))
    totals = [spotted([one], size).sum() / size**2 for size in (64, 128, 256)]
    assert totals == pytest.approx([totals[-1]] * 3, rel=0.02)
    assert spotted([one], 256).max() == pytest.approx(5, rel=0.02)


def test_spots_are_the_sum_of_each_of_them():
    rng = np.random.default_rng(1)
    size, places = 96, rng.uniform(0.2, 0.8, (5, 2))
    v, u = (np.indices((size, size)) + 0.5) / size
    slow = sum(
        4 * np.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * 0.03**2)) for x, y in places
    )  # all of one size, so that one blur draws them as they are
    drawn = spotted(
        [Spots(*(np.asarray(x, np.float32) for x in (places, [0.03] * 5, [4] * 5)))], size
    )
    assert np.abs(drawn - slow).max() < 0.03 * slow.max()


def test_no_spots_are_no_spots():
    none = Spots.strewn(np.random.default_rng(0), np.ones((4, 4), np.float32), 0, (0.1, 0.2), 1.0)
    assert not spotted([none], 32).any()


@pytest.mark.parametrize("noise", [pores, lambda rng, size: strands(rng, size, 0.9)])
def test_noise_is_the_same_at_every_size(noise):
    small, large = (noise(np.random.default_rng(5), size) for size in (128, 256))
    halved = large.reshape(128, 2, 128, 2).mean(axis=(1, 3))
    assert np.corrcoef(small.ravel(), halved.ravel())[0, 1] > 0.9


def test_noises_have_their_size_and_spread():
    rng = np.random.default_rng(0)
    assert pores(rng, 96).shape == (96, 96)
    assert clouds(rng, 96, (2.0, 0.1)).std() == pytest.approx(2, rel=0.5)
    hairs = strands(rng, 96, 0.9)
    assert 0 <= hairs.min() < 0.2 < 0.8 < hairs.max() <= 1


def test_a_bump_is_highest_in_its_middle():
    one = bumps(np.array([[0.25, 0.75]]), np.array([[0.1, 0.05]]), 64)
    assert np.unravel_index(one.argmax(), one.shape) in [(47, 15), (47, 16), (48, 15), (48, 16)]
    assert one.max() == pytest.approx(1, abs=0.05)


def test_a_colour_laid_over_is_mixed_by_its_share():
    skin = np.zeros((2, 2, 3), np.float32)
    share = np.array([[0, 0.25], [0.5, 1]], np.float32)
    mixed = laid_over(skin, np.float32([1, 0.5, 0]), share)
    assert mixed[1, 1].tolist() == [1, 0.5, 0]
    assert mixed[0, 1].tolist() == [0.25, 0.125, 0]
