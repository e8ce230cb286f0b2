"""What is worn and held: labelled where it is drawn, the same by its seed, and the face stays."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from facelab.augment.classes import CLASSES, COVERED, NOT_KNOWN
from facelab.augment.steps.hold import Hold
from facelab.augment.steps.wear import Wear
from tests.augment.occluders.scenes import classes_of, scene
from tests.synthetic import frozen

OF_CLASS = {
    "glasses": {"glasses"},
    "sunglasses": {"glasses"},
    "scarf": {"clothes"},
    "hair": {"hair"},
    "headscarf": {"hat", "clothes"},
    "hood": {"hat", "clothes"},
    "hand": {"hand", "clothes"},
    "hands": {"hand", "clothes"},
    "leaves": {"object"},
}


def kinds(step):
    (kind,) = (key for key in fields(step) if key.name == "kind")
    return kind.metadata["options"]


WORN = [(Wear, kind) for kind in kinds(Wear)]
HELD = [(Hold, kind) for kind in kinds(Hold)]
HATS = ("beanie", "cap", "hat", "helmet")


def classes_for(kind):
    if kind in OF_CLASS:
        return OF_CLASS[kind]
    return {"hat"} if kind in HATS else {"object", "hand", "clothes"}


@pytest.mark.parametrize(("step", "kind"), WORN + HELD)
@pytest.mark.parametrize("yaw", [-70, 0, 35])
def test_it_is_drawn_where_it_is_labelled(step, kind, yaw):
    before = scene(yaw, seed=1)
    found = set()
    for seed in range(3):
        after = step(kind=kind, seed=seed)(before)
        labelled = ~np.isin(classes_of(after), [NOT_KNOWN, CLASSES["background"]])
        np.testing.assert_array_equal(labelled, after.occlusion > COVERED)
        found |= {name for name in CLASSES if (classes_of(after) == CLASSES[name]).any()}
        assert after.positions is before.positions
        assert after.image.dtype == np.float32
        assert after.image.min() >= 0
        assert after.image.max() <= 1
    found -= {"background", "not known"}
    assert found <= classes_for(kind)
    if kind not in ("glasses", "leaves", "cup", "phone"):
        assert found


@pytest.mark.parametrize(("step", "kind"), WORN + HELD)
def test_the_seed_says_all(step, kind):
    before = scene(20, seed=1)
    one, same, other = (step(kind=kind, seed=seed)(before) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.image, same.image)
    np.testing.assert_array_equal(one.occlusion, same.occlusion)
    assert not np.array_equal(one.image, other.image)


@pytest.mark.parametrize("kind", ["glasses", "sunglasses"])
def test_clear_glasses_hide_no_eye_and_dark_ones_do(kind):
    before = scene(seed=2)
    hidden = []
    for seed in range(6):
        after = Wear(kind=kind, seed=seed)(before)
        x, y = np.rint(before.positions.landmarks[36:42, :2].mean(axis=0)).astype(int)
        hidden.append(after.occlusion[y, x])
    assert (np.array(hidden) > COVERED).mean() == (1 if kind == "sunglasses" else 0)


@pytest.mark.parametrize("yaw", [-85, 85])
def test_the_far_temple_is_behind_the_head(yaw):
    before = scene(yaw, matte=False)
    after = Wear(kind="glasses", seed=1)(before)
    columns = np.flatnonzero((after.occlusion > 0.3).any(axis=0))
    face = before.positions.box
    # Lenses are at the nose's side; only the near temple goes back over the head.
    assert columns.min() >= face.x0 - 0.3 * face.size
    assert columns.max() <= face.x1 + 0.3 * face.size


@pytest.mark.parametrize("kind", HATS)
def test_a_hat_leaves_eyes_and_mouth_free(kind):
    before = scene()
    for seed in range(4):
        after = Wear(kind=kind, seed=seed)(before)
        places = np.rint(before.positions.landmarks[36:68, :2]).astype(int)
        assert (after.occlusion[places[:, 1], places[:, 0]] < COVERED).all()


def test_nobody_wears_two_hats():
    with_cap = Wear(kind="cap", seed=1)(scene())
    assert Wear(kind="beanie", seed=2)(with_cap) is with_cap
    assert Wear(kind="glasses", seed=2)(with_cap) is not with_cap


def test_known_hair_is_pressed_by_a_hat_and_known_skin_is_not():
    before = scene()
    depth = np.full(before.occlusion.shape, 60, np.float32)  # far before a hat
    for name, seen in (("hair", True), ("skin", False)):
        classes = np.full(depth.shape, CLASSES[name], np.uint8)
        truth = replace(before.truth, classes=classes, depth=frozen(depth))
        after = Wear(kind="beanie", seed=1)(replace(before, truth=truth))
        assert (after.occlusion > COVERED).any() == seen


def test_hair_above_a_hat_gives_way_to_the_background():
    before = scene(shade=0.2)
    image = np.where(before.matte[..., None] > 0.5, before.image, np.float32(0.8))
    tall = before.matte.copy()
    tall[:48, 20:76] = 1  # hair up to the border
    image[:48, 20:76] = 0.05
    before = replace(before, image=frozen(image), matte=frozen(tall))
    after = Wear(kind="cap", seed=1)(before)
    free = (after.occlusion < 0.01)[0]
    assert (after.image[0, free] > 0.7).all()
    assert after.matte[0, free].max() < 0.05
    without = Wear(kind="cap", seed=1)(replace(before, matte=None))
    assert (without.image[0, 40:50] < 0.2).all()


def test_keys_move_and_resize_what_is_held():
    before = scene()

    def middle(**keys):
        after = Hold(kind="ball", seed=2, **keys)(before)
        rows, columns = np.nonzero(classes_of(after) == CLASSES["object"])
        return np.array([columns.mean(), rows.mean()]), len(rows)

    place, area = middle()
    size = before.positions.box.size
    moved, _ = middle(right=0.2, down=-0.1)
    np.testing.assert_allclose((moved - place) / size, [0.2, -0.1], atol=0.06)
    _, larger = middle(size=1.4)
    assert larger > 1.3 * area


def test_glasses_stay_behind_a_hand():
    before = Hold(kind="hand", seed=4)(scene(seed=3))
    after = Wear(kind="sunglasses", seed=1)(before)
    hand = before.occlusion == 1
    np.testing.assert_array_equal(after.image[hand], before.image[hand])
    np.testing.assert_array_equal(classes_of(after)[hand], classes_of(before)[hand])
