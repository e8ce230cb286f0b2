"""A pinhole camera, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.geometry import pose
from facelab.heads.camera import Camera
from facelab.heads.family import HeadFamily
from facelab.types import Crop

SHAPE = 200, 200


def camera(angles=(0, 0, 0), view=40.0, at=None):
    return Camera.looking(angles, np.array([0.0, 1.0, 2.0]), 8.0, view, SHAPE, at)


@pytest.mark.parametrize("at", [None, (80.0, 120.0)])
def test_the_middle_is_shown_where_it_is_wanted(at):
    shown = camera((30, -20, 50), at=at).project(np.float32([[0, 1, 2]]))[0]
    np.testing.assert_allclose(shown, [*(at or (99.5, 99.5)), 0], atol=1e-3)


def test_as_a_pinhole_draws():
    points = np.random.default_rng(0).uniform(-9, 9, (50, 3)).astype(np.float32)
    seen = camera((25, 10, -40), view=50)
    distance = (100 / 8) / np.tan(np.deg2rad(25))
    turned = (points - [0, 1, 2]) @ pose.matrix(25, 10, -40).T
    x = 99.5 + turned[:, 0] / (distance - turned[:, 2]) * distance * 8
    y = 99.5 - turned[:, 1] / (distance - turned[:, 2]) * distance * 8
    wanted = np.stack([x, y, turned[:, 2] * 8], axis=1)
    np.testing.assert_allclose(seen.project(points), wanted, atol=1e-3)


def test_a_crop_of_its_picture_is_another_camera_s():
    points = np.random.default_rng(2).uniform(-9, 9, (50, 3)).astype(np.float32)
    seen, crop = camera((25, 10, -40), at=(80.0, 120.0)), Crop((90.0, 70.0), 130.0, 35.0, 64)
    cut = seen.seen_in(crop)
    np.testing.assert_allclose(cut.project(points), crop.apply(seen.project(points)), atol=1e-3)
    toward = seen.toward(points) @ seen.rotation
    np.testing.assert_allclose(cut.toward(points) @ cut.rotation, toward, atol=1e-5)


def test_without_a_field_of_view_it_is_parallel():
    points = np.float32([[3, 1, -8], [3, 1, 9]])
    first, second = camera(view=0).project(points)
    np.testing.assert_allclose(first[:2], second[:2], atol=0.05)


def test_the_rays_lead_to_the_pinhole():
    points = np.random.default_rng(1).uniform(-9, 9, (20, 3)).astype(np.float32)
    seen = camera((40, 0, 0))
    toward = seen.toward(points)
    np.testing.assert_allclose(np.linalg.norm(toward, axis=1), 1, atol=1e-5)
    turned = seen.turned(points)
    reached = turned + toward * ((seen.distance - turned[:, 2]) / toward[:, 2])[:, None]
    np.testing.assert_allclose(reached, [[0, 0, seen.distance]] * 20, atol=1e-2)


@pytest.mark.parametrize("yaw", [0, 60, 110])
def test_a_face_s_triangles_are_too_small_for_perspective_within_them(yaw):
    """What lies half-way between two vertices is drawn there, to a tenth of a pixel."""
    family = HeadFamily.load()
    face = family.triangles[(family.atlas_share[family.triangles] > 0).all(axis=1)]
    near = Camera.looking((yaw, 20, 0), np.array([0, 0, 2.0]), 256 / 38, 50, (256, 256))
    placed = near.project(family.base)
    x, y = (placed[face[:, k]][:, :2] - placed[face[:, 0]][:, :2] for k in (1, 2))
    face = face[x[:, 1] * y[:, 0] - x[:, 0] * y[:, 1] > 0]  # those that are seen
    for a, b in ((0, 1), (1, 2), (2, 0)):
        ends = face[:, a], face[:, b]
        halfway = near.project((family.base[ends[0]] + family.base[ends[1]]) / 2)
        drawn = (placed[ends[0]] + placed[ends[1]]) / 2
        assert np.abs(halfway - drawn)[:, :2].max() < 0.1
