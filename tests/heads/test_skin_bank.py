import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.edits.cielab import to_lab
from facelab.heads.skin_bank import ramp, skin_bank
from tests.heads.portraits import ATLAS, plain


def test_shipped_skins_have_no_brows():
    bank = skin_bank()
    brows, around = ATLAS.region("brows", 256) > 0.5, plain(256)
    for number in range(0, len(bank.faces), 7):
        light = to_lab(bank.face(number, bank.tones[number]))[..., 0]
        assert abs(light[brows].mean() - light[around].mean()) < 3
        assert light[brows].min() > light[around].mean() - 12


def test_shipped_skins_are_of_all_tones_and_both_sexes():
    bank = skin_bank()
    for male in (False, True):
        lights = bank.tones[bank.male == male, 0]
        assert lights.min() < 44
        assert lights.max() > 70
    assert len(bank.faces) == len(bank.tones) == 80


@pytest.mark.parametrize("lightness", [28, 50, 72])
def test_a_skin_takes_another_tone(lightness):
    bank = skin_bank()
    tone = bank.tone_at(lightness)
    for number in (0, 31, 62):
        assert np.abs(to_lab(bank.face(number, tone))[plain(256)].mean(axis=0) - tone).max() < 2


@pytest.fixture(scope="module")
def womens():
    """All women's skins in one tone, and the tone."""
    bank = skin_bank()
    tone = bank.tone_at(55)
    return tone, np.array([bank.face(k, tone) for k in np.flatnonzero(~bank.male)])


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_mix_lies_between_the_skins_that_are_mixed(womens, seed):
    tone, faces = womens
    mixed = skin_bank().drawn(np.random.default_rng(seed), 0, 20, tone)
    flipped = faces[:, :, ::-1]
    assert (mixed >= np.minimum(faces.min(axis=0), flipped.min(axis=0)) - 1e-4).all()
    assert (mixed <= np.maximum(faces.max(axis=0), flipped.max(axis=0)) + 1e-4).all()


@pytest.mark.parametrize("lightness", [15.0, 26.0, 50.0, 90.0])
def test_tones_stay_within_what_skin_has(lightness):
    tones = [skin_bank().tone(np.random.default_rng(seed), lightness) for seed in range(40)]
    light, red, yellow = np.array(tones).T
    assert (light == np.float32(lightness)).all()
    assert (np.min([red, yellow], axis=0) > 2).all()
    assert (np.hypot(red, yellow) < 42).all()


@given(st.tuples(st.floats(0, 100), st.floats(-60, 60), st.floats(-60, 60)))
def test_the_likely_tone_is_one_that_skin_has_and_stays(seen):
    bank = skin_bank()
    likely = bank.likely(np.array(seen, np.float32))
    assert np.abs(likely - bank.tone_at(likely[0])).max() <= 7.01
    assert bank.likely(likely) == pytest.approx(likely, abs=1e-3)


def test_maps_lie_where_they_belong():
    bank = skin_bank()
    assert bank.beard[:24].max() == bank.beard[24:34, 12:52].max() == 0
    assert bank.beard[40:55, 28:36].max() > 0.5
    assert not (bank.scalp * bank.throat > 0.1).any()
    assert bank.ears[..., 1].max() > 4
    assert np.abs(bank.creases.mean()) < 0.01 < bank.creases.std()


def test_a_ramp_is_straight_between_its_ends():
    assert [ramp(value, 2, 4) for value in (1, 2, 2.5, 4, 9)] == [0, 0, 0.25, 1, 1]
