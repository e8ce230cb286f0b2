"""The step ``light``: what light of each kind does to a picture, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.augment.classes import CLASSES
from facelab.augment.light.kinds import KINDS
from facelab.augment.light.lamp import direction, facing, shadowed
from facelab.augment.light.lighting import Lighting, grainy, lit
from facelab.augment.light.surface import Surface
from facelab.augment.light.tone import curved, uneven
from facelab.augment.scene import Scene
from facelab.augment.steps.light import Light
from tests.synthetic import canonical, frozen, noise, plain, plain_face

NOTHING = dict.fromkeys(("exposure", "gain", "field", "gamma", "contrast", "grey", "lamp"), 0)
SHAPE = 120, 150
SEEDS = st.integers(0, 2**32 - 1)


def positions(**pose):
    return canonical(**({"scale": 5, "origin": (70, 60, 0)} | pose))


def silhouette():
    """A head and a trunk, as a matte would have them."""
    y, x = np.indices(SHAPE)
    head = ((x - 70) / 42) ** 2 + ((y - 55) / 52) ** 2 < 1
    return frozen(head | ((y > 95) & (np.abs(x - 70) < 60)))


def scene_of(image=None, matte=None, **pose):
    image = plain(SHAPE) if image is None else image
    return Scene.of(image, plain_face(positions(**pose)), matte=matte)


def relief(depth, size=40.0):
    """A surface of that depth, all of it a person who looks at the viewer."""
    normals = np.zeros((*depth.shape, 3), np.float32)
    normals[..., 2] = 1
    there = np.ones(depth.shape, np.float32)
    return Surface(normals, depth + 100, there, there, size, (0.0, 0.0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("matte", [None, silhouette()], ids=["no matte", "matte"])
def test_light_changes_pixels_and_nothing_else(kind, matte):
    scene = scene_of(noise(*SHAPE), matte)
    before = scene.image.copy()
    step = Light(kind=kind, lamp=1, seed=5)
    after = step(scene)
    assert after.positions is scene.positions
    assert after.occlusion is scene.occlusion
    assert after.matte is scene.matte
    assert after.truth is scene.truth
    assert after.image.dtype == np.float32
    assert np.abs(after.image - before).max() > 0.1
    np.testing.assert_array_equal(scene.image, before)
    np.testing.assert_array_equal(step(scene).image, after.image)


@settings(max_examples=40)
@given(seed=SEEDS, yaw=st.sampled_from([-80, 0, 40]), matted=st.booleans())
def test_whatever_is_drawn_is_a_picture(seed, yaw, matted):
    scene = scene_of(noise(*SHAPE), silhouette() if matted else None, yaw=yaw)
    image = Light(seed=seed, lamp=0.9)(scene).image
    assert image.shape == scene.image.shape
    assert image.min() >= 0  # not NaN either
    assert image.max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_need_not_show_the_face(kind):
    scene = scene_of(origin=(-300, -300, 0))
    assert np.isfinite(Light(kind=kind, lamp=1, seed=2)(scene).image).all()


def test_nothing_is_done_where_nothing_is_asked_for():
    scene = scene_of(noise(*SHAPE))
    assert Light(strength=0)(scene) is scene
    np.testing.assert_allclose(Light(**NOTHING)(scene).image, scene.image, atol=1e-6)


def test_seeds_draw_other_light_and_kinds():
    scene = scene_of(noise(*SHAPE))
    images = [Light(seed=seed)(scene).image for seed in range(8)]
    for one, other in pairwise(images):
        assert np.abs(one - other).mean() > 0.02


def test_less_strength_is_less():
    scene = scene_of(noise(*SHAPE), silhouette())
    for seed in range(6):
        little, much = (
            np.abs(Light(seed=seed, lamp=1, grey=0, strength=part)(scene).image - scene.image)
            for part in (0.1, 1)
        )
        assert little.mean() < 0.5 * much.mean()


def test_threads_do_not_matter():
    scene, step = scene_of(noise(*SHAPE), silhouette()), Light(lamp=1, kind="pattern", seed=9)
    threads = cv2.getNumThreads()
    images = []
    try:
        for count in (1, 4):
            cv2.setNumThreads(count)
            images.append(step(scene).image)
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(*images)


# --- Gains -------------------------------------------------------------------------------------


def test_a_gain_is_one_of_linear_light():
    rng = np.random.default_rng(1)
    image, person = noise(24, 30), rng.random((24, 30), np.float32)
    gain, behind, glow = (rng.uniform(0.1, 3, (24, 30, 3)).astype(np.float32) for _ in range(3))
    found = lit(image, person, Lighting(gain, behind, glow))
    for row, column in ((0, 0), (11, 7), (23, 29)):
        share = person[row, column]
        part = share * gain[row, column] ** (1 / 2.2)
        part = part + (1 - share) * behind[row, column] ** (1 / 2.2)
        expected = ((image[row, column] * part) ** 2.2 + glow[row, column]) ** (1 / 2.2)
        np.testing.assert_allclose(found[row, column], expected, rtol=1e-4)


def test_a_uniform_gain_makes_a_stop_a_stop():
    gain = uneven(np.random.default_rng(3), exposure=2, gain=0, field=0)
    assert np.ptp(gain) < 1e-5
    image = lit(plain((6, 6), (0.2, 0.3, 0.1)), None, Lighting(gain))
    ratio = image[0, 0] ** 2.2 / np.array([0.2, 0.3, 0.1]) ** 2.2
    np.testing.assert_allclose(ratio, gain[0, 0], rtol=1e-4)


@given(SEEDS)
def test_light_stays_within_its_stops(seed):
    gain = np.log2(uneven(np.random.default_rng(seed), exposure=1, gain=0.5, field=0))
    assert np.abs(gain).max() <= 1.5 + 1e-5
    field = np.log2(uneven(np.random.default_rng(seed), exposure=0, gain=0, field=1))
    assert np.abs(field).max() < 1.5  # a cubic overshoots a little


@given(SEEDS)
def test_a_curve_keeps_the_order_of_values(seed):
    values = np.linspace(0, 1.5, 64, dtype=np.float32)
    image = np.repeat(values[None, :, None], 3, axis=2)
    curve = curved(image.copy(), np.random.default_rng(seed), 0.8, 0.5, 0)[0, :, 0]
    assert (np.diff(curve) >= -1e-6).all()


def test_grey_is_grey():
    image = curved(noise(8, 8).copy(), np.random.default_rng(0), 0, 0, 1)
    np.testing.assert_array_equal(image[..., 0], image[..., 1])
    np.testing.assert_array_equal(image[..., 0], image[..., 2])


def test_grain_has_the_deviation_it_says():
    image = np.full((200, 200, 3), 0.5, np.float32)
    grain = grainy(image, 0.03, np.random.default_rng(0)) - 0.5
    assert grain.std() == pytest.approx(0.03, rel=0.02)
    assert abs(grain.mean()) < 1e-3
    assert np.corrcoef(grain[..., 0].ravel(), grain[..., 1].ravel())[0, 1] == pytest.approx(
        0.5, abs=0.02
    )


# --- Surfaces and shadows ----------------------------------------------------------------------


def test_the_surface_of_a_face_looks_where_the_face_does():
    front = scene_of().surface
    assert 0.2 < front.known.mean() < 0.6
    np.testing.assert_allclose(np.linalg.norm(front.normals, axis=2), 1, atol=1e-4)
    mean = front.normals[front.known > 0].mean(axis=0)
    assert mean[2] > 0.6
    assert abs(mean[0]) < 0.1
    turned = scene_of(yaw=50).surface
    assert abs(turned.normals[turned.known > 0].mean(axis=0)[0]) > 0.1


def test_normals_go_on_beyond_the_face():
    surface = scene_of().surface
    columns = np.flatnonzero(surface.known.any(axis=0))
    row = round(surface.middle[1])
    assert surface.normals[row, columns[0] - 2, 0] < -0.3  # as the cheek beside it
    assert surface.normals[row, columns[-1] + 2, 0] > 0.3
    assert surface.depth[row, 1] < surface.depth[row, columns[0]]


def test_the_ground_truth_of_a_head_is_taken_where_there_is_one():
    scene = scene_of()
    classes = np.full(SHAPE, CLASSES["background"], np.uint8)
    depth = np.full(SHAPE, np.nan, np.float32)
    normals = np.zeros((*SHAPE, 3), np.float32)
    window = np.s_[20:100, 30:110]
    classes[window], depth[window], normals[window] = CLASSES["hair"], 10, [0.6, 0, 0.8]
    truth = replace(scene.truth, classes=classes, depth=depth, normals=normals)
    surface = replace(scene, truth=truth).surface
    assert np.abs(surface.normals[surface.known > 0] - [0.6, 0, 0.8]).max() < 1e-4
    scale = 128 / 150
    assert surface.known.sum() == pytest.approx(80 * 80 * scale**2, rel=0.05)
    assert surface.depth[surface.known > 0] == pytest.approx(
        surface.size, rel=0.01
    )  # one face before the wall
    assert surface.person[60, 70] == 1
    assert surface.person[5, 5] == 0


def test_a_lamp_lights_what_looks_at_it():
    np.testing.assert_allclose(direction(90, 0), [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(direction(0, 90), [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(direction(0, 0), [0, 0, 1], atol=1e-6)
    surface = scene_of().surface
    light = facing(surface, direction(70, 0))
    x = np.arange(surface.shape[1]) - surface.middle[0]
    face = surface.known > 0
    assert light[face & (x > 10)].mean() > 2 * light[face & (x < -10)].mean()


def test_a_pillar_casts_a_shadow_as_long_as_the_lamp_is_low():
    depth = np.zeros((40, 80), np.float32)
    depth[:, 50:70] = 10
    for height in (30, 45):
        toward = direction(90 - height, 0)  # from the right
        hidden = shadowed(relief(depth), toward, 0.05, depth + 100) > 0.5
        assert not hidden[:, 52:].any()
        length = 10 / np.tan(np.deg2rad(height))
        shadow = hidden[20, :50]
        assert shadow[49]
        assert length - 5 < shadow.sum() < length + 1  # its edge is soft
        assert not shadow[: 50 - round(length) - 3].any()


def test_a_flat_wall_shades_nothing_of_itself():
    depth = np.zeros((30, 30), np.float32)
    for azimuth in (-80, 0, 60):
        assert not shadowed(relief(depth), direction(azimuth, 20), 0.1, depth + 100).any()


# --- Kinds -------------------------------------------------------------------------------------


def brightness(kind, seed, matte=None):
    """Mean linear light of the face's right and left half in the picture, and of what is behind."""
    scene = scene_of(matte=silhouette() if matte is None else matte)
    step = Light(**(NOTHING | {"kind": kind, "lamp": 1, "seed": seed}))
    light = (step(scene).image ** 2.2).mean(axis=2)
    return light[40:80, 75:90].mean(), light[40:80, 50:65].mean(), light[:30, :15].mean()


def test_half_dark_has_a_dark_half():
    ratios = [max(right, left) / min(right, left) for right, left, _ in map_seeds("half dark")]
    assert np.median(ratios) > 2


def test_back_light_is_behind():
    assert all(behind > 2 * max(right, left) for right, left, behind in map_seeds("back light"))


def test_flash_lights_the_face_more_than_what_is_behind():
    lights = map_seeds("flash")
    assert all(min(right, left) > behind for right, left, behind in lights)
    ratios = [max(right, left) / min(right, left) for right, left, _ in lights]
    assert np.median(ratios) < 1.3


def test_night_is_dark():
    before = 0.5**2.2
    assert all(max(right, left) < before * 1.2 for right, left, _ in map_seeds("night"))


def map_seeds(kind):
    return [brightness(kind, seed) for seed in range(8)]


def test_a_pattern_falls_on_what_is_behind_in_other_places():
    """Stripes on the wall and stripes on the face do not meet at the head's edge."""
    scene = scene_of(matte=silhouette())
    light = KINDS["pattern"](scene.surface, np.random.default_rng(2))
    assert light.behind is not None
    assert light.gain.shape == light.behind.shape
    assert np.abs(light.gain - light.behind).mean() > 0.05
