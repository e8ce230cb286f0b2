from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.atlas import grid_triangles
from facelab.geometry.visibility import _median, normals, visible, visible_landmarks
from facelab.numerics.raster import rasterize
from facelab.types import Box
from tests.synthetic import ATLAS, MIRROR, canonical, plane, sheets

INNER = cv2.erode(ATLAS.face.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
EYE_AT_IMAGE_LEFT, EYE_AT_IMAGE_RIGHT = range(36, 42), range(42, 48)


def test_nearer_sheet_hides_the_one_behind():
    v, u = np.indices(ATLAS.face.shape)
    behind = INNER & (v > 35) & (v < 105) & (np.abs(u - 127.5) < 50)
    seen = visible(sheets(50))
    assert not seen[behind].any()
    assert seen[INNER & (v > 135)].all()


def test_tolerance_forgives_a_sheet_just_behind():
    v = np.indices(ATLAS.face.shape)[0]
    seen = visible(sheets(1))
    assert seen[INNER & (v > 135)].all()
    assert seen[INNER & (v > 35) & (v < 120)].all()


@pytest.mark.parametrize("step", [0.05, 1, 40])
def test_visibility_knows_no_scale_or_place(step):
    seen = visible(plane((-300, 4000), step))
    assert seen[ATLAS.valid].all()
    assert not seen[~ATLAS.valid].any()


@pytest.mark.parametrize("yaw", [0, 15, 40, -60])
def test_what_is_hidden_has_no_specks(yaw):
    hidden = (~visible(canonical(yaw=yaw)) & ATLAS.face).astype(np.uint8)
    _, _, areas, _ = cv2.connectedComponentsWithStats(hidden)
    assert (areas[1:, cv2.CC_STAT_AREA] > 4).all()


@pytest.mark.parametrize("scale", [2.0, 10.0, 90.0])
def test_every_landmark_of_a_frontal_face_is_visible(scale):
    assert visible_landmarks(canonical(scale=scale)).all()


@pytest.mark.parametrize(
    ("yaw", "hidden", "seen"),
    [(70, EYE_AT_IMAGE_RIGHT, EYE_AT_IMAGE_LEFT), (-70, EYE_AT_IMAGE_LEFT, EYE_AT_IMAGE_RIGHT)],
)
def test_the_far_eye_and_jaw_are_hidden_in_a_profile(yaw, hidden, seen):
    marks = visible_landmarks(canonical(yaw=yaw))
    assert marks[list(seen)].all()
    assert marks[list(hidden)].mean() < 0.5
    far = slice(10, 17) if yaw > 0 else slice(0, 7)
    assert not marks[far].any()
    assert marks[:17][::-1][far].all()


@pytest.mark.parametrize("yaw", [-80, -50, -20, 20, 50, 80])
def test_the_jaw_is_visible_from_one_ear_to_some_point(yaw):
    marks = visible_landmarks(canonical(yaw=yaw))[:17]
    assert np.abs(np.diff(marks.astype(int))).sum() == 1


@pytest.mark.parametrize("pitch", [25, 35])
def test_a_bowed_head_hides_the_angles_of_its_jaw_but_no_ear(pitch):
    marks = visible_landmarks(canonical(pitch=pitch))[:17]
    assert marks[[0, 1, 2, 14, 15, 16]].all()
    assert not marks[[3, 13]].any()


@pytest.mark.parametrize("yaw", [20, 45, 80])
def test_mirrored_poses_hide_mirrored_landmarks(yaw):
    one, other = visible_landmarks(canonical(yaw=yaw)), visible_landmarks(canonical(yaw=-yaw))
    assert (one == other[MIRROR]).mean() > 0.9


def drawn(positions):
    """What `visible` says by a z-buffer into which every triangle is drawn."""
    valid, side = ATLAS.valid, 256
    points = positions.values[valid]
    box = Box.around(points)
    scale = (side - 5) / max(box.width, box.height)
    points = ((points - [box.x0, box.y0, 0]) * scale + [2, 2, 0]).astype(np.float32)
    fragments = rasterize(points, grid_triangles(valid), (side, side))
    front = np.where(fragments.covered, fragments.depth, -np.inf)
    column, row = np.rint(points[:, :2]).astype(int).T
    seen = np.ones(valid.shape, np.uint8)
    seen[valid] = front[row, column] - points[:, 2] < 0.02 * side
    return cv2.medianBlur(seen, 7).astype(bool) & valid


@pytest.mark.parametrize("yaw", [0, 25, -50, 80, 130])
@pytest.mark.parametrize("pitch", [0, 30, -20])
def test_nearest_texels_hide_what_all_triangles_hide(yaw, pitch):
    positions = canonical(yaw=yaw, pitch=pitch)
    differs = visible(positions) != drawn(positions)
    facing = normals(positions)[..., 2] > 0.2  # those beyond have no confidence
    assert differs[ATLAS.face].mean() < 0.02
    assert (differs & facing)[ATLAS.face].mean() < 0.002


@pytest.mark.parametrize("scale", [0.4, 40.0])
@pytest.mark.parametrize("yaw", [0, 60])
def test_texels_at_any_scale_leave_no_gaps_in_the_front(scale, yaw):
    one, other = (visible(canonical(yaw=yaw, scale=times)) for times in (scale, 10.0))
    assert (one != other).mean() < 0.002


def test_median_of_a_mask_is_what_most_texels_around_are():
    mask = np.random.default_rng(2).random((40, 50)) < 0.5
    np.testing.assert_array_equal(_median(mask), cv2.medianBlur(mask.astype(np.uint8), 7) > 0)
