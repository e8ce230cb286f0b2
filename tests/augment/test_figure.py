"""A person as a surface that has the photograph's outline."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from facelab.augment.classes import CLASSES
from facelab.augment.figure import figure_of, normals
from facelab.augment.scene import Scene
from facelab.augment.steps.profile import Profile, _completed
from facelab.augment.torn import Torn
from facelab.augment.wrap import COLUMNS, ROWS, places, wrap_of
from facelab.face.texture import unwrap
from facelab.geometry.landmarks import position_map
from facelab.heads import HeadFamily
from facelab.numerics.raster import rasterize
from facelab.types import Face, Texture
from tests.synthetic import ATLAS, matrix

SHAPE, SCALE = (200, 220), 5.0
SKIN, HAIR, WALL = (np.float32(rgb) for rgb in ((0.8, 0.6, 0.5), (0.2, 0.1, 0.05), (0.3, 0.4, 0.9)))


@cache
def head(yaw=0.0):
    """The mean head of the family before a camera."""
    family = HeadFamily.load()
    model = family.head_model()
    placed = np.array([SHAPE[1] / 2, -SHAPE[0] / 2 + 10, 0])
    return model.head(np.zeros(len(family.names)), SCALE, matrix(yaw, 0, 0), placed)


def drawn(vertices, triangles):
    return rasterize(vertices, triangles, SHAPE).covered


@cache
def photograph(thick=0, yaw=0.0):
    """A picture of that head with a cap of hair so many pixels thick, and its matte."""
    family, own = HeadFamily.load(), head(yaw)
    skull = drawn(own.vertices, family.triangles)
    scalp = family.triangles[family.scalp[family.triangles].min(axis=1) > 0.5]
    cap = drawn(own.vertices, scalp).astype(np.uint8)
    cap = cv2.dilate(cap, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * thick + 1,) * 2)) > 0
    cap &= ~drawn(own.vertices, family.triangles[family.scalp[family.triangles].max(axis=1) < 0.5])
    image = np.where(skull[..., None], SKIN, WALL)
    image = np.where(cap[..., None], HAIR, image).astype(np.float32)
    return image, (skull | cap).astype(np.float32)


def figure(thick=0, yaw=0.0):
    positions = position_map(head(yaw).points, ATLAS)
    return figure_of(head(yaw), positions, *photograph(thick, yaw))


@pytest.mark.parametrize("yaw", [0.0, 25.0])
@pytest.mark.parametrize("thick", [0, 12])
def test_a_figure_has_the_outline_of_its_photograph(thick, yaw):
    one = figure(thick, yaw)
    own, matte = drawn(one.placed(), one.triangles), photograph(thick, yaw)[1] > 0
    above = np.arange(SHAPE[0]) < one.middle[1]  # hair is above the middle of the skull
    differs = (own != matte)[above].sum() / matte[above].sum()
    assert differs < 0.05


def test_without_hair_the_head_stays_as_it_is():
    moved = np.linalg.norm(figure().placed() - head().vertices, axis=1)
    upper = HeadFamily.load().base[:, 1] > 0
    assert np.median(moved[upper]) < 0.3 * SCALE


def test_the_face_is_where_its_position_map_is():
    one, family = figure(12), HeadFamily.load()
    inside = family.atlas_share > 0.5
    moved = np.linalg.norm(one.placed() - head().vertices, axis=1)
    assert np.median(moved[inside]) < 0.5


def test_normals_of_a_ball_point_away_from_its_middle():
    down, around = np.meshgrid(np.linspace(0.2, 2.9, 20), np.linspace(0, 2 * np.pi, 30))
    ball = np.stack(
        [np.sin(down) * np.cos(around), np.cos(down), np.sin(down) * np.sin(around)], -1
    )
    index = np.arange(600).reshape(30, 20)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[:-1, 1:], index[1:, 1:]
    triangles = np.concatenate([np.stack([a, b, c], -1), np.stack([c, b, d], -1)]).reshape(-1, 3)
    pixels = ball.reshape(-1, 3) * [1, -1, 1]
    found = normals(pixels.astype(np.float32), triangles.astype(np.int32)) * [1, -1, 1]
    towards = np.abs((found * pixels).sum(axis=1))
    assert np.median(towards) > 0.98


def test_places_go_around_and_down():
    points = np.float32([[0, 0, 5], [5, -1, 0], [-5, -1, 0], [0, -8, 5], [1e-4, 9, 1e-4]])
    column, row = places(points, np.zeros(2))
    np.testing.assert_allclose(column[:3], np.array([0.5, 0.75, 0.25]) * COLUMNS - 0.5, atol=1e-3)
    assert row[4] < row[0] < row[1] < row[3] < ROWS
    assert row[4] == pytest.approx(-0.5, abs=0.05)


def test_the_wrap_shows_the_photograph_where_it_was_taken_from():
    one, (image, matte) = figure(12), photograph(12)
    wrap = wrap_of(one, image, np.zeros(SHAPE, np.float32), matte)
    front = wrap.colour[ROWS // 3, COLUMNS // 2, :3]
    np.testing.assert_allclose(front, SKIN, atol=0.02)
    assert wrap.made[ROWS // 3, COLUMNS // 2] < 0.01


def test_behind_there_is_hair_and_no_background():
    one, (image, matte) = figure(12), photograph(12)
    wrap = wrap_of(one, image, np.zeros(SHAPE, np.float32), matte)
    back = wrap.colour[20:70, :10, :3]
    assert np.abs(back - HAIR).max() < 0.15
    assert (wrap.classes[20:70, :10] == CLASSES["hair"]).all()
    away = np.linalg.norm(wrap.colour[..., :3] - WALL, axis=2)
    assert away.min() > 0.3


def below_the_skull(one):
    """The rows of the photograph, cm below the middle of the skull."""
    return (np.arange(SHAPE[0]) - one.middle[1]) / SCALE


@cache
def long_haired():
    """A picture of a head with hair on both sides of the neck, and its matte."""
    image, matte = (layer.copy() for layer in photograph(3))
    down, x = below_the_skull(figure(3)), np.arange(SHAPE[1])
    beside = (np.abs(x - SHAPE[1] / 2) < 11 * SCALE) & ((down > 0) & (down < 20))[:, None]
    curtain = beside & (matte == 0)
    image[curtain], matte[curtain] = HAIR, 1
    return image, matte


def test_hair_beside_the_neck_hangs_and_falls_straight():
    positions = position_map(head().points, ATLAS)
    one, short = figure_of(head(), positions, *long_haired()), figure(3)
    assert one.hangs
    assert not short.hangs
    x, y, z = short.vertices.T
    nape = (np.abs(x) < 2) & (y < -6) & (y > -9) & (z < -5)
    back = z[y > 0].min()
    assert np.median(z[nape]) > 0.8 * back
    assert np.median(one.vertices[nape, 2]) < 0.85 * back


def test_hair_hangs_all_along_the_neck():
    image, matte = long_haired()
    positions = position_map(head().points, ATLAS)
    one = figure_of(head(), positions, image, matte)
    wrap = wrap_of(one, image, np.zeros(SHAPE, np.float32), matte)
    neck = slice(*np.int32((10 * np.pi / 2 + np.array([6.0, 12.0])) / 0.25))
    behind = np.r_[0 : COLUMNS // 5, 4 * COLUMNS // 5 : COLUMNS]
    assert (wrap.classes[neck][:, behind] == CLASSES["hair"]).all()
    assert np.abs(wrap.colour[neck][:, behind, :3] - HAIR).max() < 0.2


def test_a_gap_in_hair_that_hangs_is_filled():
    image, matte = (layer.copy() for layer in long_haired())
    positions = position_map(head().points, ATLAS)
    gap = np.abs(below_the_skull(figure(3)) - 9)[:, None] < 1
    gap = gap & (np.abs(np.abs(np.arange(SHAPE[1]) - SHAPE[1] / 2) - 8.5 * SCALE) < SCALE)
    image[gap] = WALL  # which a matte may take for hair
    one = figure_of(head(), positions, image, matte)
    wrap = wrap_of(one, image, np.zeros(SHAPE, np.float32), matte)
    assert one.hangs
    assert np.linalg.norm(wrap.colour[..., :3] - WALL, axis=2).min() > 0.3


@pytest.mark.parametrize("colour", [HAIR, np.float32([1, 1, 1])])
def test_a_spot_on_the_neck_is_not_drawn(colour):
    image, matte = photograph(3)
    one = figure(3)
    row = np.abs(below_the_skull(one) - 13) < 0.8
    spot = row[:, None] & (np.abs(np.arange(SHAPE[1]) - SHAPE[1] / 2 - 10) < 8)
    spotted = np.where(spot[..., None], colour, image).astype(np.float32)
    plain, wrap = (
        wrap_of(one, shown, np.zeros(SHAPE, np.float32), matte) for shown in (image, spotted)
    )
    assert (wrap.classes == plain.classes).all()
    assert np.abs(wrap.colour - plain.colour).max() < 0.15  # without the light that falls on it


def scene(thick=0):
    image, matte = photograph(thick)
    positions = position_map(head().points, ATLAS)
    return Scene.of(image, Face(positions, unwrap(image, positions, 128)), 128, matte)


@pytest.mark.parametrize("yaw", [-70.0, 35.0])
def test_a_turned_persons_parts_are_known(yaw):
    after = Profile(yaw=yaw)(scene(3))
    classes, (x, y) = after.truth.classes, after.positions.box.centre
    near = "left ear" if yaw < 0 else "right ear"
    for name in (near, "hair", "neck", "skin", "background"):
        assert (classes == CLASSES[name]).sum() > 30, name
    assert classes[5, 5] == CLASSES["background"]
    known = np.isfinite(after.truth.depth)
    assert (known != (classes != CLASSES["background"])).mean() < 1e-3  # but at the outline
    assert known[int(y), int(x)]
    behind = after.image[~known]
    assert np.abs(behind - WALL).max() < 0.05


def test_hair_on_the_back_of_a_turned_head():
    after = Profile(yaw=70.0)(scene(12))
    hair = after.truth.classes == CLASSES["hair"]
    assert hair.mean() > 0.1
    inside = cv2.erode(hair.astype(np.uint8), np.ones((5, 5))) > 0
    assert np.quantile(np.abs(after.image[inside] - HAIR), 0.95) < 0.15


def test_a_face_that_was_not_seen_is_torn():
    before = scene()
    blind = Texture(before.texture.colour, np.full_like(before.texture.confidence, 0.01))
    with pytest.raises(Torn, match="stretch"):
        Profile(yaw=20.0)(replace(before, texture=blind))


def test_hair_at_the_temples_is_not_drawn_as_the_face():
    before = scene()
    size = before.texture.colour.shape[0]
    temples = np.s_[3 * size // 8 : size // 2, np.r_[12:18, size - 18 : size - 12]]
    colour, confidence = np.tile(SKIN, (size, size, 1)), np.full((size, size), 0.7, np.float32)
    colour[temples] = HAIR
    texture = _completed(Texture(colour, confidence), before.positions)
    assert np.abs(texture.colour[temples] - SKIN).max() < 0.1


def test_a_strand_that_the_better_seen_half_has_not_is_not_drawn():
    before = scene()
    size = before.texture.colour.shape[0]
    strand = np.s_[size // 3 : size // 2, size // 3 : size // 3 + 3]
    colour, confidence = before.texture.colour.copy(), np.full((size, size), 0.6, np.float32)
    colour[:], confidence[:, size // 2 :] = SKIN, 0.9
    colour[strand] = HAIR
    texture = _completed(Texture(colour, confidence), before.positions)
    assert np.abs(texture.colour[strand] - SKIN).max() < 0.1
