"""Retone: colours brought to another skin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.edits.cielab import to_lab
from facelab.edits.retone import retoned
from tests.synthetic import frozen, plain

LIGHT, DARK = (0.85, 0.66, 0.56), (0.3, 0.18, 0.12)
PAIRS = pytest.mark.parametrize(("own", "wanted"), [(LIGHT, DARK), (DARK, LIGHT)])
tones = st.tuples(*[st.floats(0.1, 0.9)] * 3)


def field(colour, side=8):
    return plain((side, side), colour)


def moved(colour, own, wanted):
    """One colour moved."""
    return retoned(field(colour), field(own, 2), field(wanted, 2))[0, 0]


def greys():
    return frozen(np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 3, axis=2))


@settings(max_examples=20)
@given(tones, tones)
def test_the_skin_becomes_the_other_and_black_and_white_stay(own, wanted):
    np.testing.assert_allclose(moved(own, own, wanted), wanted, atol=0.01)  # OpenCV looks CIELAB up
    np.testing.assert_allclose(moved((0, 0, 0), own, wanted), 0, atol=0.02)
    np.testing.assert_allclose(moved((1, 1, 1), own, wanted), 1, atol=0.02)


@settings(max_examples=20)
@given(tones, st.integers(0, 99))
def test_equal_tones_change_nothing(tone, seed):
    colour = frozen(np.random.default_rng(seed).random((8, 8, 3)))
    np.testing.assert_allclose(retoned(colour, field(tone, 2), field(tone, 2)), colour, atol=1e-5)


@PAIRS
def test_lighter_stays_lighter(own, wanted):
    rows = np.repeat(greys(), 64, axis=0)
    lightness = to_lab(retoned(frozen(rows), field(own), field(wanted)))[0, :, 0]
    assert (np.diff(lightness) > -0.2).all()


@PAIRS
def test_brows_stay_as_dark_and_get_no_hue_of_their_own(own, wanted):
    brow = 0.35 * np.float32(own)
    lab = to_lab(np.float32(moved(brow, own, wanted))[None, None])[0, 0]
    light, a, b = (float(value) for value in lab)
    assert light < 0.6 * to_lab(np.float32(wanted)[None, None])[0, 0, 0]
    assert a > -1 and b > -1  # neither green nor blue


@PAIRS
def test_contrast_next_to_the_skins_tone_hardly_grows(own, wanted):
    def lightness(colour):
        return float(to_lab(np.float32(colour)[None, None])[0, 0, 0])

    for factor in (0.96, 1.04):
        was = lightness(factor * np.float32(own)) - lightness(own)
        now = lightness(moved(factor * np.float32(own), own, wanted)) - lightness(wanted)
        assert 0 < now / was < 1.4


@pytest.mark.parametrize(
    ("own", "wanted", "tint"),
    [(LIGHT, DARK, (0.97, 0.85, 0.8)), (DARK, LIGHT, (1.3, 1.03, 1.0))],
    ids=["lips on dark skin", "cheeks on light skin"],
)
def test_contrast_of_colour_shrinks_as_that_of_lightness_does(own, wanted, tint):
    def chroma(colour, skin):
        return np.linalg.norm(np.subtract(*(to_lab(field(c))[0, 0, 1:] for c in (colour, skin))))

    tinted = tint * np.float32(own)
    assert chroma(moved(tinted, own, wanted), wanted) < 0.8 * chroma(tinted, own)
