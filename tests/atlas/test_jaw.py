"""The reading of the jaw's landmarks from the canonical position map."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab import weights
from facelab.geometry.pose import matrix
from facelab.types import PositionMap
from tests.synthetic import ATLAS, frozen

STORED = weights.load("canonical_jaw")
PLACES, WEIGHTS = frozen(STORED["places"]), frozen(STORED["weights"])
CANONICAL = frozen(ATLAS.canonical_positions)


def jaw(values):
    """The 17 points of a position map ``(256, 256, 3)``: ``(17, 3)``."""
    return WEIGHTS @ ATLAS.read(values, PLACES)


def test_shapes_and_rows_that_sum_to_one():
    assert STORED["places"].dtype == STORED["weights"].dtype == np.float32
    assert PLACES.shape == (WEIGHTS.shape[1], 2)
    assert len(WEIGHTS) == 17
    np.testing.assert_allclose(WEIGHTS.sum(axis=1, dtype=np.float64), 1, atol=1e-6)


def test_noise_is_damped():
    # Independent noise on what is read comes out smaller than it went in.
    assert np.linalg.norm(WEIGHTS, axis=1).max() < 0.85


def test_places_lie_in_the_face_and_their_neighbours_have_positions():
    outline = ATLAS.outline[:, None]
    inside = [cv2.pointPolygonTest(outline, tuple(map(float, p)), True) for p in PLACES]
    assert min(inside) > 2
    for u, v in np.floor(PLACES).astype(int):  # what a bicubic reading touches
        assert ATLAS.valid[v - 1 : v + 3, u - 1 : u + 3].all()


@pytest.mark.parametrize("region", ["eyes", "mouth"])
def test_places_keep_away_from_what_opens_and_closes(region):
    clear = (ATLAS.region(region, ATLAS.size) == 0).astype(np.uint8)
    away = cv2.distanceTransform(clear, cv2.DIST_L2, 5)
    u, v = np.rint(PLACES).astype(int).T
    assert away[v, u].min() > 10


def test_mirror_images_are_exact():
    mirrored = np.float32([255, 0]) + PLACES * np.float32([-1, 1])
    same = (mirrored[:, None] == PLACES).all(axis=2)
    assert (same.sum(axis=1) == 1).all()
    image = same.argmax(axis=1)
    np.testing.assert_array_equal(WEIGHTS[::-1, image], WEIGHTS)


@settings(max_examples=20)
@given(
    turn=st.tuples(*[st.floats(-180, 180)] * 3),
    scale=st.floats(0.1, 50),
    shift=st.tuples(*[st.floats(-500, 500)] * 3),
)
def test_moves_turns_and_scales_with_the_face(turn, scale, shift):
    similarity = (scale * matrix(*turn)).astype(np.float32), np.float32(shift)
    moved = CANONICAL @ similarity[0].T + similarity[1]
    expected = jaw(CANONICAL) @ similarity[0].T + similarity[1]
    # Bicubic readings of 500 px in float32, with zeros where there is no face.
    np.testing.assert_allclose(jaw(moved), expected, atol=2e-4 * (scale * 10 + 500))


def test_jaw_of_the_canonical_face_runs_from_ear_to_ear_below_the_lips():
    found = jaw(CANONICAL)  # y up, centimetres
    lower_lip, chin, eye, tragus = ATLAS.vertices[[17, 152, 263, 454]]
    assert (np.diff(found[:, 0]) > 0).all()
    # The chin's point is in the middle, on the chin.
    assert abs(found[8, 0]) < 0.05
    assert found[8, 1] == found[:, 1].min()
    assert lower_lip[1] - found[8, 1] > 2
    np.testing.assert_allclose(found[8], chin, atol=1)
    # The ends are at the ears' roots, about as high as the eyes and beside the face.
    for end in found[[0, 16]]:
        assert tragus[1] < end[1] < eye[1] + 1.5
        np.testing.assert_allclose(abs(end[0]), tragus[0], atol=0.5)
        assert end[2] < eye[2]


def test_jaw_of_the_canonical_face_is_convex_and_regular():
    found = jaw(CANONICAL)
    front, back = np.diff(found[:, :2], axis=0)[:-1], np.diff(found[:, :2], axis=0)[1:]
    turns = front[:, 0] * back[:, 1] - front[:, 1] * back[:, 0]
    assert (turns > 0).all()
    steps = np.linalg.norm(np.diff(found, axis=0), axis=1)
    assert steps.max() < 2 * steps.min()


def test_the_chin_lies_lower_and_the_ends_further_back_than_on_the_line_of_ict_facekit():
    positions = PositionMap(CANONICAL, ATLAS)
    ours, marked = positions.landmarks68(), positions.landmarks68(jaw="ict")
    np.testing.assert_array_equal(ours, positions.landmarks)
    np.testing.assert_array_equal(ours[17:], marked[17:])
    assert (ours[:17, 2] < marked[:17, 2]).all()
    assert ours[8, 1] < marked[8, 1] - 0.2  # cm
    assert (ours[[0, 16], 1] < marked[[0, 16], 1]).all()


def test_another_atlas_has_no_line_of_ict_facekit():
    other = PositionMap(CANONICAL, replace(ATLAS, name="other", ict_jaw_weights=None))
    assert other.landmarks68().shape == (68, 3)
    with pytest.raises(ValueError, match="the atlas other has no jaw 'ict'"):
        other.landmarks68(jaw="ict")


def test_an_open_jaw_takes_the_chin_along_and_leaves_the_ears():
    # Below the upper lip the face turns about the axis through both ears by 10 degrees.
    hinge = np.float32([0, 0.5, -2])
    below = np.clip((-3 - CANONICAL[..., 1:2]) / 2, 0, 1)
    turned = (CANONICAL - hinge) @ matrix(0, 10, 0).T + hinge
    opened = (CANONICAL + below * (turned - CANONICAL)).astype(np.float32)
    moved = jaw(opened) - jaw(CANONICAL)
    assert moved[8, 1] < -0.7
    assert np.linalg.norm(moved[[0, 1, 15, 16]], axis=1).max() < 0.15
