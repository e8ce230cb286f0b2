"""Somebody else in the picture: cut out, beside or before the person, their face labelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facelab.augment.classes import CLASSES, COVERED, NOT_KNOWN
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.scene import Scene
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.mirror import Mirror
from facelab.augment.steps.people import People
from facelab.edits.edit import Picture
from facelab.errors import UsageError
from facelab.face.composite import render
from facelab.images import Image
from facelab.model import FaceObservation
from facelab.recipe.inputs import Person
from facelab.types import Face, Reconstruction, Texture
from tests.synthetic import canonical, frozen, plain

SIDE, OTHER = 120, 90
GREY, GREEN, WHITE = 0.5, np.float32([0.1, 0.6, 0.1]), 0.9


def own(matte=None):
    """A grey scene with a face of about 53 pixels, a person only where the face is."""
    positions = canonical(scale=3, origin=(60, 60, 0))
    image = np.full((SIDE, SIDE, 3), GREY, np.float32)
    face = Face(positions, Texture(plain((8, 8)), frozen(np.ones((8, 8)))))
    if matte is None:
        matte = covered(positions, (SIDE, SIDE))
    made = Scene.of(frozen(image), face, matte=frozen(matte))
    return replace(made, texture=None)


def covered(positions, shape):
    """1 where a face is drawn."""
    face = Face(positions, Texture(plain((256, 256)), frozen(np.ones((256, 256)))))
    layer = render(face, np.ones((256, 256), np.float32), shape)
    out = np.zeros(shape, np.float32)
    out[layer.window][layer.fragments.covered] = 1
    return out


def somebody():
    """Another person: a green face before white."""
    positions = canonical(scale=2.4, yaw=25, origin=(40, 45, 0))
    matte = covered(positions, (OTHER, OTHER))
    image = np.where(matte[..., None] > 0, GREEN, np.float32(WHITE))
    seen = FaceObservation(Image(frozen(image)), Reconstruction(positions, 1.0))
    return Person((seen,), None, frozen(matte))


def put(scene=None, **keys):
    return People(source="other", **keys).compose(scene or own(), {"other": somebody()})


def is_green(image):
    return image[..., 1] > image[..., 0] + 0.3


@pytest.mark.parametrize("seed", range(6))
def test_the_other_is_where_their_label_says(seed):
    after = put(seed=seed, before=True)
    face = after.truth.others[0].positions
    drawn = covered(face, (SIDE, SIDE)) > 0
    green = is_green(after.image)
    assert green.sum() > 100
    assert (green & drawn).sum() > 0.93 * max(green.sum(), drawn.sum())


def test_the_person_stays_in_front_and_labelled():
    before = own()
    for seed in range(6):
        after = put(before, seed=seed)
        person = before.matte == 1
        np.testing.assert_array_equal(after.image[person], before.image[person])
        np.testing.assert_array_equal(after.occlusion, before.occlusion)
        assert after.positions is before.positions
        assert (after.truth.classes[person] == before.truth.classes[person]).all()


def test_whoever_is_before_the_person_hides_them():
    either = [put(seed=1, before=True, right=right) for right in (-0.9, 0.9)]
    person = own().matte == 1
    after = max(either, key=lambda made: made.occlusion[person].sum())
    hidden = after.occlusion > COVERED
    assert (hidden & person).sum() > 100
    assert (hidden != is_green(after.image)).mean() < 0.005
    assert (after.truth.classes[hidden] == NOT_KNOWN).all()


def test_no_colours_of_the_other_background_come_along():
    after = put(seed=2, before=True)
    assert after.image.max() < GREEN[1] + 0.05  # of white no trace


def test_both_are_people_for_what_follows():
    after = put(seed=3)
    shown = is_green(after.image)
    assert (after.matte[shown] > 0.5).all()
    assert (after.truth.classes[shown] != CLASSES["background"]).all()


def test_the_seed_says_where_and_keys_move_and_grow():
    np.testing.assert_array_equal(put(seed=4).image, put(seed=4).image)
    face, moved = (
        put(seed=4, **keys).truth.others[0].positions for keys in ({}, {"right": 0.3, "down": -0.2})
    )
    size = own().positions.box.size
    valid = face.atlas.valid
    away = (moved.values - face.values)[valid][:, :2]
    np.testing.assert_allclose(
        away, np.broadcast_to([0.3 * size, -0.2 * size], away.shape), atol=0.01
    )
    larger = put(seed=4, size=1.5).truth.others[0].positions
    assert larger.box.size == pytest.approx(1.5 * face.box.size, rel=1e-3)
    depths = np.ptp(larger.values[valid][:, 2]) / np.ptp(face.values[valid][:, 2])
    assert depths == pytest.approx(1.5, rel=1e-3)


def test_the_other_face_moves_with_the_picture():
    after = put(seed=5)
    face = Mirror()(after).truth.others[0].positions
    before = after.truth.others[0].positions
    np.testing.assert_allclose(face.box.x0, SIDE - 1 - before.box.x1, atol=1e-3)
    framed = Frame(size=64, room=2.0)(after)
    assert len(framed.truth.others) == 1


def test_two_others_are_both_labelled():
    two = put(put(seed=0), seed=1)
    assert len(two.truth.others) == 2


def test_the_person_hides_who_stands_behind():
    for seed in range(6):
        after = put(seed=seed)
        (other,) = after.truth.others
        assert other.hidden[own().matte == 1].all()
        assert not other.hidden[is_green(after.image)].any()


def test_what_is_missing_is_said():
    with pytest.raises(UsageError, match="is no person"):
        People(source="other").compose(own(), {})
    picture = Picture(plain((4, 4)), frozen(np.ones((4, 4))))
    with pytest.raises(UsageError, match="is no person"):
        People(source="other").compose(own(), {"other": picture})
    with pytest.raises(ValueError, match="without mattes"):
        People(source="other").compose(replace(own(), matte=None), {"other": somebody()})


def test_a_scene_without_truth_stays_without():
    assert put(replace(own(), truth=None)).truth is None
    assert isinstance(put().truth, GroundTruth)
