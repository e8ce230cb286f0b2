"""Pictures of people: what they show is where their labels say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from facelab.heads.camera import Camera
from facelab.heads.expressions import EXPRESSIONS, expression
from facelab.heads.family import HeadFamily
from facelab.heads.neck import bent
from facelab.heads.person import HATS, STYLES, Looks, person_of
from facelab.heads.shape import lips_apart
from facelab.heads.shot import Shot, figure_of, take
from facelab.heads.surface import Drawing, draw

SHOT = Shot(size=128, light="soft", background="plain")


@pytest.fixture(scope="module")
def person():
    return person_of(Looks(hair="bald", seed=5))


def shown(picture, name):
    """Which pixels show what is called `name`."""
    assert isinstance(picture.drawing, Drawing)
    return picture.drawing.shows(name)


def test_the_same_is_drawn_again(person):
    shot = replace(SHOT, yaw=30.0, expression="any", seed=3)
    first, second = (take(person_of(Looks(hair="bald", seed=5)), shot) for _ in range(2))
    assert first.image.tobytes() == second.image.tobytes()
    assert first.points.tobytes() == second.points.tobytes()
    assert take(person, replace(shot, seed=4)).image.tobytes() != first.image.tobytes()


@pytest.mark.parametrize("yaw", [-60, 0, 35])
def test_points_are_where_they_are_drawn(person, yaw):
    """A soft spot of paint about each of some points has its middle where the point is told."""
    shot = replace(SHOT, yaw=float(yaw), size=256)
    figure, family = figure_of(person, shot), HeadFamily.load()
    points = family.points468(figure.head)
    normals = points468_normals(figure.head)
    placed = figure.camera.project(points)
    facing = (figure.camera.toward(points) * (normals @ figure.camera.rotation.T)).sum(axis=1)
    for k in [50, 280, 205, 425, 151, 108, 337, 117, 346]:
        if facing[k] < 0.9:
            continue
        spot = draw([spotted(figure, points[k])], (256, 256)).colour[..., 0]
        y, x = np.indices(spot.shape)
        middle = [(spot * axis).sum() / spot.sum() for axis in (x, y)]
        np.testing.assert_allclose(middle, placed[k, :2], atol=0.1)


def points468_normals(head):
    from facelab.heads import shape

    normals = HeadFamily.load().points468(shape.normals(head))
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)


def spotted(figure, point):
    """The skin, unlit, with a soft spot about a point, 0.25 cm wide."""
    (skin,) = (one for one in figure.surfaces() if one.name == "skin" and one.solid)
    rows = HeadFamily.load().triangles[HeadFamily.load().part == 1]
    places = figure.head[np.unique(rows)].astype(np.float32)

    def paint(at):
        spot = np.exp(-((at - point) ** 2).sum(axis=1) / (2 * 0.25**2))
        return np.repeat(spot[:, None], 3, axis=1).astype(np.float32)

    ones = np.ones_like(skin.light)
    return replace(skin, light=ones, gloss=0 * ones, places=places, paint=paint)


def test_irises_lie_in_the_eyes(person):
    picture = take(person, replace(SHOT, size=256, gaze_right=10.0))
    for name, iris in zip(("right eye", "left eye"), picture.irises, strict=True):
        column, row = np.rint(iris[0, :2]).astype(int)
        assert shown(picture, name)[row, column]
    assert picture.gaze[0, 0] == pytest.approx(np.sin(np.deg2rad(10)), abs=1e-3)


def test_gaze_is_told_in_the_camera_s_frame(person):
    turned = take(person, replace(SHOT, yaw=40.0, gaze_right=-40.0 + 5.0))
    np.testing.assert_allclose(turned.gaze[0, 0], np.sin(np.deg2rad(5)), atol=1e-3)


def test_depth_and_normals_agree(person):
    drawing = take(person, replace(SHOT, size=256, yaw=20.0)).drawing
    skin = drawing.shows("skin")
    inside = skin[1:-1, 1:-1] & skin[1:-1, 2:] & skin[1:-1, :-2] & skin[2:, 1:-1] & skin[:-2, 1:-1]
    across = (drawing.depth[1:-1, 2:] - drawing.depth[1:-1, :-2]) / 2
    down = (drawing.depth[2:, 1:-1] - drawing.depth[:-2, 1:-1]) / 2
    told = drawing.normals[1:-1, 1:-1][inside]
    seen = np.stack([-across[inside], down[inside], np.ones(inside.sum())], axis=1)
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    assert np.median((seen * told).sum(axis=1)) > 0.995


def test_depth_is_that_of_the_points(person):
    picture = take(person, replace(SHOT, size=256))
    for k in (1, 50, 280, 9):
        column, row = np.rint(picture.points[k, :2]).astype(int)
        assert picture.drawing.depth[row, column] == pytest.approx(picture.points[k, 2], abs=1.0)


def test_what_is_told_is_what_is_there(person):
    picture = take(person, replace(SHOT, size=256, expression="neutral"))
    names = ("skin", "right brow", "left brow", "right eye", "left eye", "right ear", "left ear",
             "neck", "clothes")  # fmt: skip
    for name in names:
        assert shown(picture, name).sum() > 20, name
    middle = np.argwhere(shown(picture, "right ear")).mean(axis=0)
    assert middle[1] < 128  # at the image's left
    assert len(picture.coefficients) == 52


@pytest.mark.parametrize("style", STYLES)
def test_hair_covers_the_head_and_little_of_the_face(style):
    picture = take(person_of(Looks(hair=style, seed=2)), SHOT)
    assert shown(picture, "hair").sum() > 200
    assert shown(picture, "skin").sum() > 200


@pytest.mark.parametrize("hat", HATS)
def test_a_hat_is_above_the_eyes(hat):
    picture = take(person_of(Looks(hat=hat, seed=2)), SHOT)
    rows = np.argwhere(shown(picture, "hat"))[:, 0]
    assert len(rows) > 200
    assert rows.mean() < picture.irises[:, 0, 1].mean()


def test_a_shut_mouth_shows_no_teeth_and_an_open_one_does(person):
    shut = take(person, replace(SHOT, size=256))
    wide = take(person, replace(SHOT, size=256, expression="shout"))
    assert shown(shut, "mouth interior").sum() < 10
    assert shown(wide, "mouth interior").sum() > 100


@pytest.mark.parametrize("kind", EXPRESSIONS)
def test_expressions_are_arkit_s(kind):
    names = HeadFamily.load().names[-52:]
    for seed in range(10):
        drawn = expression(kind, 1.0, np.random.default_rng(seed))
        assert set(drawn) <= set(names)
        assert all(0 <= value <= 1 for value in drawn.values())


def test_lips_part_with_the_jaw():
    family = HeadFamily.load()
    opened = family.vertices(family.coefficients({"jawOpen": 0.5}))
    assert lips_apart(opened) > lips_apart(family.base) + 1


def test_the_neck_bends_and_the_face_does_not():
    family = HeadFamily.load()
    head = bent(family.base, (40, 10, 5), 0.8)
    before, after = family.points468(family.base), family.points468(head)
    np.testing.assert_array_equal(before, after)
    clothes = np.unique(family.triangles[family.part == 14])
    assert np.linalg.norm(head[clothes] - family.base[clothes], axis=1).max() > 5
    distances = [
        np.linalg.norm(np.diff(rows[clothes[-200:]], axis=0), axis=1)
        for rows in (head, family.base)
    ]
    np.testing.assert_allclose(*distances, atol=1e-3)  # a rigid turn


def test_the_body_is_turned_back():
    """Where the neck does all of it, the body looks at the camera again."""
    family = HeadFamily.load()
    head = bent(family.base, (30, 0, 0), 1.0)
    camera = Camera.looking((30, 0, 0), np.zeros(3), 5.0, 0, (256, 256))
    low = np.unique(family.triangles[family.part == 14])
    low = low[family.base[low, 1] < -20]
    straight = Camera.looking((0, 0, 0), np.zeros(3), 5.0, 0, (256, 256))
    shift = camera.project(head[low]) - straight.project(family.base[low])
    np.testing.assert_allclose(shift - shift.mean(axis=0), 0, atol=0.05)
