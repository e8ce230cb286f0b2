"""What augmentation does to a scene: pixels, and the geometry that labels are read from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.atlas.surface import surface
from facelab.augment.border import extended
from facelab.augment.classes import NOT_KNOWN
from facelab.augment.generate import apply_steps
from facelab.augment.labels import points468
from facelab.augment.scene import Scene
from facelab.augment.steps import AUGMENTATIONS
from facelab.augment.steps.blur import Blur
from facelab.augment.steps.camera import Camera
from facelab.augment.steps.downscale import Downscale
from facelab.augment.steps.frame import Frame
from facelab.augment.steps.jpeg import Jpeg
from facelab.augment.steps.mirror import Mirror
from facelab.augment.steps.noise import Noise
from facelab.augment.steps.occlude import Occlude
from facelab.augment.steps.profile import Profile
from facelab.augment.steps.shade import Shade
from facelab.edits.reshape import Reshape
from facelab.errors import UsageError
from facelab.face.composite import render
from facelab.geometry.crop import cut
from facelab.geometry.landmarks import position_map
from facelab.geometry.pose import estimate, matrix
from facelab.geometry.visibility import visible
from facelab.numerics.raster import rasterize
from facelab.types import Crop, Face, Texture
from tests.heads import DEVIATION, IDENTITIES, head_model
from tests.synthetic import (
    ATLAS,
    MIRROR,
    canonical,
    canonical_points,
    frozen,
    noise,
    plain,
    plain_face,
)

ACROSS = np.array([-75, -50, -25, 25, 50, 75]) + 127.5  # a mirror takes dots to dots
DOTS = np.array([(u, v) for u in ACROSS for v in range(50, 230, 20)], np.float32)
SIZE = 400


def dotted(positions, size=1024):
    """A black face with soft white dots at `DOTS`, texels of the position map."""
    v, u = np.indices((size, size)).astype(np.float32)
    scale = size / 256
    light = np.zeros((size, size), np.float32)
    for x, y in DOTS:
        x, y = x * scale + (scale - 1) / 2, y * scale + (scale - 1) / 2
        window = np.s_[int(y) - 40 : int(y) + 41, int(x) - 40 : int(x) + 41]
        away = (u[window] - x) ** 2 + (v[window] - y) ** 2
        light[window] += np.exp(-away / (2 * (1.1 * scale) ** 2))
    colour = frozen(np.repeat(light[..., None], 3, axis=2))
    return Face(positions, Texture(colour, frozen(np.ones((size, size)))))


def pictured(face, shape=(SIZE, SIZE)):
    """The face over black."""
    layer = render(face, np.ones((face.texture.size,) * 2, np.float32), shape)
    image = np.zeros((*shape, 3), np.float32)
    image[layer.window] = layer.colour * (layer.oval > 0)[..., None]
    return frozen(image)


def dotted_scene():
    face = dotted(canonical(scale=18, origin=(200, 200, 0)))
    return Scene.of(pictured(face), face)


def off(scene, reach=6):
    """How far each dot in the image lies from where the position map says, pixels."""
    places = ATLAS.read(scene.positions.values, DOTS)
    seen = ATLAS.read(visible(scene.positions).astype(np.float32)[..., None], DOTS)[:, 0] == 1
    facing = []
    for (x, y, _), shown in zip(places, seen, strict=True):
        row, column = round(float(y)), round(float(x))
        if not (shown and reach <= row < SIZE - reach and reach <= column < SIZE - reach):
            continue
        part = scene.image[row - reach : row + reach + 1, column - reach : column + reach + 1, 0]
        dv, du = np.indices(part.shape) - reach
        if part.sum() < 2:  # too slanted to be seen as a dot
            continue
        centre = [(part * du).sum(), (part * dv).sum()] / part.sum()
        facing.append(np.hypot(column + centre[0] - x, row + centre[1] - y))
    return np.array(facing)


def scene_of_noise(height=120, width=150):
    positions = canonical(scale=5, origin=(70, 60, 0))
    return Scene.of(noise(height, width), plain_face(positions))


# --- Geometry: what is rendered is where the labels say ------------------------------------------


def test_the_measure_sees_a_tenth_of_a_pixel():
    scene = dotted_scene()
    assert np.median(off(scene)) < 0.06
    moved = canonical(scale=18, origin=(200.3, 200, 0))
    assert np.median(off(Scene.of(scene.image, Face(moved, scene.texture)))) > 0.2


@pytest.mark.parametrize(
    "step",
    [
        Frame(size=SIZE, room=1.2),
        Frame(size=SIZE, room=1.3, right=0.04, down=-0.03, roll=25),
        Frame(size=SIZE, room=1.15, roll=180),
        Mirror(),
        Profile(yaw=25),
        Profile(yaw=-50),
        Profile(pitch=-20, roll=30),
        Profile(yaw=60, pitch=15, roll=-10),
    ],
    ids=repr,
)
def test_labels_follow_what_is_shown(step):
    after = step(dotted_scene())
    distances = off(after)
    assert len(distances) > 20
    assert np.median(distances) < 0.1
    assert np.quantile(distances, 0.75) < 0.25  # dots at silhouettes are seen in part


def test_a_frame_is_what_it_says():
    scene = dotted_scene()
    after = Frame(size=200, room=2.0, right=0.1, down=0.2)(scene)
    assert after.image.shape == (200, 200, 3)
    box = after.positions.box
    assert abs(box.size - 100) < 0.01
    np.testing.assert_allclose(np.array(box.centre), [99.5 + 20, 99.5 + 40], atol=0.01)
    turned = Frame(size=200, room=2.0, roll=30)(scene)
    assert abs(estimate(turned.positions).roll - estimate(scene.positions).roll - 30) < 0.01


def test_a_frame_of_the_whole_face_does_not_need_the_photograph_to_be_there():
    scene = scene_of_noise()
    after = Frame(size=64, room=8.0, right=1.0)(scene)
    assert np.isfinite(after.image).all()
    assert after.image.min() >= 0
    assert after.image.max() <= 1


@pytest.mark.parametrize("size", [70, 150, 300])  # coarser than the photograph, and finer
def test_a_frame_shows_the_photograph_as_far_as_it_goes(size):
    scene = scene_of_noise()
    box = scene.positions.box
    crop = Crop(box.centre, 4 * box.size, -25, size)
    after = Frame(size=size, room=4.0, roll=25)(scene).image
    rows, columns = np.indices((size, size))
    places = crop.invert(np.stack([columns, rows], axis=-1).reshape(-1, 2).astype(np.float32))
    beyond = np.maximum(-places, places - [149, 119]).max(axis=1).reshape(size, size)
    inside = beyond < -2 * max(crop.side / size, 1)
    assert 0.1 < inside.mean() < 0.9
    np.testing.assert_allclose(after[inside], cut(scene.image, crop)[inside], atol=1e-4)


def test_mirroring_permutes_left_and_right():
    scene = dotted_scene()
    after = Mirror()(scene)
    expected = scene.positions.landmarks[MIRROR] * [-1, 1, 1] + [SIZE - 1, 0, 0]
    np.testing.assert_allclose(after.positions.landmarks, expected, atol=0.2)  # of the layout
    again = Mirror()(after)
    np.testing.assert_array_equal(again.image, scene.image)
    twins = ATLAS.valid & ATLAS.valid[:, ::-1]
    was = scene.positions.values[twins]
    np.testing.assert_allclose(again.positions.values[twins], was, atol=1e-4)
    np.testing.assert_array_equal(again.texture.colour, scene.texture.colour)


@pytest.mark.parametrize("yaw", [-60, 0, 30])
def test_every_texel_of_a_mirrored_face_lies_in_its_mirror_image(yaw):
    scene = Scene.of(noise(120, 150), plain_face(canonical(scale=5, origin=(70, 60, 0), yaw=yaw)))
    after = Mirror()(scene).positions
    expected = canonical(scale=5, origin=(79, 60, 0), yaw=-yaw)
    off = np.linalg.norm(after.values - expected.values, axis=2)
    assert off[ATLAS.face].max() < 0.4  # of the layout
    assert off.max() < 2  # where a texel of the margin has no twin
    shapes = [
        rasterize(one.values[ATLAS.valid], ATLAS.triangles, (120, 150)).covered
        for one in (after, expected)
    ]
    assert (shapes[0] != shapes[1]).sum() < 40  # of 6000, at silhouettes


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(40, 0, 0), (-80, 10, 0), (20, -20, 45)])
def test_a_profile_is_turned_by_what_it_says(yaw, pitch, roll):
    positions = canonical(scale=5, origin=(70, 60, 0), yaw=5, pitch=-3)
    scene = Scene.of(noise(120, 150), plain_face(positions))
    before, after = (
        estimate(positions),
        estimate(Profile(yaw=yaw, pitch=pitch, roll=roll)(scene).positions),
    )
    found = [after.yaw - before.yaw, after.pitch - before.pitch, after.roll - before.roll]
    np.testing.assert_allclose(found, [yaw, pitch, roll], atol=0.01)
    assert after.scale == pytest.approx(before.scale, rel=1e-4)


@pytest.mark.parametrize("side", [-1, 1])
def test_a_head_is_not_turned_past_a_profile(side):
    positions = canonical(scale=5, origin=(70, 60, 0), yaw=30 * side)
    turned = Profile(yaw=80 * side, pitch=10)(Scene.of(noise(120, 150), plain_face(positions)))
    after = estimate(turned.positions)
    np.testing.assert_allclose([after.yaw, after.pitch, after.roll], [88 * side, 10, 0], atol=0.5)


def test_no_turn_is_no_change():
    scene = scene_of_noise()
    assert Profile()(scene) is scene


def test_the_background_stays_when_a_head_turns():
    scene = Scene.of(noise(300, 400), plain_face(canonical(scale=4, origin=(200, 150, 0))))
    after = Profile(yaw=50, pitch=10)(scene)
    np.testing.assert_allclose(after.image[:20], scene.image[:20], atol=0.02)
    np.testing.assert_allclose(after.image[:, :20], scene.image[:, :20], atol=0.02)


@settings(deadline=None, max_examples=15)
@given(st.floats(-90, 90), st.floats(-45, 45), st.floats(-60, 60))
def test_a_profile_has_no_holes(yaw, pitch, roll):
    face = plain_face(canonical(scale=5, origin=(70, 60, 0)), (0.7, 0.7, 0.7))
    after = Profile(yaw=yaw, pitch=pitch, roll=roll)(Scene.of(plain((120, 150), (0.7,) * 3), face))
    assert 0.2 < after.image.min() <= after.image.max() < 0.9  # no more than shade
    away = after.truth.classes == NOT_KNOWN  # without a matte it may be anything
    np.testing.assert_allclose(after.image[away], 0.7, atol=1e-3)


def scene_with_head(seed=2, **pose):
    """A face in noise, and the head of the family that fits it."""
    points = canonical_points(**({"scale": 5, "origin": (70, 60, 0), "yaw": 10} | pose))
    face = plain_face(position_map(points, ATLAS))
    return replace(Scene.of(noise(120, 150, seed), face), head=head_model().fit(points))


def turned(values, was, yaw, pitch, roll):
    """Points turned about the middle of a head of pose `was`, told slowly."""
    flip = np.array([1, -1, 1])
    rotation = matrix(was.yaw + yaw, was.pitch + pitch, was.roll + roll) @ was.rotation.T
    middle = was.translation + was.scale * (was.rotation @ [0, -1, -3]) * flip
    return ((values - middle) * flip) @ rotation.T * flip + middle


def displacement(scene, **keys):
    """How far a profile's other shape moves the texels, with the turn undone."""
    keys = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0} | keys
    after, was = Profile(**keys)(scene).positions.values, estimate(scene.positions)
    plain = turned(scene.positions.values, was, keys["yaw"], keys["pitch"], keys["roll"])
    spin = matrix(was.yaw + keys["yaw"], was.pitch + keys["pitch"], was.roll + keys["roll"])
    flip = np.array([1, -1, 1])
    back = was.rotation @ spin.T  # of what was turned, in a frame with y up
    return (((after - plain) * flip) @ back.T * flip)[ATLAS.valid]


def coefficients(scene, moved):
    """Those of the head's modes that move the texels so, and how much of that they leave."""
    model, axes = scene.head.model, scene.head.axes
    modes = [surface()(np.float32(mode @ axes.T)).ravel() for mode in model.point_modes]
    found, *_ = np.linalg.lstsq(np.stack(modes, axis=1), moved.ravel(), rcond=None)
    return found, np.abs(np.stack(modes, axis=1) @ found - moved.ravel()).max()


@pytest.mark.parametrize("key", ["identity", "expression"])
def test_another_shape_needs_a_head(key):
    with pytest.raises(UsageError, match="identity and expression need a head model"):
        Profile(**{key: 0.5})(scene_of_noise())


@pytest.mark.parametrize("keys", [{"yaw": 40.0}, {"yaw": -70.0, "pitch": 10.0, "roll": 20.0}])
def test_with_the_own_shape_a_face_is_turned_as_without_a_head(keys):
    scene = scene_with_head()
    found = Profile(**keys)(scene).positions.values[ATLAS.valid]
    without = Profile(**keys)(replace(scene, head=None)).positions.values[ATLAS.valid]
    np.testing.assert_array_equal(found, without)
    angles = [keys.get(name, 0.0) for name in ("yaw", "pitch", "roll")]
    expected = turned(scene.positions.values, estimate(scene.positions), *angles)[ATLAS.valid]
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("turn", [{}, {"yaw": -60.0, "pitch": 8.0, "roll": -15.0}])
def test_another_identity_is_of_the_family(turn):
    scene = scene_with_head()
    found, rest = coefficients(scene, displacement(scene, identity=1.0, seed=4, **turn))
    assert rest < 0.01
    np.testing.assert_allclose(found[IDENTITIES:], 0, atol=1e-3)
    assert 0.1 * DEVIATION < np.abs(found[:IDENTITIES]).mean() < 2 * DEVIATION
    half, _ = coefficients(scene, displacement(scene, identity=0.5, seed=4, **turn))
    np.testing.assert_allclose(2 * half, found, atol=2e-3)


def test_another_expression_leaves_the_identity():
    scene, some = scene_with_head(), []
    for seed in range(6):
        found, rest = coefficients(scene, displacement(scene, expression=1.0, seed=seed))
        assert rest < 0.01
        np.testing.assert_allclose(found[:IDENTITIES], 0, atol=1e-3)
        assert (found > -1e-3).all()
        assert found.max() < 1.001
        some.append(found.max() > 0.01)
    assert any(some)


def test_both_are_drawn_by_the_seed():
    scene = scene_with_head()
    keys = {"yaw": 30, "identity": 1.0, "expression": 1.0}
    one, again, other = (Profile(seed=seed, **keys)(scene) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.positions.values, again.positions.values)
    np.testing.assert_array_equal(one.image, again.image)
    assert np.abs(one.positions.values - other.positions.values).max() > 0.5


def test_hair_and_ears_go_along_with_another_shape():
    """What is beside the face moves as the head does there; what is far away stays."""
    scene = scene_with_head(scale=4)
    plain, other = (Profile(yaw=1e-6, identity=amount, seed=4)(scene).image for amount in (0, 2.0))
    changed = np.abs(plain - other).max(axis=2)
    box = scene.positions.box
    above = changed[int(box.y0) - 4 : int(box.y0), int(box.x0) : int(box.x1)]
    assert above.mean() > 0.02
    assert changed[:, -15:].max() < 0.02


@pytest.mark.parametrize("yaw", [-50, 30])
def test_labels_follow_what_is_shown_of_another_shape(yaw):
    scene = dotted_scene()
    head = head_model().fit(canonical_points(scale=18, origin=(200, 200, 0)))
    after = Profile(yaw=yaw, identity=1.0, expression=1.0, seed=3)(replace(scene, head=head))
    distances = off(after)
    assert len(distances) > 20
    assert np.median(distances) < 0.15  # a dot that is bent has its middle elsewhere


def test_a_head_comes_along_into_a_frame_and_goes_where_it_would_be_wrong():
    scene = scene_with_head()
    framed = Frame(size=100, room=1.5, roll=20)(scene)
    read = framed.head.points
    places = ATLAS.read(framed.positions.values, ATLAS.uv)
    assert np.linalg.norm(read - places, axis=1).mean() < 1
    assert Mirror()(scene).head is None
    assert Profile(yaw=20)(scene).head is None


def test_a_head_follows_a_reshaped_face():
    scene = scene_with_head()
    after = apply_steps([Reshape(slim=1.0, nose=0.8)], scene, {}, "alpha")
    assert np.abs(points468(after.positions) - points468(scene.positions)).max() > 1
    fitted = scene.head.model.fit(points468(after.positions))
    np.testing.assert_array_equal(after.head.points, fitted.points)
    assert apply_steps([Noise(read=0.1)], scene, {}, "alpha").head is scene.head


def test_a_scene_is_turned_from_itself_whatever_was_turned_before():
    scene = scene_with_head()
    first = Profile(yaw=50)(scene)
    Profile(yaw=-50, identity=1.0)(scene)
    again = Profile(yaw=50)(replace(scene))  # the same, not remembered
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.positions.values, again.positions.values)


def test_what_covers_the_face_moves_along():
    scene = Occlude(kind="box", size=0.3, down=0.0)(scene_of_noise())
    after = Frame(size=100, room=1.5, roll=90)(scene)
    share = scene.occlusion.sum() / scene.positions.box.size**2
    assert after.occlusion.sum() / after.positions.box.size**2 == pytest.approx(share, rel=0.02)
    np.testing.assert_array_equal(Mirror()(scene).occlusion, scene.occlusion[:, ::-1])


def test_a_face_that_the_photograph_cuts_is_covered_there():
    positions = canonical(scale=5, origin=(20, 60, 0))  # its right half lies beyond
    cut_off = Scene.of(noise(120, 150), plain_face(positions))
    after = Frame(size=100, room=1.2)(cut_off)
    x, y = np.rint(after.positions.landmarks[:, :2]).astype(int).T
    beyond = positions.landmarks[:, 0] < -1
    within = positions.landmarks[:, 0] > 1
    assert 5 < beyond.sum() < 63
    assert (after.occlusion[y, x][beyond] > 0.9).all()
    assert not after.occlusion[y, x][within].any()
    assert not Frame(size=100, room=4.0)(
        scene_of_noise()
    ).occlusion.any()  # only where faces are cut


# --- Pixels ------------------------------------------------------------------------------------

PHOTOMETRIC = [
    Blur(sigma=1.5), Blur(sigma=0, motion=5, angle=30), Camera(exposure=-1, temperature=0.5),
    Downscale(times=3), Jpeg(quality=20), Noise(read=0.1, shot=0.2), Occlude(), Shade(),
]  # fmt: skip


@pytest.mark.parametrize("step", PHOTOMETRIC, ids=repr)
def test_photometric_steps_leave_the_geometry_alone(step):
    scene = scene_of_noise()
    before = scene.image.copy()
    after = step(scene)
    assert after.positions is scene.positions
    assert after.image.shape == scene.image.shape
    assert after.image.dtype == np.float32
    assert after.image.min() >= 0
    assert after.image.max() <= 1
    assert np.abs(after.image - before).max() > 0.05
    np.testing.assert_array_equal(scene.image, before)
    np.testing.assert_array_equal(step(scene).image, after.image)


def test_every_step_is_tried():
    tried = {type(step) for step in PHOTOMETRIC} | {Frame, Mirror, Profile}
    missing = {step.name for step in AUGMENTATIONS if step not in tried}
    assert missing <= {"background", "hold", "light", "people", "wear"}  # in files of their own


def test_what_is_not_asked_for_is_not_done():
    scene = scene_of_noise()
    assert Blur(sigma=0)(scene) is scene
    assert Downscale(times=1)(scene) is scene
    np.testing.assert_allclose(Camera()(scene).image, scene.image, atol=1e-5)
    np.testing.assert_array_equal(Noise(read=0)(scene).image, scene.image)


def test_blur_keeps_the_light_and_a_motion_blur_its_direction():
    scene = Scene.of(plain((60, 60), (0.3, 0.4, 0.5)), plain_face(canonical(scale=2)))
    for step in (Blur(sigma=4), Blur(sigma=0, motion=9, angle=70)):
        np.testing.assert_allclose(step(scene).image, scene.image, atol=1e-5)
    dot = np.zeros((41, 41, 3), np.float32)
    dot[20, 20] = 1
    after = Blur(sigma=0, motion=12, angle=30)(Scene.of(dot, plain_face(canonical(scale=2))))
    dv, du = np.indices((41, 41)) - 20
    weight = after.image[..., 0] / after.image[..., 0].sum()
    covariance = np.array([[(weight * a * b).sum() for a in (du, -dv)] for b in (du, -dv)])
    value, vector = np.linalg.eigh(covariance)
    assert np.rad2deg(np.arctan2(vector[1, 1], vector[0, 1])) % 180 == pytest.approx(30, abs=2)
    assert np.sqrt(value[1] * 12) == pytest.approx(12, abs=1.5)  # of a uniform distribution


def test_noise_has_the_deviation_it_says():
    scene = Scene.of(plain((200, 200), (0.25, 0.25, 0.25)), plain_face(canonical(scale=2)))
    grain = Noise(read=0.03, shot=0.08, seed=1)(scene).image - scene.image
    expected = np.sqrt(0.03**2 + 0.08**2 * 0.25)
    assert grain.std() == pytest.approx(expected, rel=0.02)
    grey = Noise(read=0.05, colour=0)(scene).image
    np.testing.assert_array_equal(grey[..., 0], grey[..., 2])


def test_camera_knows_stops():
    scene = Scene.of(plain((8, 8), (0.2, 0.3, 0.4)), plain_face(canonical(scale=2)))
    brighter = Camera(exposure=1)(scene).image[0, 0]
    np.testing.assert_allclose(brighter**2.2, 2 * scene.image[0, 0] ** 2.2, rtol=1e-3)
    grey = Camera(saturation=-1)(scene).image[0, 0]
    assert np.ptp(grey) < 1e-6
    warm = Camera(temperature=1)(scene).image[0, 0]
    assert warm[0] > 0.2
    assert warm[2] < 0.4


def test_covered_is_where_something_was_put():
    scene = scene_of_noise()
    for kind in ("blob", "bar", "box"):
        after = Occlude(kind=kind, size=0.3, seed=4, colour="#00ff00", grain=0)(scene)
        inside = after.occlusion == 1
        assert inside.any()
        np.testing.assert_allclose(
            after.image[inside], np.broadcast_to([0, 1, 0], after.image[inside].shape), atol=1e-5
        )
        far = np.abs(after.image - scene.image).max(axis=2) == 0
        assert far.mean() > 0.2
        assert not (far & (after.occlusion > 0)).any()


def test_a_shadow_darkens_one_side():
    scene = Scene.of(plain((100, 100)), plain_face(canonical(scale=3, origin=(50, 50, 0))))
    image = Shade(dark=0.8, angle=0, place=0, waves=0, soft=0.02)(scene).image
    assert image[:, :40] == pytest.approx(0.5, abs=1e-4)
    right = (image[:, 60:] ** 2.2).mean()
    assert right == pytest.approx(0.2 * 0.5**2.2, rel=0.02)


def test_a_shadow_mixes_linear_light():
    """Against the sum written out: what light is left, and its tint."""
    scene = scene_of_noise()
    step = Shade(dark=0.7, tint="#406080", angle=30, soft=0.3, seed=3)
    share = step._share(scene.image.shape[:2], scene)[..., None] * 0.7
    linear = scene.image**2.2
    tinted = linear * np.array([0x40, 0x60, 0x80]) / 255 * 0.5
    expected = (linear * (1 - share) + share * tinted) ** (1 / 2.2)
    np.testing.assert_allclose(step(scene).image, expected, atol=1e-5)


def test_a_shadow_bends_over_the_nose():
    scene = Scene.of(plain((100, 100)), plain_face(canonical(scale=3, origin=(50, 50, 0))))
    straight, bent = (
        Shade(dark=0.9, waves=0, soft=0.02, place=0.5, relief=relief)(scene).image[..., 0] < 0.4
        for relief in (0, 1)
    )
    assert np.ptp(straight.sum(axis=1)) <= 1
    rows = bent.sum(axis=1)
    assert rows[45:60].max() > rows[:10].max() + 5  # the nose is nearer than the forehead's rim


# --- Beyond the photograph ---------------------------------------------------------------------


def test_the_photograph_itself_is_untouched():
    image = noise(30, 50)
    after = extended(image, 17)
    assert after.shape == (64, 84, 3)
    np.testing.assert_array_equal(after[17:-17, 17:-17], image)
    assert extended(image, 0) is image


def test_beyond_is_smoother_further_out():
    image = noise(80, 80)
    after = extended(image, 60)
    rough = np.abs(np.diff(after, axis=1)).mean(axis=(1, 2))  # along rows
    assert rough[0] < 0.5 * rough[58]
    np.testing.assert_allclose(extended(plain((20, 30)), 25), 0.5, atol=1e-5)
