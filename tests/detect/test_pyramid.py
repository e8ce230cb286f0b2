"""A photograph's halvings: what they show lies where it does in the photograph."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.detect.pyramid import COARSEST, Pyramid, halved
from facelab.geometry.crop import cut
from facelab.numerics.integers import unit
from facelab.types import Crop
from tests.synthetic import photograph


def places(height, width):
    """Each pixel is its own place."""
    y, x = np.indices((height, width), np.float32)
    return np.dstack([x, y, 0 * x])


@given(height=st.integers(100, 1700), width=st.integers(100, 1700), scale=st.floats(0.04, 1))
@settings(max_examples=40, deadline=None)
def test_what_a_view_shows_is_where_its_factors_say(height, width, scale):
    view, factors = Pyramid(places(height, width)).at(scale)
    assert view.shape[:2] == tuple(max(4, round(side * scale)) for side in (height, width))
    y, x = np.indices(view.shape[:2])
    for found, at, factor in zip(cv2.split(view), (x, y), factors, strict=False):
        # The middle of a cell of whole pixels and parts of others is not quite that of their mean,
        # and OpenCV leaves out a part here and there.
        there = np.clip((at + 0.5) * factor - 0.5, 0, found.max())
        assert np.abs(found - there).mean() < 0.12 * max(factor, 1)


@pytest.mark.parametrize("side", [40.0, 200.0, 517.3, 1500.0])
@pytest.mark.parametrize("roll", [0.0, 30.0])
def test_a_crop_is_that_of_the_photograph(side, roll):
    image, crop = places(900, 1301), Crop((640.3, 450.7), side, roll, 64)
    shown, inner = Pyramid(image).cut(crop), slice(24, 40)  # within the image
    np.testing.assert_allclose(
        shown[inner, inner], cut(image, crop)[inner, inner], atol=0.02 * side / 64
    )


def test_integers_stay_integers_and_are_rounded_once_a_halving():
    image = np.asarray(255 * photograph("astronaut.png"), np.uint8)
    halves = image.reshape(256, 2, 256, 2, 3).mean(axis=(1, 3), dtype=np.float64)
    assert halved(image).dtype == np.uint8
    np.testing.assert_allclose(halved(image), halves, atol=0.5)
    crop = Crop((250.0, 130.0), 200.0, 10.0, 64)
    floats, integers = (Pyramid(values).cut(crop) for values in (unit(image), image))
    np.testing.assert_allclose(integers, floats, atol=1 / 255)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 2), (191, 383), (384, 200)])
def test_halvings_end_above_the_coarsest_look_and_before_nothing_is_left(shape):
    smallest = Pyramid(np.zeros((*shape, 3), np.uint8))._levels[-1]
    assert min(smallest.shape) >= 1
    assert max(smallest.shape[:2]) < 2 * COARSEST or min(smallest.shape[:2]) == 1
