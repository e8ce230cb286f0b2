import numpy as np
import pytest

from facelab.heads.beard import Beard, bearded, with_beard
from facelab.heads.skin_bank import skin_bank
from facelab.heads.traits import Traits
from tests.heads.portraits import ATLAS

SKIN = np.full((64, 64, 3), 0.7, np.float32)
DARK = Traits(male=1, hair=(0.1, 0.1, 0.1))


def grown(beard):
    """How much darker a beard makes a face, ``(64, 64)``."""
    drawn, _ = with_beard(np.random.default_rng(0), skin_bank(), SKIN, beard, DARK)
    return (SKIN - drawn).mean(axis=2)


def test_no_beard_leaves_skin_as_it_is_and_a_full_one_hides_it():
    ones = np.ones((64, 64), np.float32)
    assert bearded(SKIN, ones, ones, Beard(), DARK) is SKIN
    assert bearded(SKIN, ones, ones, Beard(1, 1, 1), DARK).max() < 0.15


def test_women_have_no_beard():
    drawn = [Beard.drawn(np.random.default_rng(seed), Traits(male=0)) for seed in range(50)]
    assert set(drawn) == {Beard()}


def test_men_have_beards_of_many_kinds():
    drawn = [Beard.drawn(np.random.default_rng(seed), DARK) for seed in range(200)]
    assert {beard.style for beard in drawn if beard.cover} == {"full", "goatee", "moustache"}
    assert 30 < drawn.count(Beard()) < 90


@pytest.mark.parametrize("style", ["full", "goatee", "moustache"])
def test_a_beard_grows_where_its_style_has_it(style):
    darker = grown(Beard(0.5, 0.9, 0.9, style, 0.1))
    assert np.abs(darker[:22]).max() < 1e-6  # forehead and eyes
    assert darker[ATLAS.region("lips", 64) > 0.9].mean() < 0.1
    v, u = np.mgrid[:64, :64]
    lip, jaw = (v > 38) & (v < 41) & (abs(u - 31.5) < 6), (v > 46) & (v < 54) & (u > 10) & (u < 18)
    assert darker[lip].mean() > 0.1
    assert (darker[jaw].mean() > 0.1) == (style == "full")


def test_more_beard_is_darker():
    amounts = [grown(Beard(0.4, cover, 0.6)).mean() for cover in (0, 0.3, 0.6, 0.9)]
    assert amounts == sorted(amounts)


def test_a_seen_beard_is_drawn_as_dark_as_it_was():
    assert Beard.of_darkness(4) == Beard()
    covers = [Beard.of_darkness(darker).cover for darker in (6, 9, 12, 30)]
    assert covers == sorted(covers)
    assert covers[-1] == 1
