"""A change of a face, carried on over the skin around it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.constants import PARTS
from facelab.edits import Tone
from facelab.face.continuation import Change, _enlarged, _on_grid, _reach
from facelab.types import Face
from tests.synthetic import canonical, frozen, plain, texture

PLACES = canonical()
SKINS = {"light": (0.85, 0.68, 0.58), "dark": (0.36, 0.23, 0.17)}


def shaded(colour):
    """A face of one colour, all skin, darker toward one side, with spots lighter and darker."""
    across, down = np.meshgrid(np.linspace(0, 1, 256), np.linspace(0, 1, 256))
    light = (1 - 0.4 * across) * (1 + 0.15 * np.sin(60 * across) * np.sin(60 * down))
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    parts[..., PARTS.index("skin")] = 1
    seen = texture(256, colour)
    return Face(
        PLACES,
        type(seen)(
            frozen(np.clip(light[..., None] * colour, 0, 1)), seen.confidence, frozen(parts)
        ),
    )


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize(
    "values", [{"exposure": 0.4}, {"contrast": 0.4}, {"temperature": 0.8}, {"saturation": -1}]
)
def test_what_is_learnt_of_a_face_does_to_it_what_the_edit_did(skin, values):
    before = shaded(SKINS[skin])
    after = Tone(**values)(before, {})
    change = Change.of([(before, after)])
    fields = cv2.resize(change.maps[..., :6], (256, 256))
    own, wanted = before.texture.colour, after.texture.colour
    drawn = change.applied(own, fields, np.ones((256, 256), np.float32))
    inside = PLACES.atlas.region("oval", 256) > 0.5
    assert np.abs(drawn - wanted)[inside].mean() < 0.35 * np.abs(own - wanted)[inside].mean()


def test_steps_add_up_and_their_inverse_is_nothing():
    before = shaded(SKINS["light"])
    middle = Tone(exposure=0.3)(before, {})
    after = Tone(temperature=0.5)(middle, {})
    both, whole = Change.of([(before, middle), (middle, after)]), Change.of([(before, after)])
    np.testing.assert_allclose(both.field, whole.field, atol=1e-3)
    none = Change.of([(before, middle), (middle, before)])
    assert np.abs(none.field).max() < 1e-3


def test_black_and_what_has_no_share_stay():
    before = shaded(SKINS["light"])
    change = Change.of([(before, Tone(exposure=0.5)(before, {}))])
    fields = cv2.resize(change.maps[..., :6], (64, 64))
    ones, none = np.ones((64, 64), np.float32), np.zeros((64, 64), np.float32)
    np.testing.assert_allclose(
        change.applied(plain((64, 64), (0, 0, 0)), fields, ones), 0, atol=1e-4
    )
    grey = plain((64, 64))
    np.testing.assert_allclose(change.applied(grey, fields, none), grey, atol=1e-4)


@given(
    st.integers(1, 9),
    st.tuples(st.integers(0, 20), st.integers(0, 20)),
    st.tuples(st.integers(-15, 30), st.integers(-15, 30)),
)
def test_a_grid_has_what_is_drawn_at_its_pixels(step, corner, other):
    region = tuple(slice(start, start + 40) for start in corner)
    window = tuple(slice(max(start, 0), max(start, 0) + 25) for start in other)
    image = np.zeros((80, 80), np.float32)
    image[window] = np.arange(1, 25 * 25 + 1).reshape(25, 25)
    around, grid = _on_grid(image[window][::step, ::step, None], window, region, step)
    np.testing.assert_array_equal(grid[..., 0], image[around][::step, ::step])
    for wide, own, part in zip(around, window, region, strict=True):
        assert wide.start <= own.start
        assert wide.stop >= max(own.stop, part.stop)
        assert part.start > own.start or wide.start - part.start in range(step)


@given(st.integers(1, 9))
def test_an_enlarged_grid_has_its_values_at_their_pixels(step):
    grid = np.random.default_rng(3).random((8, 9)).astype(np.float32)
    region = slice(5, 6 + 7 * step), slice(2, 3 + 8 * step)
    out = _enlarged(grid, step, region, region)
    np.testing.assert_allclose(out[::step, ::step], grid, atol=1e-6)
    part = slice(7, 5 + 7 * step), slice(3, 2 + 8 * step)
    np.testing.assert_allclose(_enlarged(grid, step, region, part), out[2:-1, 1:-1], atol=1e-6)


def reach(skin, neck=None):
    face = np.zeros((60, 60), np.bool_)
    face[20:40, 20:40] = True
    neck = np.zeros_like(skin) if neck is None else neck
    return _reach(skin, neck, face, 30.0)


def test_skin_apart_from_the_face_is_not_reached():
    skin = np.zeros((60, 60), np.float32)
    skin[20:40, 20:45], skin[20:40, 50:] = 1, 1
    out = reach(skin)
    assert out[30, 30] == 1
    assert out[30, 42] > 0.5
    assert not out[30, 52:].any()


def test_it_goes_farther_on_a_neck_and_ends_in_the_end():
    skin = np.ones((60, 60), np.float32)
    neck = np.zeros_like(skin)
    neck[40:] = 1
    out = reach(skin, neck)
    assert out[50, 30] > out[9, 30] == out[30, 9]
    assert not out[:5].any()
    down = out[40:, 30]
    assert (np.diff(down) <= 1e-6).all()


def test_a_cut_in_the_skin_is_walked_around():
    skin = np.ones((60, 60), np.float32)
    skin[42, 10:50] = 0
    neck = np.ones_like(skin)
    assert reach(skin, neck)[46, 30] < reach(np.ones_like(skin), neck)[46, 30]
