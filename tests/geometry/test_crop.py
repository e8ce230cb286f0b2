"""Cutting views: what is read of a photograph is all that a view shows."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.geometry import crop as crops
from facelab.geometry.crop import cut
from facelab.numerics.integers import from_integers
from facelab.types import Crop
from tests.synthetic import photograph


@pytest.mark.parametrize("roll", [0.0, 17.0, -45.0, 90.0, 200.0])
@pytest.mark.parametrize("side", [300.0, 401.3, 570.0])
def test_a_cut_needs_only_what_is_read(roll, side):
    """The corners of the view, and the pixels beside them, lie in the part that is read."""
    image = np.zeros((2000, 2000, 3), np.uint8)
    crop = Crop((1000.4, 990.7), side, roll, 100)
    part, (x0, y0) = crops._around(image, crop)
    ends = np.array([[-1, -1], [-1, 100], [100, -1], [100, 100]], np.float32)
    places = crop.invert(ends)
    assert (places > (x0, y0)).all()
    assert (places < (x0 + part.shape[1] - 1, y0 + part.shape[0] - 1)).all()
    assert part.size < 0.9 * 2.25 * 3 * side**2 or abs(np.sin(np.deg2rad(2 * roll))) > 0.9


@pytest.mark.parametrize("roll", [0.0, 20.0, 90.0])
def test_what_is_beyond_what_is_read_shows_nowhere(roll):
    image = photograph("astronaut.png")
    crop = Crop((250.0, 240.0), 220.0, roll, 50)
    part, (x0, y0) = crops._around(image, crop)
    other = np.ones_like(image)
    window = slice(y0, y0 + part.shape[0]), slice(x0, x0 + part.shape[1])
    other[window] = image[window]
    np.testing.assert_array_equal(cut(other, crop), cut(image, crop))


def test_blocks_are_the_same_at_any_roll():
    image = np.zeros((900, 900, 3), np.float32)
    starts = [
        crops._around(image, Crop((450.0, 450.0), 310.0, roll, 100))[1] for roll in range(0, 90, 7)
    ]
    assert len({(x % 3, y % 3) for x, y in starts}) == 1
    assert len(set(starts)) > 1


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("side", [30.0, 63.7, 150.0, 400.0])
@pytest.mark.parametrize("centre", [(90.3, 70.8), (5.0, 130.0), (300.0, -20.0)])
@pytest.mark.parametrize("roll", [0.0, 40.0])
def test_crops_of_integers_are_those_of_floats(kind, side, centre, roll):
    values = np.random.default_rng(2).integers(0, np.iinfo(kind).max + 1, (140, 200, 3), kind)
    crop = Crop(centre, side, roll, 64)
    found = cut(values, crop)
    assert found.dtype == np.float32 and found.shape == (64, 64, 3)
    # Where it is reduced first the means are rounded to integers.
    rounding = 0.5 / np.iinfo(kind).max
    np.testing.assert_allclose(found, cut(from_integers(values), crop), atol=rounding + 1e-4)
