"""Eyes: what was put into points comes out of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.geometry import eyes
from facelab.geometry.eyes import IRISES, Gaze, eyes_of
from facelab.geometry.landmarks import points468, position_map, twins
from facelab.geometry.pose import matrix
from tests.synthetic import ATLAS, canonical

FLIP = np.array([1, -1, 1])
TURN = np.array([-1, 1, 1], np.float32)
SCALE = 10.0
DIAMETER = 12.0  # of an iris, pixels
WIDE = 12.0  # px between the lids, which then show all of an iris
ROUND = np.arange(16) / 8 * np.pi  # where the points of lids are around an eye


def looking(gaze=(0.0, 0.0), open_by=WIDE, **pose):
    """Points ``(478, 3)`` and positions of a face whose eyes look to a yaw and a pitch, degrees."""
    positions = canonical(scale=SCALE, **pose)
    points = np.concatenate([points468(positions), np.zeros((10, 3), np.float32)])
    rim = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]]) * DIAMETER / 2
    disc = np.column_stack([rim, np.full(5, eyes._REACH * DIAMETER / eyes._IRIS)])
    lids = np.column_stack([30 * np.cos(ROUND), np.copysign(open_by / 2, np.pi - ROUND)])
    for rows, contour, centre in zip(
        IRISES, eyes.LIDS, eyes._centres(positions, DIAMETER), strict=True
    ):
        points[rows] = centre + disc @ matrix(*gaze, 0).T * FLIP
        points[contour, :2] = points[rows[0], :2] + lids  # the lower lid comes first
    return points.astype(np.float32), positions


@given(st.floats(-25, 25), st.floats(-20, 20), st.floats(-20, 20), st.floats(-15, 15))
@settings(max_examples=20, deadline=None)
def test_gaze_is_found_however_the_head_is_turned(yaw, pitch, head_yaw, head_roll):
    points, positions = looking((yaw, pitch), open_by=20, yaw=head_yaw, roll=head_roll)
    found = eyes_of(points, positions)
    assert found.visible[:, 0].all()
    np.testing.assert_allclose(found.gaze.yaw, yaw, atol=1.5)
    np.testing.assert_allclose(found.gaze.pitch, pitch, atol=1.5)
    np.testing.assert_allclose(np.linalg.norm(found.gaze.vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found.irises[..., :2], points[IRISES][..., :2], atol=1e-4)


def test_both_eyes_together_look_between_the_two():
    right, left, none = (
        np.float32(matrix(yaw, 0, 0)[:, 2]) if yaw is not None else np.full(3, np.nan, np.float32)
        for yaw in (10, 20, None)
    )
    for vectors, yaw in (((right, left), 15), ((right, none), 10), ((none, left), 20)):
        x, y, z = Gaze(np.stack(vectors)).joint
        assert (np.rad2deg(np.arctan2(x, z)), y) == pytest.approx((yaw, 0), abs=1e-3)
    assert np.isnan(Gaze(np.stack([none, none])).joint).all()


def test_irises_have_the_depth_of_a_disc_on_the_ball():
    points, positions = looking((15, -10), open_by=20)
    found = eyes_of(points, positions).irises
    np.testing.assert_allclose(found, points[IRISES], atol=0.3)


@pytest.mark.parametrize(("gap", "openness"), [(0, 0), (0.15, 0), (0.575, 0.5), (1, 1), (2, 1)])
def test_openness_by_hand(gap, openness):
    points, positions = looking(open_by=gap * DIAMETER)
    np.testing.assert_allclose(eyes_of(points, positions).openness, openness, atol=1e-4)


def test_closed_lids_hide_the_irises_of_their_eye_alone():
    points, positions = looking()
    shut, _ = looking(open_by=1)
    points[eyes.LIDS[1]] = shut[eyes.LIDS[1]]
    found = eyes_of(points, positions)
    assert found.visible[0, 0]
    assert not found.visible[1].any()
    assert np.isfinite(found.gaze.vectors[0]).all()
    assert np.isnan(found.gaze.vectors[1]).all()
    assert np.isnan([found.gaze.yaw[1], found.gaze.pitch[1]]).all()
    assert found.openness[1] == 0


def test_lids_hide_the_rims_that_they_cover():
    points, positions = looking(open_by=0.8 * DIAMETER)
    np.testing.assert_array_equal(eyes_of(points, positions).visible, [[1, 1, 0, 1, 0]] * 2)


def test_dark_glasses_hide_all():
    found = eyes_of(*looking(), covered=True)
    assert not found.visible.any()
    assert np.isnan(found.openness).all()
    assert np.isnan(found.gaze.vectors).all()
    assert np.isfinite(found.irises).all()


@pytest.mark.parametrize(
    ("yaw", "hidden"), [(0, [False, False]), (100, [False, True]), (-100, [True, False])]
)
def test_beyond_a_profile_the_farther_eye_is_hidden(yaw, hidden):
    found = eyes_of(*looking(yaw=yaw))
    assert np.isnan(found.openness).tolist() == hidden
    assert (~found.visible.any(axis=1)).tolist() == hidden
    assert np.isnan(found.gaze.vectors).all(axis=1).tolist() == hidden


def test_a_mirror_image_has_mirrored_eyes():
    points, positions = looking((12, 6), open_by=0.7 * DIAMETER, yaw=10, roll=5)
    other = np.concatenate(
        [points[:468][twins()], points[IRISES[::-1]][:, [0, 3, 2, 1, 4]].reshape(10, 3)]
    )
    other = other * np.float32([-1, 1, 1])
    face = position_map(points468(positions)[twins()] * np.float32([-1, 1, 1]), ATLAS)
    found, mirrored = eyes_of(points, positions), eyes_of(other, face)
    np.testing.assert_allclose(mirrored.gaze.yaw, -found.gaze.yaw[::-1], atol=0.3)
    np.testing.assert_allclose(mirrored.gaze.pitch, found.gaze.pitch[::-1], atol=0.3)
    np.testing.assert_allclose(mirrored.openness, found.openness[::-1], atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 1e4])
def test_points_without_any_sense_give_numbers(value):
    _, positions = looking()
    found = eyes_of(np.full((478, 3), value, np.float32), positions)
    assert np.isfinite(found.irises).all()
    assert not np.isinf(found.gaze.vectors).any()
    assert ((found.openness >= 0) & (found.openness <= 1)).all()


def test_points_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"points must have shape \(478, 3\)"):
        eyes_of(np.zeros((468, 3), np.float32), canonical())


@given(st.floats(-20, 20), st.floats(-15, 15), st.floats(-15, 15))
@settings(max_examples=20, deadline=None)
def test_turned_eyes_look_where_they_were_turned(yaw, pitch, head_yaw):
    points, positions = looking((5, -3), open_by=20, yaw=head_yaw)
    irises, gaze = eyes.looking(points[IRISES][..., :2].astype(np.float64), positions)
    moved, after = eyes.turned(irises, gaze, yaw, pitch)
    np.testing.assert_allclose(Gaze(after).yaw - Gaze(gaze).yaw, yaw, atol=1e-3)
    np.testing.assert_allclose(Gaze(after).pitch - Gaze(gaze).pitch, pitch, atol=1e-3)
    again, _ = eyes.looking(moved[..., :2].astype(np.float64), positions)
    np.testing.assert_allclose(again[:, 0], moved[:, 0], atol=0.3)
    centres = eyes._centres(positions, DIAMETER)
    before, now = (np.linalg.norm(one - centres[:, None], axis=2) for one in (irises, moved))
    np.testing.assert_allclose(before, now, atol=0.3)  # a ball that turns


def test_eyes_that_do_not_turn_stay():
    points, positions = looking()
    irises, gaze = eyes.looking(points[IRISES][..., :2].astype(np.float64), positions)
    moved, after = eyes.turned(irises, gaze, 0, 0)
    np.testing.assert_allclose(moved, irises, atol=1e-4)
    np.testing.assert_allclose(after, gaze, atol=1e-6)
