"""Temples of glasses: where they end, and what lies over them."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.face.temple import Temple
from tests.synthetic import frozen, plain

SHAPE = (60, 100)
BLACK = frozen(np.zeros(3))


def level(width=4.0, opacity=1.0, row=30.0):
    """A temple from the left, whose ear is looked for from column 60 to 90."""
    ends = np.stack([np.arange(60, 91, 2), np.full(16, row)], axis=1)
    return Temple(frozen([20, row]), frozen(ends), width, BLACK, opacity)


def shows(**columns):
    """What the picture's columns show, from first to last; skin elsewhere."""

    def shares(window, parts):
        x = np.broadcast_to(np.arange(SHAPE[1]), SHAPE)[window]
        found = {name: (x >= first) & (x < last) for name, (first, last) in columns.items()}
        nothing = np.zeros(x.shape, np.bool_)
        found["skin"] = ~np.logical_or.reduce([nothing, *found.values()])
        shown = [found[name] for name in parts if name in found]
        return np.logical_or.reduce([nothing, *shown]).astype(np.float32)

    return shares


def drawn(temple, mask=None, **columns):
    """How far each pixel of a white picture has become black."""
    return 1 - temple.drawn(plain(SHAPE, (1, 1, 1)), shows(**columns), mask)[..., 0]


def test_it_ends_where_the_ear_begins():
    found = drawn(level(), ears=(70, 100))
    np.testing.assert_array_equal(found[29:32, 20:70], 1)
    assert not found[:, 74:].any()


def test_it_goes_on_where_no_ear_is_seen():
    found = drawn(level())
    assert found[30, 20:90].min() == 1


def test_hair_lies_over_it_unless_it_ends_at_an_ear():
    hidden = drawn(level(), hair=(50, 100))
    assert hidden[30, 20:50].min() == 1
    assert not hidden[:, 50:].any()
    over = drawn(level(), hair=(50, 70), ears=(70, 100))
    assert over[30, 20:70].min() == 1


@pytest.mark.parametrize("part", ["front", "background", "clothes"])
def test_what_is_in_front_and_behind_stays(part):
    assert not drawn(level(), **{part: (40, 100)})[:, 40:].any()


@pytest.mark.parametrize("width", [0.3, 1.0, 2.5, 6.0])
def test_it_covers_as_much_as_its_width(width):
    for row in (30.0, 30.4):
        found = drawn(level(width, row=row), ears=(70, 100))
        assert found[:, 40].sum() == pytest.approx(width, abs=0.02)
    assert drawn(level(width, opacity=0.5))[:, 40].sum() == pytest.approx(width / 2, abs=0.02)


def test_a_mask_limits_it():
    mask = np.ones(SHAPE, np.float32)
    mask[:, 40:] = 0
    found = drawn(level(), mask)
    assert found[30, 20:40].min() == 1
    assert not found[:, 40:].any()


def test_outside_of_the_picture_nothing_is_drawn():
    image = plain(SHAPE, (1, 1, 1))
    assert level(row=500.0).drawn(image, shows()) is image
    assert np.isfinite(level(row=-3.0).drawn(image, shows())).all()
