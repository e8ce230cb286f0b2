"""Another background: the person stays, what was behind leaves no trace, the matte moves along."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.augment.scene import Scene
from facelab.augment.steps.background import Background, foreground
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.mirror import Mirror
from facelab.augment.steps.profile import Profile
from facelab.augment.torn import Torn
from facelab.edits.edit import Picture
from facelab.errors import UsageError
from facelab.images import Image, write
from facelab.recipe.inputs import Pictures
from facelab.types import Face, Texture
from tests.synthetic import canonical, frozen, noise, plain

SIDE = 200
KINDS = ("colour", "gradient", "noise", "blur")
SKIN, WALL, GREEN = np.float32([0.7, 0.5, 0.4]), np.float32([0.9, 0.9, 1]), np.float32([0, 0.5, 0])


def head(soft=2.0, size=SIDE):
    """The matte of a head around the face of `scene`, its edge `soft` pixels of sigma."""
    disk = cv2.circle(np.zeros((size, size), np.float32), (size // 2,) * 2, 70, (1.0,), -1)
    return frozen(cv2.GaussianBlur(disk, (0, 0), soft))


def scene(image, matte):
    """A scene with a face in its middle, its texture the image's."""
    positions = canonical(scale=6, origin=(SIDE / 2, SIDE / 2, 0))
    whole = Texture(frozen(np.full((64, 64, 3), 0.5)), frozen(np.ones((64, 64))))
    return replace(Scene.of(frozen(image), Face(positions, whole), matte=matte), texture=None)


def blended(share, front, behind):
    return share[..., None] * front + (1 - share[..., None]) * behind


@pytest.mark.parametrize("kind", KINDS)
def test_person_stays_to_the_bit(kind):
    before = scene(noise(SIDE, SIDE), head())
    after = Background(kind=kind)(before)
    person, beside = before.matte == 1, before.matte == 0
    assert person.sum() > 10_000
    np.testing.assert_array_equal(after.image[person], before.image[person])
    assert np.abs(after.image[beside] - before.image[beside]).mean() > 0.1
    assert after.positions is before.positions
    assert after.occlusion is before.occlusion
    assert after.matte is before.matte


def test_one_colour_behind():
    before = scene(noise(SIDE, SIDE), head())
    after = Background(colour="#008000", kind="colour")(before)
    beside = before.matte == 0
    assert beside.sum() > 10_000
    np.testing.assert_allclose(after.image[beside], [[0, 128 / 255, 0]] * beside.sum(), atol=1e-6)


def test_the_old_background_leaves_no_halo():
    share = head(soft=3)
    before = scene(blended(share, SKIN, WALL), share)
    after = Background(kind="colour", colour="#008000")(before).image
    wanted = blended(share, SKIN, np.float32([0, 128 / 255, 0]))
    naive = blended(share, before.image, np.float32([0, 128 / 255, 0]))
    assert np.abs(naive - wanted).max() > 0.1
    assert np.abs(after - wanted).max() < 0.02


def test_what_covers_the_person_and_the_wall_stays():
    covered = np.zeros((SIDE, SIDE), np.float32)
    covered[90:110] = 1
    before = replace(scene(noise(SIDE, SIDE), head()), occlusion=frozen(covered))
    after = Background(colour="#008000")(before)
    np.testing.assert_array_equal(after.image[90:110], before.image[90:110])


def test_a_scene_without_a_matte_is_refused():
    with pytest.raises(ValueError, match="without a matte"):
        Background()(scene(noise(SIDE, SIDE), None))


def empty(step):
    """What a step puts behind nobody, ``(SIDE, SIDE, 3)``."""
    return step(scene(noise(SIDE, SIDE), frozen(np.zeros((SIDE, SIDE))))).image


@pytest.mark.parametrize(
    ("angle", "first", "last"),
    [(0, (0, 0), (0, -1)), (90, (-1, 0), (0, 0)), (180, (0, -1), (0, 0)), (45, (-1, 0), (0, -1))],
)
def test_gradients_run_where_they_are_told(angle, first, last):
    image = empty(Background(kind="gradient", colour="#000000", other="#ff8040", angle=angle))
    np.testing.assert_allclose(image[first], 0, atol=1e-5)
    np.testing.assert_allclose(image[last], [1, 128 / 255, 64 / 255], atol=1e-5)
    grey = image[..., 0]
    assert grey.min() > grey[first] - 1e-5
    assert grey.max() < grey[last] + 1e-5
    np.testing.assert_allclose(np.diff(grey[0]), np.diff(grey[0])[0], atol=1e-5)


def test_noise_is_of_its_seed_and_between_its_colours():
    step = Background(kind="noise", colour="#202060", other="#60a0f0", seed=1)
    image = empty(step)
    np.testing.assert_array_equal(image, empty(step))
    assert np.abs(image - empty(replace(step, seed=2))).mean() > 0.02
    low, high = np.float32([0x20, 0x20, 0x60]) / 255, np.float32([0x60, 0xA0, 0xF0]) / 255
    share = (image - low) / (high - low)
    np.testing.assert_allclose(share, share[..., :1] * np.ones(3), atol=1e-4)
    assert share.min() >= -1e-4
    assert share.max() <= 1 + 1e-4
    assert share.std() > 0.1


def test_larger_patches_are_smoother():
    def roughness(size):
        return np.abs(np.diff(empty(Background(kind="noise", size=size)), axis=1)).mean()

    assert roughness(2) < 0.7 * roughness(0.5) < 0.7 * roughness(0.1)


def test_a_blurred_background_has_no_person_in_it():
    share = head(soft=3)
    wall = WALL * np.float32(0.5) + 0.5 * noise(SIDE, SIDE)
    before = scene(blended(share, np.float32([1, 0, 0]), wall), share)
    after = Background(kind="blur", size=0.4)(before).image
    clean = Background(kind="blur", size=0.4)(scene(wall, frozen(np.zeros((SIDE, SIDE))))).image
    beside = share == 0
    assert after[beside].std(axis=0).max() < 0.3 * wall[beside].std(axis=0).min()
    assert np.abs(after - clean)[beside].max() < 0.1


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(KINDS),
    size=st.floats(0.02, 4),
    angle=st.floats(-180, 180),
)
def test_any_picture_stays_a_picture(seed, kind, size, angle):
    rng = np.random.default_rng(seed)
    before = scene(rng.random((SIDE, SIDE, 3), np.float32), frozen(rng.random((SIDE, SIDE))))
    after = Background(kind=kind, size=size, angle=angle, seed=seed)(before).image
    assert after.dtype == np.float32
    assert np.isfinite(after).all()
    assert after.min() >= 0
    assert after.max() <= 1


def test_foreground_of_an_opaque_picture_is_itself():
    image = noise(40, 50)
    np.testing.assert_array_equal(foreground(image, np.ones((40, 50), np.float32), 30), image)


@pytest.mark.parametrize(
    "step",
    [
        Mirror(),
        Frame(size=150, room=1.3, roll=25, right=0.2),
        Frame(size=96, room=4),
        Profile(yaw=40),
        Profile(yaw=-70, pitch=10, roll=15),
    ],
)
def test_the_matte_moves_with_the_pixels(step):
    share = np.array(head())
    share[150:, 20:60] = 1  # a shoulder, so that nothing is symmetric
    share = cv2.GaussianBlur(share, (0, 0), 1)
    white = frozen(np.repeat(share[..., None], 3, axis=2))
    after = step(scene(white, frozen(share)))
    assert after.matte.shape == after.image.shape[:2]
    assert after.matte.dtype == np.float32
    shown, dark = after.image[..., 1], 0.5 if isinstance(step, Profile) else 0.0  # its own shade
    assert (shown <= after.matte + 0.04).all()
    assert (shown >= (1 - dark) * after.matte - 0.04).all()
    assert after.matte.min() < 0.05
    assert after.matte.max() > 0.95


def test_steps_without_a_matte_make_none():
    before = scene(plain((SIDE, SIDE)), None)
    for step in (Mirror(), Frame(), Profile(yaw=30)):
        assert step(before).matte is None


def test_a_turned_face_is_of_the_person():
    after = Profile(yaw=30)(scene(plain((SIDE, SIDE)), frozen(np.array(head()))))
    x, y = np.rint(after.positions.box.centre).astype(int)
    assert after.matte[y, x] > 0.99
    assert after.matte[5, 5] == 0


def rooms(folder, count=5):
    """Pictures of one grey each, brighter from one to the next, as files."""
    files = []
    for number in range(count):
        files.append(folder / f"{number}.png")
        write(files[-1], Image(frozen(np.full((50, 80, 3), 0.15 + 0.15 * number))))
    return Pictures(tuple(files))


def test_a_picture_stands_behind_the_person(tmp_path):
    before, pictures = scene(noise(SIDE, SIDE), head()), rooms(tmp_path)
    found = set()
    for seed in range(12):
        step = Background(kind="image", picture="rooms", seed=seed)
        after = step.compose(before, {"rooms": pictures})
        person, beside = before.matte == 1, before.matte == 0
        np.testing.assert_array_equal(after.image[person], before.image[person])
        ((name, file),) = step.taken({"rooms": pictures})
        grey = 0.15 + 0.15 * int(file.stem)
        np.testing.assert_allclose(after.image[beside], grey, atol=0.01)
        assert name == "rooms"
        found.add(file.name)
        assert after.truth is before.truth
    assert len(found) > 2


def test_parts_of_a_picture_differ_by_the_seed():
    before = scene(plain((SIDE, SIDE)), head())
    picture = Picture(noise(300, 400, 1), frozen(np.ones((300, 400))))
    made = [
        Background(kind="image", picture="room", seed=seed).compose(before, {"room": picture}).image
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])
    assert Background(kind="image", picture="room").taken({"room": picture}) == []


def test_people_take_on_the_light_of_a_picture():
    before = scene(np.full((SIDE, SIDE, 3), 0.5), head())
    dim = np.full((99, 99, 3), [0.2, 0.2, 0.35], np.float32)
    dark = Picture(dim, np.ones((99, 99), np.float32))
    person = before.matte == 1
    step = Background(kind="image", picture="night", match=0.7)
    after = step.compose(before, {"night": dark}).image[person]
    assert (after < 0.49).all()
    assert (after[:, 2] > after[:, 0]).all()


def test_a_picture_out_of_focus_is_softer():
    before = scene(plain((SIDE, SIDE)), head())
    picture = Picture(noise(SIDE, SIDE, 1), frozen(np.ones((SIDE, SIDE))))
    beside = before.matte == 0
    sharp, soft = (
        Background(kind="image", picture="p", defocus=defocus, seed=3).compose(
            before, {"p": picture}
        )
        for defocus in (0, 1)
    )
    assert soft.image[beside].std() < 0.5 * sharp.image[beside].std()


def test_a_missing_picture_is_said():
    before = scene(plain((SIDE, SIDE)), head())
    with pytest.raises(UsageError, match="picture: is missing"):
        Background(kind="image")(before)
    with pytest.raises(UsageError, match="is no picture"):
        Background(kind="image", picture="rooms")(before)


def test_a_matte_that_has_no_head_is_torn():
    with pytest.raises(Torn, match="uncovered"):
        Profile(yaw=30)(scene(plain((SIDE, SIDE)), frozen(np.zeros((SIDE, SIDE)))))
