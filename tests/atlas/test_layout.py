from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facelab import atlas as atlases
from facelab.atlas import grid_triangles
from facelab.atlas.canonical import BROW_EDGES
from facelab.atlas.layout import nearest_to
from facelab.geometry.pose import matrix
from tests.synthetic import ATLAS, MIRROR, canonical, canonical_points, frozen, mouth, mouth_opening

INNER_LIPS = atlases.UPPER_INNER_LIP + atlases.LOWER_INNER_LIP


def test_mesh_lies_in_the_map():
    assert ATLAS.uv.shape == (468, 2)
    assert ATLAS.vertices.shape == (468, 3)
    assert ATLAS.uv.min() >= 0
    assert ATLAS.uv.max() <= ATLAS.size - 1
    column, row = np.rint(ATLAS.uv).astype(int).T
    assert ATLAS.valid[row, column].all()


def test_small_u_is_the_subjects_right():
    assert np.corrcoef(ATLAS.uv[:, 0], ATLAS.vertices[:, 0])[0, 1] > 0.95
    assert np.corrcoef(ATLAS.uv[:, 1], ATLAS.vertices[:, 1])[0, 1] < -0.95


def test_valid_is_the_face_and_a_margin():
    assert ATLAS.valid[ATLAS.face].all()
    distance = cv2.distanceTransform((~ATLAS.face).astype(np.uint8), cv2.DIST_L2, 5)
    border = np.zeros_like(ATLAS.valid)
    border[[0, -1]] = border[:, [0, -1]] = True
    assert ATLAS.valid[(distance <= atlases.MARGIN - 0.5) & ~border].all()
    assert distance[ATLAS.valid].max() <= atlases.MARGIN + 1


def test_triangles_of_a_hand_made_grid():
    valid = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], bool)
    # Rows of valid texels: 0 1 / 2 3 4 / 5 6; two of the four quads are full.
    quads = [{0, 1, 2, 3}, {3, 4, 5, 6}]
    triangles = grid_triangles(valid)
    assert triangles.dtype == np.int32
    assert [set(triangles[i : i + 2].ravel()) for i in (0, 2)] == quads


def areas(places, triangles):
    """Of triangles in texels, positive where counter-clockwise as seen (y runs down)."""
    a, b, c = (places[corner].astype(float) for corner in triangles.T)
    (bx, by), (cx, cy) = (b - a).T, (c - a).T
    return (by * cx - bx * cy) / 2


@pytest.mark.parametrize("missing", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_quad_of_three_texels_is_a_triangle(missing):
    texels = np.ones((2, 2), bool)
    texels[missing] = False
    triangles = grid_triangles(texels)
    v, u = np.nonzero(texels)
    np.testing.assert_array_equal(areas(np.column_stack([u, v]), triangles), [0.5])


def test_triangles_face_the_viewer_and_tile_the_face():
    covered = areas(ATLAS.places, ATLAS.triangles)
    assert (covered == 0.5).all()
    quads = sum(ATLAS.valid[v : v + 255, u : u + 255] for v in (0, 1) for u in (0, 1)).ravel()
    assert covered.sum() == (quads == 4).sum() + 0.5 * (quads == 3).sum()


def test_mesh_ends_smoothly_at_the_outline():
    places, triangles = ATLAS.mesh
    assert (areas(places, triangles) > 0).all()
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    edges, uses = np.unique(edges, axis=0, return_counts=True)
    border = np.unique(edges[uses == 1])
    outline = ATLAS.outline.reshape(-1, 1, 2)
    distance = [abs(cv2.pointPolygonTest(outline, tuple(map(float, p)), True)) for p in places]
    assert np.array(distance)[border].max() < 1e-3
    moved = np.linalg.norm(places - np.argwhere(ATLAS.face)[:, ::-1], axis=1)
    lips = np.isin(places[:, 0], ATLAS.slit.columns) & (np.abs(places[:, 1] - 177) < 1)
    assert not np.delete(moved, np.union1d(border, np.flatnonzero(lips))).any()
    assert moved.max() < 1


def torn(upper, lower):
    """A map whose rows above the slit say `upper`, those below `lower`, and those in it noise."""
    v, u = np.indices((256, 256))
    values = np.where(v < 177, upper(u, v), lower(u, v)).astype(np.float32)
    values[177] = 99
    return frozen(np.repeat(values[..., None], 3, axis=2))


def test_lips_are_read_from_their_own_side():
    places, _ = ATLAS.mesh
    values = torn(lambda u, v: 0.1 * u + v, lambda u, v: 0.1 * u + v + 50)
    read = ATLAS.at_vertices(values)[:, 0] - 0.1 * places[:, 0] - places[:, 1]
    in_slit = np.isin(places[:, 0], ATLAS.slit.columns) & (places[:, 1] == 177)
    assert in_slit.sum() > 40
    np.testing.assert_allclose(read[in_slit], 25, atol=0.3)  # halfway
    mouth = np.abs(places - [127.5, 177]).max(axis=1) < 24.5
    others = mouth & ~in_slit
    np.testing.assert_allclose(read[others], np.where(places[others, 1] < 177, 0, 50), atol=1e-3)


def test_triangles_cross_a_tear_as_little_as_they_can():
    sides = np.array([[-1, -1], [-1, 1]], np.int32)
    for turned in range(4):
        tear = np.rot90(sides, turned)
        triangles = grid_triangles(np.ones((2, 2), bool), np.ascontiguousarray(tear))
        whole = [len(set(tear.ravel()[triangle])) == 1 for triangle in triangles]
        assert sum(whole) == 1
        places = np.float32([[0, 0], [1, 0], [0, 1], [1, 1]])
        np.testing.assert_array_equal(areas(places, triangles), [0.5, 0.5])


def test_rows_bound_a_region():
    first, end = ATLAS.rows("brows", 128)
    inside = (ATLAS.region("brows", 128) >= 0.5).any(axis=1)
    assert inside[first]
    assert inside[end - 1]
    assert not inside[:first].any()
    assert not inside[end:].any()


def test_canonical_uv_is_in_the_middle_of_texels():
    np.testing.assert_allclose(ATLAS.canonical_uv(4)[1, 2], [2.5 / 4, 1.5 / 4])


def carried(shift):
    """An atlas of which each texel shows the face `shift` texels further right than canonical."""
    v, u = np.indices((256, 256))
    return replace(ATLAS, name="carried", chart=frozen(np.dstack([u + shift, v])))


def test_regions_are_carried_over_by_the_chart():
    other = carried(7)
    np.testing.assert_allclose(
        other.region("lips", 256)[:, :-7], ATLAS.region("lips", 256)[:, 7:], atol=1e-3
    )
    np.testing.assert_allclose(
        other.canonical_uv(512)[5, 9], ATLAS.canonical_uv(512)[5, 23], atol=3e-4
    )
    assert (other.region("oval", 300) <= other.region("face", 300)).all()


def test_the_canonical_face_has_its_own_position_map():
    read = ATLAS.read(ATLAS.canonical_positions, ATLAS.uv)
    lips = np.isin(np.arange(468), atlases.LIPS)  # a slit is between them
    off = np.abs(read - ATLAS.vertices)[~lips].max(axis=1)
    assert np.quantile(off, 0.99) < 0.03
    assert off.max() < 0.1


def test_places_outside_come_onto_the_outline():
    square = np.float32([[0, 0], [10, 0], [10, 10], [0, 10]])
    places = np.float32([[5, 5], [12, 5], [13, 13], [-1, 4]])
    np.testing.assert_allclose(nearest_to(square, places), [[5, 5], [10, 5], [10, 10], [0, 4]])


def test_spread_lays_rows_out_in_scan_order():
    out = ATLAS.spread(frozen(ATLAS.places))
    v, u = np.nonzero(ATLAS.valid)
    np.testing.assert_array_equal(out[v, u], np.column_stack([u, v]))
    assert not out[~ATLAS.valid].any()


def test_read_finds_texel_centres_at_integers():
    v, u = np.indices((ATLAS.size, ATLAS.size))
    values = frozen(np.dstack([u, v, 2 * u - v]))
    at = np.float32([[10, 20], [30.5, 40.5], [200, 100.5]])
    expected = np.column_stack([at, 2 * at[:, 0] - at[:, 1]])
    np.testing.assert_allclose(ATLAS.read(values, at), expected, atol=1e-3)


PAIRS = ["eye", "brow", "cheek", "eyelid", "eye area", "brow area"]
SINGLE = ["lips", "mouth", "nose", "forehead", "chin", "mouth area"]


@pytest.mark.parametrize("name", ["face", *SINGLE, *(f"{one}s" for one in PAIRS)])
@pytest.mark.parametrize("size", [200, 512])
def test_regions_have_the_area_of_their_polygons_at_every_size(name, size):
    polygons = [ATLAS.outline] if name == "face" else ATLAS.contours[name]
    area = sum(cv2.contourArea(polygon) for polygon in polygons) * (size / ATLAS.size) ** 2
    mask = ATLAS.region(name, size)
    assert mask.shape == (size, size)
    assert mask.dtype == np.float32
    assert mask.min() >= 0
    assert mask.max() <= 1
    perimeter = sum(cv2.arcLength(polygon, True) for polygon in polygons) * size / ATLAS.size
    assert mask.sum() == pytest.approx(area, abs=0.25 * perimeter)  # a sample, of 4x4


@pytest.mark.parametrize("size", [100, 256, 700])
def test_regions_lie_in_the_same_place_at_every_size(size):
    left, right = (ATLAS.region(f"{side} eye", size) for side in ("left", "right"))
    for mask, corners in ((left, (263, 362)), (right, (33, 133))):
        v, u = np.indices(mask.shape)
        centre = np.array([(u * mask).sum(), (v * mask).sum()]) / mask.sum()
        expected = (ATLAS.uv[list(corners)].mean(axis=0) + 0.5) * size / ATLAS.size - 0.5
        np.testing.assert_allclose(centre, expected, atol=4 * size / ATLAS.size)


@pytest.mark.parametrize("one", PAIRS)
def test_pairs_are_the_left_and_the_right_one(one):
    left, right = ATLAS.region(f"left {one}", 256), ATLAS.region(f"right {one}", 256)
    assert np.abs(np.maximum(left, right) - ATLAS.region(f"{one}s", 256)).max() <= 0.5
    assert np.flatnonzero(left.any(axis=0)).min() >= np.flatnonzero(right.any(axis=0)).max() - 1
    assert np.abs(left[:, ::-1] - right).sum() < 0.05 * right.sum() + 5  # the mesh is symmetric


def test_contours_are_mirror_images():
    across = ATLAS.vertices * [-1, 1, 1]
    mirror = np.linalg.norm(across[:, None] - ATLAS.vertices, axis=2).argmin(axis=1)
    others = {**{f"left {one}": f"right {one}" for one in PAIRS}, **{one: one for one in SINGLE}}
    for name, other in others.items():
        (own,), (its,) = atlases.CONTOURS[name], atlases.CONTOURS[other]
        assert set(mirror[list(own)]) == set(its), name


def test_parts_of_a_face_do_not_overlap():
    parts = ["forehead", "brows", "eyelids", "eyes", "nose", "cheeks", "lips", "chin"]
    total = sum((ATLAS.region(name, 512) > 0.9).astype(int) for name in parts)
    assert total.max() == 1


def test_parts_of_a_face_hold_their_landmarks():
    marks = np.rint(ATLAS.landmarks68).astype(int)
    held = {"nose": range(28, 36), "right eye area": range(36, 42), "left eye area": range(42, 48),
            "right brow area": range(18, 22), "left brow area": range(22, 26),
            "mouth area": range(48, 68)}  # fmt: skip
    for name, numbers in held.items():
        u, v = marks[list(numbers)].T
        reach = ATLAS.soft_region(name, 256, 0.02)
        assert (reach[v, u] > 0.1).all(), name
        assert reach.mean() < 0.06, name


@pytest.mark.parametrize("size", [256, 600])
@pytest.mark.parametrize("softness", [0.02, 0.08])
def test_soft_edges_reach_half_the_softness_to_either_side(size, softness):
    soft = ATLAS.soft_region("left cheek", size, softness)
    inside = (ATLAS.region("left cheek", size) > 0.5).astype(np.uint8)
    outward = cv2.distanceTransform(1 - inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inward = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    reach = softness * size / 2
    assert not soft[outward > np.sqrt(2) * reach + 1].any()
    assert soft[inward > np.sqrt(2) * reach + 1].min() > 1 - 1e-5
    edge = soft[(outward < 1.1) & (inward < 1.1)]
    assert 0.4 < np.median(edge) < 0.6
    assert ((soft > 0.05) & (soft < 0.95)).sum() > 0.5 * softness * size**2 * 0.5  # of the rim


def test_soft_regions_agree_at_every_size():
    small, large = (ATLAS.soft_region("nose", size, 0.05) for size in (256, 1024))
    reduced = cv2.resize(large, (256, 256), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(reduced, small, atol=0.04)


def test_without_softness_a_soft_region_is_the_region():
    np.testing.assert_array_equal(ATLAS.soft_region("lips", 256, 0), ATLAS.region("lips", 256))
    with pytest.raises(ValueError, match="no region 'ear'"):
        ATLAS.soft_region("ear", 256, 0.1)


def test_maps_are_carried_over_by_the_chart():
    noise = np.random.default_rng(0).random((512, 512, 3), np.float32)
    values = frozen(cv2.GaussianBlur(noise, (0, 0), 4))
    np.testing.assert_array_equal(ATLAS.from_canonical(values), values)
    moved = carried(7).from_canonical(values)
    np.testing.assert_allclose(moved[8:-8, 8:-32], values[8:-8, 22:-18], atol=5e-3)


def test_unknown_region_lists_the_known():
    with pytest.raises(ValueError, match=r"no region 'ear'; there are .*lips"):
        ATLAS.region("ear", 256)


def test_inner_landmarks_are_vertices_of_the_mesh():
    marks = canonical(yaw=15, pitch=10).landmarks
    vertices = atlases.inner51(canonical_points(yaw=15, pitch=10))
    others = np.setdiff1d(np.arange(27, 68), INNER_LIPS)
    corners = np.isin(others, [60, 64])  # where the mouth tears the map
    off = np.abs(marks[others] - vertices[others - 17]).max(axis=1)
    assert off[~corners].max() < 0.15
    assert off[corners].max() < 1
    # The inner lips are read a row aside: about a texel, at 0.6 px a texel.
    np.testing.assert_allclose(marks[INNER_LIPS], vertices[np.array(INNER_LIPS) - 17], atol=2)


def test_brows_are_midway_between_their_edges():
    marks = canonical(yaw=15, pitch=10).landmarks[17:27]
    vertices = canonical_points(yaw=15, pitch=10)
    upper, lower = (vertices[list(edge)] for edge in BROW_EDGES)
    away = [np.linalg.norm(marks - edge, axis=1) for edge in (upper, lower)]
    np.testing.assert_allclose(*away, atol=1.5)  # of 180 px: the surface is curved
    assert (upper[:, 1] < marks[:, 1]).all()
    assert (marks[:, 1] < lower[:, 1]).all()


def test_jaw_runs_below_the_face_from_image_left_to_right():
    jaw = canonical().landmarks[:17]
    oval = canonical_points()[list(atlases.OVAL)]
    outline = np.ascontiguousarray(oval[:, :2]).reshape(-1, 1, 2)
    inside = [cv2.pointPolygonTest(outline, tuple(map(float, p)), True) for p in jaw[:, :2]]
    assert max(inside) < 6  # of 180 px: the chin itself, a little above where the mesh ends
    assert (np.diff(jaw[2:15, 0]) > 0).all()
    assert jaw[:, 1].argmax() == 8
    steps = np.linalg.norm(np.diff(jaw, axis=0), axis=1)
    assert steps.max() < 2 * steps.min()


def test_landmarks_turn_with_the_face():
    turn = matrix(50, -20, 10).T * [1, -1, 1]
    frontal = canonical(origin=(0, 0, 0)).landmarks * [1, -1, 1]
    turned = canonical(yaw=50, pitch=-20, roll=10, origin=(0, 0, 0)).landmarks
    np.testing.assert_allclose(turned, frontal @ turn, atol=0.05)


def test_landmarks_of_a_symmetric_face_are_symmetric():
    marks = canonical(origin=(0, 0, 0)).landmarks
    np.testing.assert_allclose(marks[MIRROR] * [-1, 1, 1], marks, atol=0.3)


def test_open_mouth_is_measured_open():
    closed, little, wide = (mouth_opening(mouth(opening)) for opening in (0, 5, 20))
    width = np.linalg.norm(np.diff(canonical_points()[[78, 308]], axis=0))
    assert closed < 0.15
    assert little - closed == pytest.approx(5 / width, rel=0.3)
    assert wide - closed == pytest.approx(20 / width, rel=0.3)
