from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.numerics import raster, scanline
from facelab.numerics.raster import (
    footprint,
    interpolate,
    rasterize,
    sample,
    sample_sharply,
    steps,
)
from tests import reference

SQUARE = np.array([[0, 1, 3], [1, 2, 3]], np.int32)  # of corners in counter-clockwise order


def random_mesh(rng, *, count, shape, size, levels=None):
    """Triangles about `size` px across, anywhere in and around the window, of both facings."""
    centres = rng.uniform(-0.2, 1.2, (count, 1, 2)) * shape[::-1]
    xy = centres + rng.uniform(-size, size, (count, 3, 2))
    z = (
        rng.uniform(-9, 9, (count, 3, 1))
        if levels is None
        else rng.integers(levels, size=(count, 3, 1))
    )
    vertices = np.concatenate((xy, z), axis=2).reshape(-1, 3).astype(np.float32)
    return vertices, np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def folded_grid(rng, size, extent):
    """A grid of shared vertices, shaken so much that parts of it fold over."""
    v, u = np.mgrid[:size, :size]
    xy = np.stack((u, v), axis=-1) * extent / (size - 1)
    xy = xy + rng.normal(0, 0.6 * extent / size, xy.shape)
    vertices = np.concatenate((xy, rng.uniform(0, 9, (size, size, 1))), axis=-1)
    a = (u + size * v)[:-1, :-1].ravel()
    triangles = np.concatenate(
        (np.stack((a, a + size, a + 1), -1), np.stack((a + 1, a + size, a + size + 1), -1))
    )
    return vertices.reshape(-1, 3).astype(np.float32), triangles.astype(np.int32)


def assert_equals_reference(vertices, triangles, shape):
    fragments = rasterize(vertices, triangles, shape)
    seen, barycentric, depth = reference.rasterize(vertices, triangles, shape)
    np.testing.assert_array_equal(fragments.triangle, seen)
    np.testing.assert_allclose(fragments.barycentric, barycentric, atol=2e-7)
    np.testing.assert_allclose(fragments.depth, depth, rtol=2e-7, atol=1e-6)
    return fragments


@pytest.mark.parametrize("size", [0.1, 0.7, 2, 6, 30, 300, 2000])
def test_equals_the_reference(size):
    rng = np.random.default_rng(int(size * 10))
    vertices, triangles = random_mesh(rng, count=int(300 / size**0.5), shape=(37, 53), size=size)
    fragments = assert_equals_reference(vertices, triangles, (37, 53))
    assert fragments.covered.any()


def test_two_thousand_pixels():
    vertices = np.float32([[-300, 1.3, 0], [700.7, 1999.6, 4], [1999, -12.2, 9], [40, 1500, 2]])
    triangles = np.array([[0, 1, 2], [0, 3, 1]], np.int32)
    fragments = assert_equals_reference(vertices, triangles, (2000, 2000))
    assert fragments.covered.mean() > 0.4


def test_small_batches_change_nothing(monkeypatch):
    vertices, triangles = folded_grid(np.random.default_rng(4), 12, 40)
    whole = rasterize(vertices, triangles, (40, 40))
    monkeypatch.setattr(scanline, "BLOCK", 7)
    monkeypatch.setattr(scanline, "BATCH", 5)
    parts = rasterize(vertices, triangles, (40, 40))
    np.testing.assert_array_equal(parts.triangle, whole.triangle)
    np.testing.assert_array_equal(parts.barycentric, whole.barycentric)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    quantum=st.sampled_from([1.0, 0.5, 1 / 256, 1e-4]),
)
def test_equals_the_reference_on_folds_and_ties(seed, shape, quantum):
    """Vertices on pixel centres and few depths: most pixels are decided by the rules."""
    rng = np.random.default_rng(seed)
    vertices, triangles = folded_grid(rng, 5, 16)
    vertices[:, :2] = np.round(vertices[:, :2] / quantum) * quantum
    vertices[:, 2] = np.round(vertices[:, 2] / 9)
    both = np.concatenate((triangles, triangles[:, ::-1], triangles[:, [1, 2, 0]]))
    assert_equals_reference(vertices, both, shape)


@settings(max_examples=25, deadline=None)
@given(
    corners=st.lists(st.tuples(st.integers(-40, 80), st.integers(-40, 80)), min_size=3, max_size=3)
)
def test_any_triangle_of_the_quarter_pixel_grid(corners):
    vertices = np.array([(x / 4, y / 4, 1) for x, y in corners], np.float32)
    assert_equals_reference(vertices, np.array([[0, 1, 2], [0, 2, 1]], np.int32), (12, 15))


def test_what_lies_between_the_centres_is_passed_over():
    rng = np.random.default_rng(0)
    vertices, triangles = random_mesh(rng, count=2000, shape=(30, 40), size=0.6)
    x, y = (np.rint(vertices[:, axis] * 256) / 256 for axis in (0, 1))
    corners = np.ascontiguousarray(triangles.T, np.intp)
    met = scanline.meeting(x, y, corners, (30, 40))
    covering = {int(k) for *_, face in scanline.pixels(x, y, corners, (30, 40)) for k in face}
    assert covering <= set(met.tolist())
    assert len(met) < len(triangles) / 2


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), quantum=st.sampled_from([1.0, 1 / 256]))
def test_running_sums_tell_which_face_covers_a_pixel_alone(seed, quantum):
    """Faces that fold over each other, and reach beyond the window on all sides."""
    vertices, triangles = folded_grid(np.random.default_rng(seed), 7, 30)
    x, y = (np.round((vertices[:, axis] - 8) / quantum) * quantum for axis in (0, 1))
    corners = np.ascontiguousarray(triangles.T, np.intp)
    face, several = scanline.sole(x, y, corners, (11, 15))
    count, sums = np.zeros((2, 11 * 15), int)
    front = np.flatnonzero(scanline.doubled_area(x, y, corners) > 0)
    for pixel, _, item in scanline.pixels(x, y, corners[:, front], (11, 15)):
        np.add.at(count, pixel, 1)
        np.add.at(sums, pixel, front[item])
    np.testing.assert_array_equal(several.ravel(), count > 1)
    np.testing.assert_array_equal(face.ravel()[count == 1], sums[count == 1])
    assert (face.ravel()[count == 0] == -1).all()


def test_faces_that_hold_no_wanted_pixel_cover_none():
    rng = np.random.default_rng(1)
    vertices, triangles = random_mesh(rng, count=300, shape=(30, 40), size=5)
    x, y = (np.rint(vertices[:, axis] * 256) / 256 for axis in (0, 1))
    corners = np.ascontiguousarray(triangles.T, np.intp)
    wanted = rng.random((30, 40)) < 0.01
    held = scanline.holding(x, y, corners, wanted)
    covering = {
        int(face)
        for pixel, _, item in scanline.pixels(x, y, corners, (30, 40))
        for face in item[wanted.ravel()[pixel]]
    }
    assert covering <= set(np.flatnonzero(held).tolist())
    assert held.mean() < 0.5


def test_square_owns_its_top_and_left_pixels_once():
    corners = np.float32([[2, 1, 0], [2, 5, 0], [7, 5, 0], [7, 1, 0]])
    triangle = rasterize(corners, SQUARE, (8, 9)).triangle
    expected = np.zeros((8, 9), bool)
    expected[1:5, 2:7] = True
    np.testing.assert_array_equal(triangle >= 0, expected)


@pytest.mark.parametrize("angle", np.linspace(0, 2 * np.pi, 13))
def test_a_fan_covers_each_pixel_once(angle):
    """Each triangle alone: together they cover the polygon, and no pixel twice."""
    turns = angle + np.arange(9) * 2 * np.pi / 9
    rim = np.stack((15 + 13 * np.sin(turns), 15 + 13 * np.cos(turns), 0 * turns), axis=-1)
    vertices = np.vstack(([15, 15, 0], rim)).astype(np.float32)
    fan = np.array([(0, 1 + i, 1 + (i + 1) % 9) for i in range(9)], np.int32)
    each = sum(rasterize(vertices, fan[i : i + 1], (31, 31)).covered.astype(int) for i in range(9))
    y, x = np.indices((31, 31)) - 15
    assert each.max() == 1
    assert (each[np.hypot(x, y) < 13 * np.cos(np.pi / 9) - 0.1] == 1).all()


def test_back_faces_and_empty_triangles_are_not_drawn():
    corners = np.float32([[1, 1, 0], [1, 8, 0], [8, 1, 0], [4.5, 4.5, 0]])
    shape = (10, 10)
    assert rasterize(corners, np.int32([[0, 1, 2]]), shape).covered.any()
    for hidden in ([0, 2, 1], [1, 2, 3], [0, 0, 0], [0, 1, 1]):
        assert not rasterize(corners, np.int32([hidden]), shape).covered.any()
    empty = rasterize(corners, np.zeros((0, 3), np.int32), shape)
    assert not empty.covered.any()
    assert not empty.depth.any()


def test_the_nearest_wins_and_the_lowest_index_on_a_tie():
    corners = np.float32([[0, 0, 1], [0, 9, 1], [9, 0, 1]])
    vertices = np.vstack((corners, corners + np.float32([0, 0, 1]), corners))
    layers = np.arange(9, dtype=np.int32).reshape(3, 3)
    for order, expected in (([0, 1, 2], 1), ([1, 0, 2], 0), ([0, 2], 0), ([2, 0, 1], 2)):
        triangle = rasterize(vertices, layers[order], (9, 9)).triangle
        assert set(triangle[triangle >= 0]) == {expected}


def test_weights_and_depth_vary_linearly():
    vertices = np.float32([[0, 0, 3], [0, 8, 5], [4, 0, 7]])
    fragments = rasterize(vertices, np.int32([[0, 1, 2]]), (8, 4))
    np.testing.assert_array_equal(fragments.barycentric[2, 1], [0.5, 0.25, 0.25])
    assert fragments.depth[2, 1] == 0.5 * 3 + 0.25 * 5 + 0.25 * 7
    np.testing.assert_array_equal(fragments.barycentric.sum(-1) > 0, fragments.covered)


@pytest.mark.parametrize(
    ("vertices", "triangles", "message"),
    [
        (np.zeros((3, 2)), [[0, 1, 2]], r"`vertices` must have shape \(n, 3\), got \(3, 2\)"),
        (np.full((3, 3), np.nan), [[0, 1, 2]], "`vertices` must be finite"),
        (np.full((3, 3), np.inf), [[0, 1, 2]], "`vertices` must be finite"),
        (np.full((3, 3), 1e5), [[0, 1, 2]], "within 65536 px"),
        (np.zeros((3, 3)), [[0, 1]], r"`triangles` must have shape \(m, 3\), got \(1, 2\)"),
        (np.zeros((3, 3)), [[0, 1, 3]], "must index 3 vertices"),
        (np.zeros((3, 3)), [[0, 1, -1]], "must index 3 vertices"),
    ],
)
def test_bad_input_is_refused(vertices, triangles, message):
    with pytest.raises(ValueError, match=message):
        rasterize(vertices.astype(np.float32), np.array(triangles, np.int32), (4, 4))


@pytest.mark.parametrize("at_once", [7, 1 << 14])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_interpolate_equals_a_loop_over_pixels(channels, at_once, monkeypatch):
    monkeypatch.setattr(raster, "_IN_CACHE", at_once)
    rng = np.random.default_rng(channels)
    vertices, triangles = folded_grid(rng, 6, 20)
    attributes = rng.normal(size=(len(vertices), channels)).astype(np.float32)
    fragments = rasterize(vertices, triangles, (25, 22))
    expected = np.zeros((25, 22, channels))
    for y, x in np.argwhere(fragments.covered):
        corners = triangles[fragments.triangle[y, x]]
        expected[y, x] = fragments.barycentric[y, x].astype(float) @ attributes[corners]
    values = interpolate(fragments, triangles, attributes)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, expected, atol=1e-6)


def test_interpolated_positions_are_the_pixels_themselves():
    vertices, triangles = folded_grid(np.random.default_rng(3), 9, 60)
    fragments = rasterize(vertices, triangles, (61, 61))
    snapped = np.round(vertices * 256) / 256
    positions = interpolate(fragments, triangles, snapped[:, :2])
    y, x = np.nonzero(fragments.covered)
    np.testing.assert_allclose(positions[y, x], np.stack((x, y), axis=-1), atol=1e-4)


def test_interpolate_refuses_a_vector():
    fragments = rasterize(np.zeros((3, 3), np.float32), np.int32([[0, 1, 2]]), (4, 4))
    with pytest.raises(ValueError, match=r"`attributes` must have shape \(n, c\), got \(3,\)"):
        interpolate(fragments, np.int32([[0, 1, 2]]), np.zeros(3, np.float32))


def pixel_grid(height, width, scale=1.0):
    """Texel coordinates of a picture shown at `1 / scale`, border on border."""
    y, x = np.indices((height, width))
    return (np.stack((x, y), axis=-1) + 0.5).astype(np.float32) * np.float32(scale) - np.float32(
        0.5
    )


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sampling_texel_centres_returns_the_texture(channels):
    texture = np.random.default_rng(0).random((13, 17, channels), dtype=np.float32)
    np.testing.assert_array_equal(sample(texture, pixel_grid(13, 17)), texture)


def test_sampling_is_bilinear_and_replicates_the_border():
    texture = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    uv = np.float32([[[0.5, 0.25], [1.25, 0.75]], [[-3, 1], [0.2, 99]]])
    alone = np.eye(2, dtype=bool)  # no covered neighbours, so no minification
    values = sample(texture, uv, alone)[..., 0]
    np.testing.assert_allclose(values, [[1.5, 4.25], [4, 8.2]], rtol=1e-6)


@pytest.mark.parametrize("scale", [0.5, 1, 1.7, 4, 23])
def test_a_constant_stays_constant(scale):
    texture = np.full((64, 64, 3), 0.3, np.float32)
    np.testing.assert_allclose(sample(texture, pixel_grid(20, 20, scale)), 0.3, rtol=1e-6)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_minification_by_a_power_of_two_is_the_block_mean(factor):
    texture = np.random.default_rng(1).random((64, 32, 3), dtype=np.float32)
    means = texture.reshape(64 // factor, factor, 32 // factor, factor, 3).mean((1, 3))
    values = sample(texture, pixel_grid(64 // factor, 32 // factor, factor))
    np.testing.assert_allclose(values, means, atol=1e-6)


def test_a_checkerboard_fades_to_grey():
    board = (np.indices((96, 96)).sum(0) % 2)[..., None].astype(np.float32)
    contrast = [np.ptp(sample(board, pixel_grid(30, 30, scale))) for scale in (1, 1.3, 1.7, 3)]
    assert contrast[0] == 1
    assert contrast == sorted(contrast, reverse=True)
    assert contrast[-1] < 1e-3


@pytest.mark.parametrize("axis", [0, 1])
def test_minification_follows_the_axis_that_moves_further(axis):
    line = np.random.default_rng(axis).random(64, dtype=np.float32)
    texture = np.broadcast_to(np.expand_dims(line, 1 - axis), (64, 64))[..., None].copy()
    uv = pixel_grid(16, 16)
    uv[..., 1 - axis] = 4 * uv[..., 1 - axis] + 1.5
    means = np.expand_dims(line.reshape(16, 4).mean(1), 1 - axis)
    np.testing.assert_allclose(sample(texture, uv)[..., 0], means * np.ones((16, 16)), atol=1e-6)


def test_levels_blend_between_powers_of_two():
    texture = np.random.default_rng(2).random((64, 64, 1), dtype=np.float32)
    uv = pixel_grid(20, 20, 2**0.5)
    fine = sample(texture, uv, np.zeros((20, 20), bool))
    blocks = texture.reshape(32, 2, 32, 2, 1).mean((1, 3))
    coarse = sample(blocks, (uv + 0.5) / 2 - 0.5, np.zeros((20, 20), bool))
    np.testing.assert_allclose(sample(texture, uv), (fine + coarse) / 2, atol=1e-5)


def test_a_silhouette_does_not_blur_the_inside():
    texture = np.random.default_rng(3).random((40, 40, 3), dtype=np.float32)
    covered = np.zeros((40, 40), bool)
    covered[8:30, 11:33] = True
    uv = np.where(covered[..., None], pixel_grid(40, 40), np.float32(0))
    np.testing.assert_array_equal(sample(texture, uv, covered)[covered], texture[covered])


def test_an_occlusion_does_not_blur_either_side():
    texture = np.random.default_rng(4).random((20, 40, 3), dtype=np.float32)
    uv = pixel_grid(20, 20)
    uv[:, 10:, 0] += 15
    expected = np.hstack((texture[:, :10], texture[:, 25:35]))
    np.testing.assert_array_equal(sample(texture, uv), expected)


@pytest.mark.parametrize(
    ("texture", "uv"), [((4, 4), (2, 2, 2)), ((4, 4, 3), (2, 2, 3)), ((4, 4, 5), (2, 2, 2))]
)
def test_sample_refuses_other_shapes(texture, uv):
    with pytest.raises(ValueError, match="must have shapes"):
        sample(np.zeros(texture, np.float32), np.zeros(uv, np.float32))


def covering(uv):
    return np.ones(uv.shape[:2], bool)


def test_sharp_samples_of_texel_centres_return_the_texture():
    texture, uv = np.random.default_rng(0).random((13, 17, 3), np.float32), pixel_grid(13, 17)
    np.testing.assert_allclose(
        sample_sharply(texture, uv, footprint(*steps(uv, covering(uv)))), texture, atol=1e-6
    )


@pytest.mark.parametrize("scale", [0.3, 1.0, 1.37, 2.6, 6.0])
def test_sharp_samples_equal_a_loop_over_pixels(scale):
    """At more pixels than are read at once, of more than two levels."""
    rng = np.random.default_rng(1)
    texture, uv = rng.random((128, 96, 3), np.float32), pixel_grid(150, 140, scale)
    level = np.log2(max(scale / 1.4, 1))
    got = sample_sharply(texture, uv, footprint(*steps(uv, covering(uv))))
    for row, column in rng.integers(140, size=(20, 2)):
        place = uv[row, column]
        expected = bicubic_at(texture, place)
        for step in range(1, int(np.ceil(level)) + 1):
            small = cv2.resize(texture, (96 >> step, 128 >> step), interpolation=cv2.INTER_AREA)
            coarse = bicubic_at(small, (place + 0.5) / 2**step - 0.5)
            expected = expected + min(level - step + 1, 1) * (coarse - expected)
        np.testing.assert_allclose(got[row, column], expected, atol=1e-4)


def bicubic_at(texture, place):
    """Between the four texels around, no higher and no lower than they are."""
    u, v = np.float32(place)[:, None, None]
    value = cv2.remap(texture, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    column, row = (np.array([at, at + 1]) for at in np.floor(place).clip(0).astype(int))
    height, width = texture.shape[:2]
    around = texture[np.clip(row, 0, height - 1)][:, np.clip(column, 0, width - 1)]
    return np.clip(value[0, 0], around.min((0, 1)), around.max((0, 1)))


def test_sharp_samples_are_nearer_to_a_wave_than_others_and_stay_in_its_range():
    texture = wave(pixel_grid(90, 90))
    uv = pixel_grid(60, 60, 0.97) + np.float32(0.4)
    soft, sharp = (
        sample(texture, uv),
        sample_sharply(texture, uv, footprint(*steps(uv, covering(uv)))),
    )
    missed = [np.abs(drawn - wave(uv)).mean() for drawn in (soft, sharp)]
    assert missed[1] < 0.7 * missed[0]
    assert texture.min() <= sharp.min() < sharp.max() <= texture.max()


def wave(places):
    return np.float32(0.5 + 0.4 * np.sin(places[..., :1] * 1.1))
