"""Surfaces drawn together against a plain loop over samples."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.edits.cielab import encoded
from facelab.heads.surface import Drawing, Surface, draw, vertex_normals

SHAPE = 12, 15


def surface(name, corners, colour, opacity=None, light=1.0):
    """Triangles ``(m, 3, 3)`` of one colour, solid unless they have an opacity."""
    vertices = np.float32(corners).reshape(-1, 3)
    count = len(vertices)
    shown = np.float32([*colour] if opacity is None else [*colour, opacity])
    return Surface(
        name=name,
        vertices=vertices,
        triangles=np.arange(count, dtype=np.int32).reshape(-1, 3),
        light=np.full((count, 3), light, np.float32),
        gloss=np.zeros((count, 3), np.float32),
        normals=np.tile(np.float32([0, 0, 1]), (count, 1)),
        places=np.zeros((count, 1), np.float32),
        paint=lambda places: np.broadcast_to(shown, (len(places), len(shown))),
        solid=opacity is None,
    )


def random_triangles(rng, count, size):
    """Counter-clockwise as seen, y down."""
    corners = rng.uniform(-3, 18, (count, 1, 3)) + rng.uniform(-size, size, (count, 3, 3))
    corners = np.round(corners * 256) / 256
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    turn = (b - a)[:, 1] * (c - a)[:, 0] - (b - a)[:, 0] * (c - a)[:, 1]
    corners[turn < 0] = corners[turn < 0][:, ::-1]
    return corners


def slow_hits(corners, x, y):
    """The depths at which triangles lie over a place; None where they do not."""
    found = []
    for a, b, c in corners:
        side = np.column_stack([(b - a)[:2], (c - a)[:2]])
        second, third = np.linalg.solve(side, np.array([x, y]) - a[:2])
        if min(second, third, 1 - second - third) > 1e-9:
            found.append(a[2] + second * (b - a)[2] + third * (c - a)[2])
    return found


def slow_sample(surfaces, x, y):
    """Colour, opacity, name and depth at a place."""
    hits = [
        (depth, one)
        for one in surfaces
        for depth in slow_hits(one.vertices.reshape(-1, 3, 3).astype(float), x, y)
    ]
    colour, clear, name, shown = np.zeros(3), 1.0, None, np.nan
    for depth, one in sorted(hits, key=lambda hit: -hit[0]):
        rgba = one.paint(np.zeros((1, 1)))[0]
        opacity = 1.0 if one.solid else float(rgba[3])
        colour += clear * opacity * rgba[:3] * one.light[0]
        if name is None and clear * (1 - opacity) <= 0.5:
            name, shown = one.name, depth
        clear *= 1 - opacity
        if one.solid:
            break
    return colour, 1 - clear, name, shown


def scene(rng):
    return [
        surface("skin", random_triangles(rng, 5, 9), (0.6, 0.4, 0.3)),
        surface("clothes", random_triangles(rng, 4, 9), (0.1, 0.2, 0.7), light=0.5),
        surface("hair", random_triangles(rng, 6, 9), (0.2, 0.1, 0.05), 0.4),
        surface("hat", random_triangles(rng, 2, 9), (0.9, 0.1, 0.05), 0.9),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_drawing_is_what_each_sample_sees(seed):
    surfaces = scene(np.random.default_rng(seed))
    drawing = draw(surfaces, SHAPE)
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    for row in range(SHAPE[0]):
        for column in range(SHAPE[1]):
            around = [
                slow_sample(surfaces, column + dx, row + dy)
                for dy in (-0.5, 0, 0.5)
                for dx in (-0.5, 0, 0.5)
            ]
            colour = sum(w * sample[0] for w, sample in zip(kernel.ravel(), around, strict=True))
            opacity = sum(w * sample[1] for w, sample in zip(kernel.ravel(), around, strict=True))
            np.testing.assert_allclose(drawing.colour[row, column], colour, atol=2e-3)
            np.testing.assert_allclose(drawing.opacity[row, column], opacity, atol=2e-3)
            _, _, name, depth = around[4]
            label = drawing.label[row, column]
            assert (None if label < 0 else drawing.names[label]) == name
            np.testing.assert_allclose(drawing.depth[row, column], depth, atol=1e-3)


def test_what_is_see_through_hides_what_is_solid():
    whole, part = [[-9, -9, 0], [-9, 40, 0], [40, -9, 0]], [[3, 3, 5], [3, 9, 5], [9, 3, 5]]
    surfaces = [surface("skin", [whole], (1, 1, 1)), surface("hair", [part], (0, 0, 0), 0.7)]
    drawing = draw(surfaces, SHAPE)
    bare = draw([one for one in surfaces if one.solid], SHAPE)
    np.testing.assert_array_equal(drawing.hides("skin"), bare.shows("skin"))
    np.testing.assert_array_equal(
        drawing.shows("hair"), drawing.hides("skin") & ~drawing.shows("skin")
    )
    assert drawing.shows("hair").any()


def test_over_is_linear_light():
    half = surface("hat", [[[-9, -9, 0], [-9, 40, 0], [40, -9, 0]]], (1, 1, 1), 0.5)
    image = draw([half], SHAPE).over(np.zeros((*SHAPE, 3), np.float32))
    np.testing.assert_allclose(image[:5, :5], encoded(np.float32(0.5)), atol=1e-3)


def test_nothing_to_draw():
    drawing = draw([], SHAPE)
    assert isinstance(drawing, Drawing)
    assert not drawing.opacity.any()
    assert (drawing.label == -1).all()
    assert np.isnan(drawing.depth).all()


def test_a_sphere_has_the_normals_of_a_sphere():
    v, u = np.mgrid[:30, :40]
    theta, phi = (v + 0.5) * np.pi / 30, u * 2 * np.pi / 40
    points = np.stack(
        [np.sin(theta) * np.cos(phi), np.cos(theta), -np.sin(theta) * np.sin(phi)], -1
    ).reshape(-1, 3)
    at = (v * 40 + u)[:-1]
    right = (v * 40 + (u + 1) % 40)[:-1]
    quads = np.stack([at, right, right + 40, at + 40], -1).reshape(-1, 4)
    triangles = np.concatenate([quads[:, [0, 3, 1]], quads[:, [1, 3, 2]]]).astype(np.int32)
    normals = vertex_normals(points.astype(np.float32), triangles)
    inside = slice(40 * 3, -40 * 3)  # at the poles rings are not closed
    assert ((normals * points).sum(axis=1)[inside] > 0.999).all()
