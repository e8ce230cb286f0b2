"""How much of a pixel triangles cover: against counting samples one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from facelab.atlas import grid_triangles
from facelab.numerics.coverage import coverage
from facelab.numerics.raster import rasterize

SHAPE = (12, 16)
ALL = np.array([[0, 1, 2]], np.int32)


def found_by(corners, triangles):
    """What is found with the pixels that the rasterizer covers."""
    inside = np.column_stack([corners.clip(-6e4, 6e4), np.zeros(len(corners))]).astype(np.float32)
    return coverage(corners, triangles, rasterize(inside, triangles, SHAPE).covered)


def counted(corners, samples=64):
    """The share of fine samples of each pixel in a triangle, either way around."""
    at = (np.arange(samples) + 0.5) / samples - 0.5
    y = np.add.outer(np.arange(SHAPE[0]), at).reshape(-1, 1)
    x = np.add.outer(np.arange(SHAPE[1]), at).reshape(1, -1)
    sides = []
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        sides.append((bx - ax) * (y - ay) - (by - ay) * (x - ax))
    inside = np.logical_and.reduce([side <= 0 for side in sides])
    return inside.reshape(SHAPE[0], samples, SHAPE[1], samples).mean(axis=(1, 3))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(-4, 20), st.floats(-4, 16)), min_size=3, max_size=3))
def test_it_is_near_what_counting_gives(corners):
    corners = np.array(corners, np.float32)
    (ax, ay), (bx, by), (cx, cy) = corners.astype(np.float64)
    assume(abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)) > 0.1)
    found = found_by(corners, ALL)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1
    expected = counted(corners.astype(np.float64))
    # Samples that an edge touches count as covered: up to half a sample along each edge.
    assert (found >= expected - 0.3).all()
    assert (found <= expected + 0.5).all()
    assert np.abs(found - expected).sum() <= 0.3 * np.hypot(*np.ptp(corners, axis=0)) * 2 + 1


def test_triangles_with_a_common_edge_leave_no_gap_and_count_once():
    corners = np.array([[1.3, 1.2], [13.7, 2.4], [12.9, 9.8], [2.1, 9.1]], np.float32)
    two = np.array([[0, 2, 1], [0, 3, 2]], np.int32)
    found = found_by(corners, two)
    assert (found[4:8, 4:11] == 1).all()
    assert found.max() == 1


def test_back_faces_are_left_out():
    corners = np.array([[1, 1], [1, 9], [9, 1]], np.float32)
    assert found_by(corners, ALL).max() == 1
    assert found_by(corners, ALL[:, ::-1]).max() == 0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_small_triangles_within_make_hardly_a_difference(seed):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:9, 0:13].astype(np.float32)
    corners = np.stack([x.ravel(), y.ravel()], axis=1) * 0.9 + rng.uniform(0, 3, 2)
    corners = (corners + rng.normal(0, 0.1, corners.shape)).astype(np.float32)
    triangles = grid_triangles(np.ones((9, 13), np.bool_))
    nothing = np.zeros(SHAPE, np.bool_)
    whole = coverage(corners, triangles, nothing)
    away = whole - found_by(corners, triangles)
    assert np.abs(away).max() < 0.2
    assert np.abs(away).mean() < 0.003


@pytest.mark.parametrize("far", [1e5, 1e7])
def test_far_vertices_do_no_harm(far):
    corners = np.array([[-far, -far], [-far, far], [far, 0]], np.float32)
    assert (found_by(corners, ALL) == 1).all()
