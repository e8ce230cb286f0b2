"""The A-buffer against a plain loop over pixels and triangles."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.numerics import abuffer
from tests.numerics.test_raster import random_mesh

SHAPE = 17, 23


def slow_layers(vertices, triangles, front=None):
    """For each pixel (depth, triangle, barycentric) of all that cover it, nearest first."""
    snapped = vertices.astype(np.float64)
    snapped[:, :2] = np.rint(snapped[:, :2] * 256) / 256
    found = {}
    for row in range(SHAPE[0]):
        for column in range(SHAPE[1]):
            over = []
            for number, (a, b, c) in enumerate(snapped[triangles]):
                side = np.column_stack([(b - a)[:2], (c - a)[:2]])
                if abs(np.linalg.det(side)) < 1e-9:
                    continue
                second, third = np.linalg.solve(side, (column, row) - a[:2])
                weights = np.array([1 - second - third, second, third])
                depth = weights @ [a[2], b[2], c[2]]
                if (weights > 1e-9).all() and (front is None or depth > front[row, column]):
                    over.append((depth, number, weights))
            found[row * SHAPE[1] + column] = sorted(over, key=lambda one: -one[0])
    return found


@pytest.mark.parametrize("hidden", [False, True])
def test_all_fragments_in_their_order(hidden):
    rng = np.random.default_rng(7)
    vertices, triangles = random_mesh(rng, count=40, shape=SHAPE, size=9)
    front = rng.uniform(-9, 3, SHAPE).astype(np.float32) if hidden else None
    layers = abuffer.gather(vertices, triangles, SHAPE, front)
    wanted = slow_layers(vertices, triangles, front)
    assert len(layers.pixel) == sum(map(len, wanted.values())) > 300
    for pixel, over in wanted.items():
        here = layers.pixel == pixel
        assert layers.triangle[here].tolist() == [number for _, number, _ in over]
        for got, (_, _, weights) in zip(layers.barycentric[here], over, strict=True):
            np.testing.assert_allclose(got, weights, atol=1e-6)


def test_carries_attributes_exactly_where_they_are_linear():
    rng = np.random.default_rng(3)
    vertices, triangles = random_mesh(rng, count=20, shape=SHAPE, size=12)
    layers = abuffer.gather(vertices, triangles, SHAPE)
    row, column = np.divmod(layers.pixel, SHAPE[1])
    carried = layers.carry(triangles, vertices)
    np.testing.assert_allclose(carried, np.column_stack([column, row, layers.depth]), atol=0.01)


def test_composite_is_over_from_the_nearest_to_the_farthest():
    rng = np.random.default_rng(11)
    vertices, triangles = random_mesh(rng, count=60, shape=SHAPE, size=9)
    layers = abuffer.gather(vertices, triangles, SHAPE)
    colour = rng.uniform(0, 1, (len(layers.pixel), 3)).astype(np.float32)
    opacity = rng.uniform(0, 1, len(layers.pixel)).astype(np.float32)
    got, share = abuffer.composite(layers, colour, opacity)
    assert len(got) == len(set(layers.pixel))
    for place, pixel in enumerate(layers.pixel[layers.starts]):
        behind, clear = np.zeros(3), 1.0
        for fragment in np.flatnonzero(layers.pixel == pixel)[::-1]:  # the farthest first
            behind = opacity[fragment] * colour[fragment] + (1 - opacity[fragment]) * behind
            clear *= 1 - opacity[fragment]
        np.testing.assert_allclose(got[place], behind, atol=1e-5)
        np.testing.assert_allclose(share[place], 1 - clear, atol=1e-5)


def test_half_covered():
    card = np.float32([[1, 1, 0], [1, 16, 0], [16, 1, 0]])
    vertices = np.concatenate([card + np.float32([0, 0, depth]) for depth in (9, 8, 7)])
    triangles = np.arange(9, dtype=np.int32).reshape(3, 3)
    layers = abuffer.gather(vertices, triangles, SHAPE)
    opacity = np.full(len(layers.pixel), 0.3, np.float32)  # 0.7 and 0.49 are left
    half = abuffer.halfway(layers, opacity)
    assert set(layers.triangle[half]) == {1}
    assert len(half) == len(layers.starts)
    assert not len(abuffer.halfway(layers, opacity / 9))


def test_what_is_equally_near_keeps_the_order_of_the_triangles():
    corners = np.float32([[1, 1, 5], [1, 9, 5], [9, 1, 5]])
    triangles = np.int32([[0, 1, 2], [0, 2, 1]])  # a card and its other side
    layers = abuffer.gather(corners, triangles, SHAPE)
    assert layers.triangle.reshape(-1, 2).tolist() == [[0, 1]] * (len(layers.pixel) // 2)


def test_nothing_there():
    layers = abuffer.gather(np.zeros((3, 3), np.float32), np.int32([[0, 1, 2]]), SHAPE)
    colour, opacity = abuffer.composite(layers, np.zeros((0, 3), np.float32), np.zeros(0, "f4"))
    assert colour.shape == (0, 3)
    assert opacity.shape == (0,)


def test_fragments_that_are_left_out():
    rng = np.random.default_rng(5)
    vertices, triangles = random_mesh(rng, count=20, shape=SHAPE, size=9)
    layers = abuffer.gather(vertices, triangles, SHAPE)
    odd = layers.only(layers.triangle % 2 == 1)
    assert set(odd.triangle) == {one for one in set(layers.triangle) if one % 2}
    assert (np.diff(odd.pixel) >= 0).all()
