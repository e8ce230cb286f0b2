from __future__ import annotations

import numpy as np
import pytest

from facelab.edits.catchlight import Catchlight
from facelab.face.eye_layer import eyes_of
from facelab.numerics.smoothing import resized
from tests.editing import change
from tests.eyed import IRIS, eyed, mirrored


@pytest.mark.parametrize(("angle", "x", "y"), [(0, 0.42, 0), (90, 0, -0.42), (-135, -0.3, 0.3)])
def test_the_light_is_at_the_same_place_of_both_eyes(angle, x, y):
    face = eyed()
    by = change(Catchlight(angle=angle), face).sum(axis=2)
    for eye in eyes_of(face):
        weight = np.dstack([by[eye.box]] * 2)
        found = np.average(eye.places, axis=(0, 1), weights=weight)
        np.testing.assert_allclose(found, (x, y), atol=0.08)
        assert not by[eye.box][eye.lid < 0].any()


@pytest.mark.parametrize("shape", ["round", "window", "ring"])
def test_a_light_is_white_and_the_same_at_any_size(shape):
    edit = Catchlight(shape=shape, size=0.35)
    small, large = (change(edit, eyed(size)) for size in (384, 768))
    touched = np.abs(small).max(axis=2) > 0.01
    assert touched.any()
    assert np.abs(resized(large, 384) - small)[touched].mean() < 0.06
    assert edit(eyed(768), {}).texture.colour.max() > 0.9


def test_lights_that_are_there_can_be_taken_away():
    face = eyed(light=(-0.5, 0.1))
    kept, alone = (Catchlight(angle=45, replace=only)(face, {}) for only in (False, True))
    for eye in eyes_of(face):
        lamp = np.hypot(eye.places[..., 0] + 0.5, eye.places[..., 1] - 0.1) < 0.1
        assert kept.texture.colour[eye.box][lamp].min() > 0.9
        was = alone.texture.colour[eye.box][lamp]
        np.testing.assert_allclose(was, np.broadcast_to(IRIS, was.shape), atol=0.08)


def test_a_mirror_turns_the_angle_round():
    face = eyed()
    after = Catchlight(angle=30)(face, {}).texture.colour
    other = Catchlight(angle=150)(mirrored(face), {}).texture.colour[:, ::-1]
    assert np.abs(other - after).mean() < 2e-4


def test_strength_zero_is_the_face_itself():
    face = eyed()
    assert Catchlight(strength=0)(face, {}) is face
