from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facelab.edits.gaze import Gaze
from facelab.face.eye_layer import eyes_of
from facelab.numerics.smoothing import resized
from facelab.types import Face
from tests.eyed import IRIS, RADIUS, WHITE, eyed, mirrored


def dark(face):
    """The middle of the darkest of each eye, pixels of the photograph."""
    out = []
    for eye in eyes_of(face):
        black = np.clip(0.15 - face.texture.colour[eye.box].max(axis=2), 0, 1)
        out.append(
            eye.in_photograph(np.average(eye.places, axis=(0, 1), weights=np.dstack([black] * 2)))
        )
    return np.array(out)


@pytest.mark.parametrize("yaw", [-15.0, 10.0])
def test_irises_go_where_the_eyes_look(yaw):
    face = eyed()
    after = Gaze(yaw=yaw)(face, {})
    way = dark(after) - dark(face)
    expected = after.texture.eyes.irises[:, 0, :2] - face.texture.eyes.irises[:, 0, :2]
    np.testing.assert_allclose(way, expected, atol=0.12 * RADIUS)
    assert np.sign(way[:, 0]).tolist() == [np.sign(yaw)] * 2


def test_white_comes_where_the_iris_was_and_lids_stay():
    face = eyed()
    after = Gaze(yaw=15)(face, {})
    for eye in eyes_of(face):
        before, now = face.texture.colour[eye.box], after.texture.colour[eye.box]
        x, y = eye.places.transpose(2, 0, 1)
        left = (x < -0.75) & (x > -0.95) & (np.abs(y) < 0.15)
        np.testing.assert_allclose(now[left], np.broadcast_to(WHITE, now[left].shape), atol=0.05)
        np.testing.assert_array_equal(now[eye.lid < -eye.blur], before[eye.lid < -eye.blur])
    assert after.positions is face.positions


def test_a_reflection_goes_half_as_far_as_the_pupil():
    face = eyed(light=(-0.1, -0.1))
    after = Gaze(yaw=12)(face, {})
    pupil = after.texture.eyes.irises[0, 0, 0] - face.texture.eyes.irises[0, 0, 0]
    eye = eyes_of(face)[0]

    def lamp(one):
        bright = np.clip(one.texture.colour[eye.box].min(axis=2) - 0.82, 0, 1)
        bright *= eye.radius < 1.2
        return np.average(eye.places[..., 0], weights=bright) * RADIUS

    assert lamp(after) - lamp(face) == pytest.approx(pupil * 5.7 / 10.5, abs=0.12 * RADIUS)


def test_a_mirror_turns_the_yaw_round():
    face = eyed(aside=(0.2, 0.05))
    after = Gaze(yaw=12, pitch=3)(face, {})
    other = Gaze(yaw=-12, pitch=3)(mirrored(face), {})
    away = np.abs(other.texture.colour[:, ::-1] - after.texture.colour)
    assert away.mean() < 2e-4
    np.testing.assert_allclose(
        other.texture.eyes.irises[::-1, 0, 0], 400 - after.texture.eyes.irises[:, 0, 0], atol=0.01
    )


def test_half_the_strength_turns_by_half_the_angle():
    face = eyed()
    half, whole = Gaze(yaw=16, strength=0.5)(face, {}), Gaze(yaw=8)(face, {})
    np.testing.assert_array_equal(half.texture.colour, whole.texture.colour)
    assert Gaze(yaw=16, strength=0)(face, {}) is face
    assert Gaze()(face, {}) is face


def test_the_picture_is_the_same_at_any_size():
    small, large = (
        Gaze(yaw=12)(eyed(size), {}).texture.colour - eyed(size).texture.colour
        for size in (384, 768)
    )
    touched = np.abs(small).max(axis=2) > 0.01
    assert np.abs(resized(large, 384) - small)[touched].mean() < 0.05


def test_a_closed_eye_neither_moves_nor_says_so():
    face = eyed()
    points = face.texture.eyes
    lids = points.lids.copy()
    lids[0, :, 1] = lids[0, :, 1].mean() + 0.03 * (lids[0, :, 1] - lids[0, :, 1].mean())
    face = Face(face.positions, replace(face.texture, eyes=replace(points, lids=lids)))
    after = Gaze(yaw=12)(face, {})
    np.testing.assert_array_equal(after.texture.eyes.irises[0], points.irises[0])
    assert (after.texture.eyes.irises[1] != points.irises[1]).any()
    changed = (after.texture.colour != face.texture.colour).any(axis=(0, 2))
    assert not changed[:256].any() and changed[256:].any()


def test_where_no_white_is_seen_no_eye_turns():
    """One that turned alone would squint."""
    face = eyed()
    colour = face.texture.colour.copy()
    right = eyes_of(face)[0]
    colour[right.box][right.sclera > 0] = IRIS
    dark = Face(face.positions, replace(face.texture, colour=colour))
    assert Gaze(yaw=12)(dark, {}) is dark
