"""What the network is shown: crops whose labels lie on the pixels they belong to."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
import torch

from facelab.augment.labels import points468
from facelab.augment.scene import Scene
from facelab.augment.template import Template, read_template
from facelab.errors import UsageError
from facelab.geometry.landmarks import position_map, twins
from facelab.geometry.pose import estimate
from facelab.models.facemesh import FaceMesh
from facelab.models.layers import load
from facelab.reconstruct import load_reconstructor, load_segmenter
from facelab.reconstruct.facemap_regressor import MapRegressor
from facelab.reconstruct.landmarker import load_landmarker
from facelab.reconstruct.levelled import levelled, roll
from facelab.reconstruct.reconstructor import View as Place
from facelab.train.loop import RECIPES
from facelab.train.teacher import ROOM, SIDE, Teacher
from facelab.train.views import (
    as_network,
    degraded,
    exact_view,
    mirrored,
    read_degradations,
    view_of,
)
from facelab.types import Box
from tests.heads import head_model
from tests.synthetic import ATLAS, canonical_points, noise, photograph

NOTHING = Template()
MIDDLE = (SIDE - 1) / 2
CROP = 192


def face(**pose):
    """A face as it lies in a training image."""
    return canonical_points(**({"scale": 8.0, "origin": (MIDDLE, MIDDLE, 5.0)} | pose))


def jpeg(image):
    pixels = np.rint(255 * image[..., ::-1]).astype(np.uint8)
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()


@cache
def spread_points():
    """Some of the 468 points that lie far from each other, and their twins."""
    places, chosen = face()[:, :2], []
    for one in np.random.default_rng(0).permutation(468):
        pair = {int(one), int(twins()[one])}
        others = places[chosen + list(pair)]
        away = np.linalg.norm(others[:, None] - others, axis=2)
        if away[np.triu_indices(len(others), 1)].min(initial=99) > 18:
            chosen += sorted(pair)
    return chosen


def dotted(points):
    """A dark picture with a bright dot at each of `spread_points`."""
    y, x = np.indices((SIDE, SIDE))
    light = sum(
        np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 1.5**2))
        for px, py in points[spread_points(), :2]
    )
    return jpeg(np.repeat(np.clip(light, 0, 1)[..., None], 3, axis=2))


def off(view, reach=5):
    """How far each dot of a view lies from its label, pixels."""
    found = []
    for x, y in view.points[spread_points(), :2] - 0.5:
        column, row = round(float(x)), round(float(y))
        if not (reach <= row < CROP - reach and reach <= column < CROP - reach):
            continue
        part = view.image[row - reach : row + reach + 1, column - reach : column + reach + 1, 0]
        part = np.clip(part - 0.1, 0, None)
        dv, du = np.indices(part.shape) - reach
        centre = [(part * du).sum(), (part * dv).sum()] / part.sum()
        found.append(np.hypot(column + centre[0] - x, row + centre[1] - y))
    return np.array(found)


# --- Left and right ------------------------------------------------------------------------------


def test_twins_are_each_others():
    np.testing.assert_array_equal(twins()[twins()], np.arange(468))
    assert twins()[33] == 263  # the outer corners of the eyes
    vertices = ATLAS.vertices
    np.testing.assert_allclose(vertices[twins()], vertices * [-1, 1, 1], atol=0.25)  # cm
    alone = np.flatnonzero(twins() == np.arange(468))
    assert np.abs(vertices[alone, 0]).max() < 0.05


def test_a_face_mirrored_twice_is_itself():
    points = face(yaw=30, roll=10)
    np.testing.assert_allclose(mirrored(mirrored(points, 256), 256), points, atol=1e-4)


def test_a_mirrored_face_is_turned_to_the_other_side():
    pose = estimate(position_map(mirrored(face(yaw=30, pitch=5, roll=10), 256), ATLAS))
    np.testing.assert_allclose([pose.yaw, pose.pitch, pose.roll], [-30, 5, -10], atol=0.5)


# --- Labels --------------------------------------------------------------------------------------


def test_the_networks_convention():
    places = face()
    points = as_network(places)
    np.testing.assert_allclose(points[:, :2], places[:, :2] + 0.5)
    assert abs(points[:, 2].mean()) < 1e-4
    nose, ear = 4, 234
    assert places[nose, 2] > places[ear, 2]
    assert points[nose, 2] < 0 < points[ear, 2]
    assert points[ear, 2] - points[nose, 2] == pytest.approx(places[nose, 2] - places[ear, 2])


def test_the_regressor_reads_labels_as_they_were_written():
    """What the network was taught is what `--backend map` makes of the same answer."""

    class Taught:
        description = "taught"

        def __call__(self, crops):
            return np.stack([answer for _ in crops]), np.ones(len(crops), np.float32)

    picture, points = np.zeros((SIDE, SIDE, 3), np.float32), face(yaw=20)
    regressor = MapRegressor(Taught())
    crop = levelled(points, CROP)
    answer = as_network(crop.apply(points))
    (look,) = regressor.look([Place(picture, Box.around(points))], [crop])
    seen = look.points
    np.testing.assert_allclose(seen[:, :2], points[:, :2], atol=1e-3)
    assert np.ptp(seen[:, 2] - points[:, 2]) < 1e-3


@cache
def taught():
    """The scene that the teacher makes of the right-hand photograph of James."""
    teacher = Teacher(load_reconstructor(), load_landmarker(), load_segmenter())
    return teacher(photograph("james-right.jpg"))


def test_facemesh_sees_what_the_labels_say():
    scene = taught()
    view = exact_view(jpeg(scene.image), points468(scene.positions))
    with torch.inference_mode():
        crop = torch.from_numpy(view.image).permute(2, 0, 1)[None]
        points, score = load(FaceMesh, "facemesh")(crop)
    seen = points[0].numpy()
    assert score.item() > 0.9
    assert np.linalg.norm((seen - view.points)[:, :2], axis=1).mean() < 2
    depth = seen[:, 2] - seen[:, 2].mean()
    assert np.abs(depth - view.points[:, 2]).mean() < 3


@pytest.mark.parametrize("pose", [{}, {"roll": 25.0}, {"origin": (120.0, 140.0, 0.0)}])
def test_exact_labels_lie_on_their_pixels(pose):
    points = face(**pose)
    distances = off(exact_view(dotted(points), points))
    assert len(distances) == len(spread_points()) > 20
    assert distances.max() < 0.12


def test_labels_of_drawn_views_lie_on_their_pixels():
    points, turned, seen = face(), [], 0
    for seed in range(25):
        view = view_of(dotted(points), points, NOTHING, np.random.default_rng(seed))
        if view.face:
            distances = off(view)
            assert np.median(distances) < 0.12
            assert distances.max() < 0.3
            seen += len(distances)
            turned.append(estimate(position_map(view.points * np.float32([1, 1, -1]), ATLAS)).roll)
    assert seen > 300
    assert np.std(turned) > 3


def test_half_of_the_views_are_mirrored():
    points = face(yaw=30)
    yaws = []
    for seed in range(40):
        view = view_of(jpeg(noise(SIDE, SIDE)), points, NOTHING, np.random.default_rng(seed))
        yaws.append(estimate(position_map(view.points * np.float32([1, 1, -1]), ATLAS)).yaw)
    np.testing.assert_allclose(np.abs(yaws), 30, atol=1)
    assert 10 < (np.array(yaws) > 0).sum() < 30


def test_a_view_depends_on_its_random_numbers_alone():
    degradations, picture, points = (
        read_degradations(RECIPES / "view.yaml"),
        jpeg(noise(SIDE, SIDE)),
        face(),
    )
    one, again, other = (
        view_of(picture, points, degradations, np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one.image, again.image)
    np.testing.assert_array_equal(one.points, again.points)
    assert np.abs(one.image - other.image).max() > 0.1
    assert np.abs(one.points - other.points).max() > 0.1


def test_spoilt_views_are_pictures_whose_labels_stay():
    degradations, picture, points = (
        read_degradations(RECIPES / "view.yaml"),
        jpeg(noise(SIDE, SIDE)),
        face(),
    )
    changed = 0
    for seed in range(20):
        plain, spoilt = (
            view_of(picture, points, recipe, np.random.default_rng(seed))
            for recipe in (NOTHING, degradations)
        )
        np.testing.assert_array_equal(plain.points, spoilt.points)
        assert spoilt.image.shape == (CROP, CROP, 3)
        assert spoilt.image.dtype == np.float32
        assert 0 <= spoilt.image.min() <= spoilt.image.max() <= 1
        changed += np.abs(plain.image - spoilt.image).max() > 0.02
    assert changed > 10


def test_lamps_light_the_face_that_its_points_span(tmp_path):
    """As they light the scene of the whole position map: a view knows the points alone."""
    (tmp_path / "view.yaml").write_text(
        "version: 1\nsteps:\n  - light: {lamp: 1, kind: [half dark], seed: 3}\n"
    )
    recipe, image = read_degradations(tmp_path / "view.yaml"), noise(CROP, CROP)
    places = levelled(face(yaw=40), CROP).apply(face(yaw=40))
    (step,) = recipe.sample(0, "0" * 64, 0)
    free = np.zeros((CROP, CROP), np.float32)
    wanted = step(Scene(image, position_map(places, ATLAS), free)).image
    lit = degraded(image, places, recipe, np.random.default_rng(0))
    np.testing.assert_allclose(lit, wanted, atol=1e-6)
    assert np.abs(lit - image).max() > 0.2


def test_where_there_is_no_face_none_is_in_the_middle_and_the_right_way_up():
    points, picture = face(), jpeg(noise(SIDE, SIDE))
    right = levelled(points, CROP)
    height = np.ptp(right.apply(points)[:, 1])
    kinds = {"off": 0, "close": 0, "lying": 0}
    count = 600
    for seed in range(count):
        view = view_of(picture, points, NOTHING, np.random.default_rng(seed))
        places = view.points[:, :2] - 0.5
        middle = Box.around(places).centre
        away = np.hypot(*(np.array(middle) - (CROP - 1) / 2)) / CROP
        larger = np.linalg.norm(np.ptp(places, axis=0)) / np.linalg.norm([height, height])
        lies = abs(roll(view.points * np.float32([1, 1, -1])))
        if view.face:
            assert away < 0.4
            assert 0.5 < larger < 1.9
            assert lies <= 60.01
        else:
            kind = "close" if larger > 2.5 else "off" if away > 0.45 else "lying"
            kinds[kind] += 1
            assert kind != "lying" or lies > 99
    assert 0.1 < sum(kinds.values()) / count < 0.2
    assert min(kinds.values()) > 3


# --- Recipes of views ----------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["mirror: {}", "profile: {yaw: 5}", "frame: {}", "reshape: {}"])
def test_a_step_that_moves_the_face_is_refused(tmp_path, step):
    path = tmp_path / "view.yaml"
    path.write_text(f"version: 1\nsteps:\n  - blur: {{}}\n  - {step}\n")
    with pytest.raises(UsageError, match=r"view\.yaml: step 2 \(\w+\): may not be done to a view"):
        read_degradations(path)


def test_the_recipes_are_right():
    assert read_degradations(RECIPES / "view.yaml").steps
    for name in ("scene.yaml", "turn.yaml", "turn_without_head.yaml"):
        assert read_template(RECIPES / name).steps


# --- The teacher ---------------------------------------------------------------------------------


def test_the_teacher_frames_the_face():
    scene = taught()
    assert scene.image.shape == (SIDE, SIDE, 3)
    assert scene.matte.shape == (SIDE, SIDE)
    assert scene.positions.box.size == pytest.approx(SIDE / ROOM, rel=0.01)
    np.testing.assert_allclose(scene.positions.box.centre, [MIDDLE, MIDDLE], atol=0.5)
    assert scene.head is None


def test_with_a_model_the_depth_is_the_heads():
    teacher = Teacher(load_reconstructor(), load_landmarker(), load_segmenter(), head_model())
    without, scene = taught(), teacher(photograph("james-right.jpg"))
    points, plain = points468(scene.positions), points468(without.positions)
    np.testing.assert_allclose(points[:, :2], plain[:, :2], atol=1.5)  # the map is another surface
    np.testing.assert_allclose(points[:, 2], scene.head.points[:, 2], atol=1.5)
    assert np.abs(np.ptp(points[:, 2] - plain[:, 2])) > 1
