"""Surfaces of grids: outward normals, closed seams, rotations that mirror."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.augment.occluders.surface import lathe, normal_sums, of_grid, tube, unit

PLAIN = np.ones((1, 1, 4), np.float32)


def sphere():
    rise = np.linspace(np.pi / 2, -np.pi / 2, 24)
    grid = lathe(np.stack([np.cos(rise), np.sin(rise)], axis=1), 40)
    return of_grid(grid, PLAIN, "object", closed=True)


def faces(surface):
    """The middle and the normal of each triangle that has an area."""
    corners = surface.vertices[surface.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    there = np.linalg.norm(normals, axis=1) > 1e-6
    return corners.mean(axis=1)[there], unit(normals[there])


def test_a_sphere_looks_outward_everywhere():
    ball = sphere()
    middles, normals = faces(ball)
    assert ((middles * normals).sum(axis=1) > 0.9).all()
    np.testing.assert_allclose(np.linalg.norm(ball.normals, axis=1), 1, atol=1e-5)
    assert ((ball.vertices * ball.normals).sum(axis=1) > 0.98).all()


def test_a_closed_grid_has_no_seam():
    ball = sphere()
    rows = ball.normals.reshape(24, 40, 3)
    np.testing.assert_array_equal(rows[:, 0], rows[:, -1])


@pytest.mark.parametrize("closed", [False, True])
def test_a_tube_looks_outward(closed):
    turn = np.linspace(0, 2 * np.pi if closed else 4.0, 33)
    path = np.stack([5 * np.cos(turn), 5 * np.sin(turn), 0 * turn], axis=1)
    made = of_grid(tube(path, (0.4, 0.6), closed=closed), PLAIN, "object", closed=True)
    middles, normals = faces(made)
    nearest = np.linalg.norm(middles[:, None] - path, axis=2).argmin(axis=1)
    assert (((middles - path[nearest]) * normals).sum(axis=1) > 0).all()


def test_sums_of_normals_are_those_of_a_loop():
    ball = sphere()
    expected = np.zeros_like(ball.vertices)
    for triangle in ball.triangles:
        a, b, c = ball.vertices[triangle]
        for corner in triangle:
            expected[corner] += np.cross(b - a, c - a)
    found = normal_sums(ball.vertices, ball.triangles)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("mirror", [1.0, -1.0])
def test_moving_keeps_it_looking_outward(mirror):
    turn = np.diag([mirror, 1.0, 1.0]).astype(np.float32)
    origin = np.array([1, 2, 3], np.float32)
    moved = sphere().moved(turn, origin)
    middles, normals = faces(moved)
    assert (((middles - origin) * normals).sum(axis=1) > 0.9).all()
    assert (((moved.vertices - origin) * moved.normals).sum(axis=1) > 0.98).all()
