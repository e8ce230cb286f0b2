"""The bends by which scripts/jaw_line.py finds the jaw, on surfaces whose bends are known."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.jaw_line import bends, cut, lengths, shares_evenly, turned_under

ROUND = 2.0  # radius of the edge of the jaw
UP, FRONT, ASIDE = np.array([0, 1.0, 0]), np.array([0, 0, 1.0]), np.array([1.0, 0, 0])


def turned(profile, count=180):
    """A surface of revolution about the vertical: vertices and triangles."""
    angles = np.arange(count) * 2 * np.pi / count
    r, y = profile.T
    vertices = np.stack(
        [np.outer(np.sin(angles), r), np.outer(np.ones(count), y), np.outer(np.cos(angles), r)],
        axis=2,
    ).reshape(-1, 3)
    index = np.arange(len(vertices)).reshape(count, -1)
    here, beside = index, np.roll(index, -1, axis=0)
    quads = np.stack([here[:, :-1], beside[:, :-1], beside[:, 1:], here[:, 1:]], axis=2)
    return vertices, quads.reshape(-1, 4)[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)


def jaw_and_neck():
    """Down the cheeks at 8 from the axis, round under the jaw, in to the neck at 4, and down."""
    arc = np.linspace(0, np.pi / 2, 40)
    edge = np.column_stack([6 + ROUND * np.cos(arc), -1 - ROUND * np.sin(arc)])
    corner = np.column_stack([5 - np.sin(arc), -4 + np.cos(arc)])
    return turned(np.concatenate([[[8.0, 4.0]], edge, corner, [[4.0, -12.0]]]))


def test_a_level_cut_of_a_ball_is_a_circle():
    arc = np.linspace(0.01, np.pi - 0.01, 90)
    ball = turned(5 * np.column_stack([np.sin(arc), np.cos(arc)]))
    path = cut(*ball, np.array([0, 3.0, 0]), UP, np.array([4.0, 3, 0]), FRONT)
    np.testing.assert_allclose(path.points[:, 1], 3, atol=1e-9)
    np.testing.assert_allclose(np.hypot(path.points[:, 0], path.points[:, 2]), 4, atol=0.01)
    assert lengths(path.points)[-1] == pytest.approx(8 * np.pi, rel=0.02)
    assert path.points[3, 2] > path.points[0, 2]


def test_a_row_of_weights_is_a_place_of_the_path():
    vertices, triangles = jaw_and_neck()
    path = cut(vertices, triangles, np.zeros(3), ASIDE, np.array([0, -8.0, 4]), UP)
    row = path.row(2.5, len(vertices))
    assert row.sum() == pytest.approx(1)
    along = lengths(path.points)
    expected = [np.interp(2.5, along, axis) for axis in path.points.T]
    np.testing.assert_allclose(row @ vertices, expected, atol=1e-9)


@pytest.mark.parametrize("radius", [2.0, 7.0])
def test_bends_of_a_circle(radius):
    arc = np.linspace(0, 3, 400)
    _, bend = bends(radius * np.column_stack([np.cos(arc), np.sin(arc)]))
    middle = slice(len(bend) // 3, 2 * len(bend) // 3)
    np.testing.assert_allclose(bend[middle], 1 / radius, rtol=0.05)
    _, back = bends(radius * np.column_stack([np.cos(arc), -np.sin(arc)]))
    np.testing.assert_allclose(back, -bend, atol=1e-6)


@pytest.mark.parametrize("angle", [0.0, 0.7, 1.2])
def test_the_surface_has_turned_under_where_the_edge_ends(angle):
    vertices, triangles = jaw_and_neck()
    out = np.cos(angle) * FRONT + np.sin(angle) * ASIDE
    place = turned_under(vertices, triangles, np.array([0, -2.0, 0]), out, UP) @ vertices
    assert place @ out == pytest.approx(6, abs=0.25)
    assert place[1] == pytest.approx(-1 - ROUND, abs=0.1)


def test_even_shares_keep_the_ends_and_make_equal_steps():
    line = np.array([[0, 0, 0], [1, 0, 0], [1, 5, 0], [1, 5, 2.0]])
    even = shares_evenly(line, 9)
    np.testing.assert_allclose(even.sum(axis=1), 1)
    np.testing.assert_allclose((even @ line)[[0, -1]], line[[0, -1]])
    np.testing.assert_allclose(np.diff(lengths(even @ line)), 1, atol=1e-9)
