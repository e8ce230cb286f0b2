"""What each pixel around a face shows, at the photograph's pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.constants import PARTS
from facelab.geometry.parsing import NOT_SEEN, SIDE, Parsing
from facelab.types import Crop
from tests.synthetic import canonical, frozen

SHAPE = (90, 120)
WHOLE = (slice(0, SHAPE[0]), slice(0, SHAPE[1]))


def halves(left="hair", right="skin", share=1.0):
    """Shares of a crop whose left half is one part and whose right another."""
    shares = np.full((SIDE, SIDE, len(PARTS)), (1 - share) / (len(PARTS) - 1), np.float32)
    shares[:, : SIDE // 2, PARTS.index(left)] = share
    shares[:, SIDE // 2 :, PARTS.index(right)] = share
    return frozen(shares)


def upright(x, y, side):
    return Crop((x, y), side, 0.0, SIDE)


crops = st.builds(
    Crop,
    st.tuples(st.floats(-30, 150), st.floats(-30, 120)),
    st.floats(2, 300),
    st.floats(-180, 180),
    st.just(SIDE),
)


def test_parts_by_hand():
    found, share = Parsing(halves(), upright(59.5, 44.5, 40)).leading(WHOLE)
    assert found.shape == share.shape == SHAPE
    assert (found[25:65, 40:60] == PARTS.index("hair")).all()
    assert (found[25:65, 60:80] == PARTS.index("skin")).all()
    seen = np.zeros(SHAPE, np.bool_)
    seen[25:65, 40:80] = True
    np.testing.assert_array_equal(found != NOT_SEEN, seen)
    np.testing.assert_array_equal(share > 0, seen)


def test_the_largest_share_leads():
    shares = halves("lips", "mouth", 0.6)
    found, share = Parsing(shares, upright(59.5, 44.5, 40)).leading(WHOLE)
    assert (found[45, 45], found[45, 75]) == (PARTS.index("lips"), PARTS.index("mouth"))
    assert share[45, 45] == pytest.approx(0.6, abs=1e-5)


@given(crops)
@settings(max_examples=20)
def test_a_window_s_pixels_are_those_of_the_photograph(crop):
    parsing = Parsing(halves(), crop)
    whole, shares = parsing.leading(WHOLE)
    window = parsing.window(SHAPE)
    part, share = parsing.leading(window)
    decided = share > 0.55  # half of each, either may lead
    np.testing.assert_array_equal(part[decided], whole[window][decided])
    np.testing.assert_allclose(share, shares[window], atol=0.02)
    rest = np.ones(SHAPE, np.bool_)
    rest[window] = False
    assert (whole[rest] == NOT_SEEN).all()


@given(crops)
@settings(max_examples=20)
def test_pixels_lie_in_the_half_that_the_crop_puts_them_in(crop):
    part, _ = Parsing(halves(), crop).leading(WHOLE)
    y, x = np.mgrid[WHOLE].astype(np.float32)
    places = crop.apply(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(*SHAPE, 2)
    inside = ((places > 0) & (places < SIDE - 1)).all(axis=2)
    away = np.abs(places[..., 0] - (SIDE - 1) / 2) > 1
    left = places[..., 0] < (SIDE - 1) / 2
    expected = np.where(left, PARTS.index("hair"), PARTS.index("skin"))
    np.testing.assert_array_equal(part[inside & away], expected[inside & away])


def test_of_a_crop_outside_nothing_is_seen():
    parsing = Parsing(halves(), upright(-1e6, 5e6, 40))
    part, share = parsing.leading(parsing.window(SHAPE))
    assert part.size == share.size == 0


def test_shares_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="shares must have shape"):
        Parsing(np.zeros((SIDE, SIDE, 6), np.float32), upright(0, 0, 1))


def test_texels_are_the_shares_at_their_places_part_by_part():
    parsing, positions = Parsing(halves(), upright(128, 130, 260)), canonical()
    texels = parsing.texels(positions)
    for number, part in enumerate(PARTS):
        expected = parsing.at(positions.values[..., :2], part)
        np.testing.assert_allclose(texels[..., number], expected, atol=1 / 32)  # of a pixel
        assert texels[..., number].flags.c_contiguous


@settings(max_examples=30, deadline=None)
@given(crops, st.integers(1, 9))
def test_a_window_with_a_step_is_every_so_many_pixels(crop, step):
    parsing = Parsing(halves(), crop)
    some = tuple(slice(part.start, part.stop, step) for part in WHOLE)
    for look in (lambda window: parsing.over(window, "hair"), parsing.margin):
        np.testing.assert_allclose(look(some), look(WHOLE)[::step, ::step], atol=2e-2)


def test_a_margin_by_hand():
    parsing = Parsing(halves(), upright(60, 45, 64.0))
    margin = parsing.margin(WHOLE)
    assert margin[45, 60] == pytest.approx(SIDE / 2, abs=3)
    assert margin[45, 30] == pytest.approx(4 * (30 - 28) + 2, abs=3)
    assert margin[45, 20] < 0 < margin[30, 60]
