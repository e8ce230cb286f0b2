"""The frame of a head: there and back, and laying things on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.augment.occluders.head import HeadFrame, canonical_points
from facelab.geometry import pose
from tests.synthetic import canonical

ANGLE = st.floats(-80, 80)


@settings(max_examples=15, deadline=None)
@given(ANGLE, st.floats(-40, 40), ANGLE)
def test_it_is_the_pose_of_the_face(yaw, pitch, roll):
    positions = canonical(scale=3, yaw=yaw, pitch=pitch, roll=roll, origin=(50, 40, 5))
    frame, found = HeadFrame.of(positions), pose.estimate(positions)
    np.testing.assert_allclose(frame.rotation, found.rotation, atol=2e-2)
    assert frame.scale == pytest.approx(found.scale, rel=2e-2)
    np.testing.assert_allclose(frame.points, canonical_points(), atol=0.2)


@given(st.lists(st.tuples(*[st.floats(-20, 20)] * 3), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_places_go_there_and_back(points):
    frame = HeadFrame.of(canonical(scale=3, yaw=30, pitch=10, roll=-20, origin=(50, 40, 0)))
    points = np.array(points, np.float32)
    np.testing.assert_allclose(frame.unprojected(frame.pixels(points)), points, atol=1e-3)


def test_the_plain_head_looks_outward():
    vertices, triangles = HeadFrame.of(canonical(scale=3, origin=(50, 40, 0))).mesh()
    corners = vertices[triangles].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    middles = corners.mean(axis=1) - [0, 0, -4.5]
    skull = slice(898, 898 + 2 * 10 * 16)
    assert ((normals * (middles - [0, 3, 0]))[skull].sum(axis=1) >= -1e-6).all()


@pytest.mark.parametrize("outward", [(0, 0, 1), (0.8, 0, 0.6), (0, -0.6, 0.8), (-1, 0, 0)])
def test_what_is_pushed_out_lies_on_the_head(outward):
    frame = HeadFrame.of(canonical(scale=3, origin=(50, 40, 0)))
    outward = np.array(outward, np.float32)
    away = np.random.default_rng(0).normal(0, 1.5, (200, 3)).astype(np.float32)
    disk = away - outward * (away @ outward)[:, None]
    for start in (-4.0, 3.0, 25.0):  # from within, and from far away
        points = disk + outward * np.float32(start) + np.array([0, -2, 0], np.float32)
        push = frame.pushed_out(points, outward, gap=0.5)
        np.testing.assert_allclose(np.cross(push, outward), 0, atol=1e-4)
        again = frame.pushed_out(points + push, outward, gap=0.5)
        np.testing.assert_allclose(again, 0, atol=1e-3)


def test_what_is_beside_the_head_stays():
    frame = HeadFrame.of(canonical(scale=3, origin=(50, 40, 0)))
    points = np.array([[40, 40, 0], [41, 40, 0]], np.float32)
    np.testing.assert_array_equal(frame.pushed_out(points, np.float32([0, 0, 1])), 0)
