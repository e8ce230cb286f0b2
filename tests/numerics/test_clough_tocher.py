from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import LinearNDInterpolator
from scipy.spatial import Delaunay

from facelab import weights
from facelab.atlas import LIPS, OVAL
from facelab.atlas.surface import surface, work_out
from facelab.geometry.landmarks import position_map
from facelab.numerics.clough_tocher import interpolation
from tests.synthetic import ATLAS, canonical_points, lower_lip, mouth

FEW = settings(max_examples=20, deadline=None)
NO_GHOSTS = np.zeros((0, 2))


def spline(sites, places, ghosts, hidden=None):
    """On Delaunay's triangles."""
    triangles = Delaunay(np.concatenate([sites, ghosts])).simplices
    return interpolation(sites, places, ghosts, triangles, hidden)


def scattered(seed, count=30):
    """Points of the unit square, its corners among them."""
    inner = np.random.default_rng(seed).random((count, 2))
    return np.concatenate([[[0, 0], [0, 1], [1, 0], [1, 1]], inner])


def quadratic(coefficients, at):
    u, v = at.T
    return np.column_stack([np.ones_like(u), u, v, u * u, u * v, v * v]) @ coefficients


@FEW
@given(st.integers(0, 999))
def test_exact_at_the_points(seed):
    sites = scattered(seed)
    points = np.random.default_rng(seed + 1).random((len(sites), 3), np.float32)
    out = spline(sites, sites, NO_GHOSTS)(points)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, points, atol=1e-5)


@FEW
@given(
    st.integers(0, 999),
    st.lists(st.floats(-5, 5, allow_subnormal=False), min_size=6, max_size=6),
    st.booleans(),
)
def test_quadratic_surfaces_are_reproduced(seed, coefficients, extrapolated):
    sites = scattered(seed)
    ghosts = np.array([[-0.3, 0.5], [0.5, -0.3], [1.3, 0.5], [0.5, 1.3]])
    places = np.random.default_rng(seed + 1).random((50, 2))
    coefficients = np.array(coefficients)
    points = quadratic(coefficients, sites)[:, None].astype(np.float32)
    operator = spline(sites, places, ghosts if extrapolated else NO_GHOSTS)
    expected = quadratic(coefficients, places)
    np.testing.assert_allclose(operator(points)[:, 0], expected, atol=2e-4)


def places_on_edges(sites):
    """Places on the triangulation's edges and on the lines to the centroids, with their normals."""
    simplices = Delaunay(sites).simplices
    corners = sites[simplices]
    centroid = corners.mean(axis=1)
    starts = np.concatenate([corners[:, 0], corners[:, 1], corners[:, 2], *[centroid] * 3])
    ends = np.concatenate(
        [corners[:, 1], corners[:, 2], corners[:, 0], corners[:, 0], corners[:, 1], corners[:, 2]]
    )
    along = ends - starts
    normal = np.column_stack([-along[:, 1], along[:, 0]])
    length = np.linalg.norm(along, axis=1)
    long_enough = length > 0.05
    place = (starts + 0.4 * along)[long_enough]
    inside = ((place > 0.02) & (place < 0.98)).all(axis=1)
    return place[inside], (normal / length[:, None])[long_enough][inside]


def kinks(evaluate, places, normals, step=1e-5):
    """How much the derivative across a line jumps."""
    before, on, after = (evaluate(places + s * step * normals) for s in (-1, 0, 1))
    return np.abs(before - 2 * on + after) / step


def dense(operator):
    """Nodes to the surface at each place as a matrix, ``(m, 3 k)``."""
    out = np.zeros((operator.columns.shape[1], len(operator.nodes)), np.float32)
    np.add.at(out, (np.arange(len(out)), operator.columns), operator.weights)
    return out


def test_the_operator_is_a_product_of_matrices():
    operator = spline(scattered(3), scattered(4), NO_GHOSTS)
    points = np.random.default_rng(0).random((operator.nodes.shape[1], 2), np.float32)
    expected = dense(operator) @ (operator.nodes @ points)
    np.testing.assert_allclose(operator(points), expected, atol=1e-5)


def test_gradient_is_continuous_across_triangles():
    sites = scattered(5)
    values = np.random.default_rng(6).random(len(sites))
    places, normals = places_on_edges(sites)

    def smooth(at):
        operator = spline(sites, at, NO_GHOSTS)
        nodes, patches = operator.nodes.astype(float), dense(operator).astype(float)
        return patches @ (nodes @ values)

    linear = kinks(LinearNDInterpolator(sites, values), places, normals)
    assert len(places) > 60
    assert np.quantile(linear, 0.9) > 1  # the same measure finds the edges of a faceted surface
    assert kinks(smooth, places, normals).max() < 0.25


def test_places_outside_are_refused():
    with pytest.raises(ValueError, match="1 places lie outside the triangles"):
        spline(scattered(1), np.array([[0.5, 0.5], [2, 2]]), NO_GHOSTS)


def test_points_are_checked():
    sites = scattered(1)
    with pytest.raises(ValueError, match=r"points must be \(34, c\) float32"):
        spline(sites, sites, NO_GHOSTS)(np.zeros((33, 3), np.float32))


def test_hidden_sites_do_not_bend_what_lies_across():
    sites = scattered(2, 60)
    lower = sites[:, 1] > 0.5
    hidden = lower[None, :] != lower[:, None]
    places = sites[~lower] + [0, -1e-3]
    places = places[places[:, 1] > 0]
    up = Delaunay(sites)
    apart = ~lower[up.simplices[up.find_simplex(places)]].any(axis=1)
    points = lower.astype(np.float32)[:, None]
    assert apart.sum() > 5
    torn = spline(sites, places[apart], NO_GHOSTS, hidden)(points)
    joined = spline(sites, places[apart], NO_GHOSTS)(points)
    assert not torn.any()
    assert np.abs(joined).max() > 1e-4


def test_shipped_operator_is_the_one_worked_out():
    uv, places = ATLAS.uv.astype(float), ATLAS.places.astype(float)
    triangles = weights.load("canonical_face")["triangles"]
    shipped, worked_out = surface(), work_out(uv, OVAL, triangles, places)
    np.testing.assert_allclose(shipped.nodes, worked_out.nodes, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(shipped.columns, worked_out.columns)
    np.testing.assert_allclose(shipped.weights, worked_out.weights, atol=1e-6)


def test_face_passes_through_its_points():
    points = canonical_points(yaw=20, pitch=-10)
    read = ATLAS.read(position_map(points, ATLAS).values, ATLAS.uv)
    # Read between texels, so not as exact as the surface; the slit of the mouth is narrower yet.
    others = np.setdiff1d(np.arange(len(points)), LIPS)
    off = np.abs(read[others] - points[others]).max(axis=1)
    assert np.quantile(off, 0.99) < 0.3
    assert off.max() < 1  # in the crease beside the nose


def normals(values):
    along_u, along_v = np.gradient(values.astype(float), axis=1), np.gradient(values, axis=0)
    cross = np.cross(along_u, along_v)
    return cross / np.linalg.norm(cross, axis=2, keepdims=True)


def head(u, v):
    """A smooth head: an ellipsoid with a nose, in px, from texel coordinates."""
    s, t = (u - 127.5) / 128, (v - 135) / 128
    nose = 18 * np.exp(-((s / 0.2) ** 2) - (t / 0.25) ** 2)
    return np.stack([100 * s, 110 * t, 80 * np.sqrt(1.8 - s * s - t * t) + nose], axis=-1)


def test_smooth_head_has_no_ripples():
    points = head(*ATLAS.uv.T.astype(float)).astype(np.float32)
    v, u = np.indices(ATLAS.face.shape).astype(float)
    made = position_map(points, ATLAS).values
    with np.errstate(invalid="ignore"):
        cosine = np.sum(normals(made) * normals(head(u, v)), axis=2)
    inside = cv2.erode(ATLAS.face.astype(np.uint8), np.ones((5, 5))).astype(bool)
    degrees = np.rad2deg(np.arccos(np.clip(cosine[inside], -1, 1)))
    assert degrees.max() < 5
    assert degrees.mean() < 0.5


def test_surface_goes_on_straight_past_the_oval():
    v, u = np.indices(ATLAS.valid.shape)
    flat = np.column_stack([ATLAS.uv, 0.3 * ATLAS.uv[:, 0]]).astype(np.float32)
    made = position_map(flat, ATLAS).values[ATLAS.valid]
    expected = np.dstack([u, v, 0.3 * u])[ATLAS.valid]
    np.testing.assert_allclose(made, expected, atol=0.01)


def test_lower_lip_moves_alone():
    moved = np.abs(mouth(20).values - mouth(0).values).max(axis=2)
    upper_edge = np.floor(ATLAS.uv[[82, 13, 312], 1].min()) - 1
    v, u = np.indices(moved.shape)
    lips = ATLAS.region("lips", ATLAS.size) == 1
    upper = lips & (v < upper_edge) & (np.abs(u - 127.5) < 20)
    lower = lips & (v > 182) & (np.abs(u - 127.5) < 10)
    assert upper.sum() > 50
    assert lower.sum() > 50
    assert moved[upper].max() < 1e-3
    np.testing.assert_allclose(moved[lower], 20, atol=2)
    brows = v < 100
    assert moved[brows & ATLAS.face].max() < 1e-3
    assert lower_lip(canonical_points()).sum() > 20
