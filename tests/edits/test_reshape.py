from __future__ import annotations

from dataclasses import fields
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.edits.reshape import FIELDS, Reshape
from facelab.edits.turn import Turn, supported
from facelab.errors import UsageError
from facelab.geometry import pose
from facelab.geometry.visibility import disocclusion
from facelab.types import Face
from tests.synthetic import ATLAS, canonical, plain_face, texture

FACE = plain_face(canonical(scale=10, origin=(120, 130, 0)))
TURNED = plain_face(canonical(yaw=30, pitch=-10, roll=20, scale=6, origin=(90, 80, 5)))
KEYS = pytest.mark.parametrize("key", FIELDS)
ONE_SIDED = pytest.mark.parametrize("key", [key for key in FIELDS if key != "mouth"])
LOW = {key.name: key.metadata["low"] for key in fields(Reshape) if "low" in key.metadata}
FEW = settings(max_examples=15, deadline=None)
LEFT = ATLAS.canonical_positions[..., 0] > 1  # the person's own, beyond the middle
RIGHT = ATLAS.canonical_positions[..., 0] < -1


def motion(face, edit):
    """How far each texel of the face moves, ``(256, 256, 3)``."""
    shift = edit(face, {}).positions.values - face.positions.values
    return np.where(ATLAS.face[..., None], shift, 0)


def landmarks(face, **keys):
    """The landmarks in centimetres, y up: before and after."""
    after = Reshape(**keys)(face, {})
    return [f.positions.landmarks * [0.1, -0.1, 0.1] for f in (face, after)]


def areas(positions):
    """Twice the signed area of each triangle as seen, px^2; positive where it faces the viewer."""
    a, b, c = positions.values[ATLAS.valid][ATLAS.triangles.T][..., :2].astype(np.float64)
    return -((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])


def span(points, pair, axis=0):
    return abs(points[pair[1], axis] - points[pair[0], axis])


@KEYS
def test_every_key_moves_something_and_0_nothing(key):
    assert np.abs(motion(FACE, Reshape(**{key: 1.0}))).max() > 1  # px, of a face 180 px wide
    assert not motion(FACE, Reshape(**{key: 1.0}, strength=0.0)).any()
    assert not motion(FACE, Reshape()).any()


@KEYS
@FEW
@given(share=st.floats(0, 1), strength=st.floats(0.05, 1))
def test_motion_is_linear(key, share, strength):
    amount = LOW[key] + share * (1 - LOW[key])
    whole = motion(TURNED, Reshape(**{key: 1.0}))
    part = motion(TURNED, Reshape(**{key: amount}, strength=strength))
    np.testing.assert_allclose(part, amount * strength * whole, atol=1e-3)


@ONE_SIDED
def test_sides_add_up_to_both_and_leave_each_other(key):
    left, right, both = (
        motion(FACE, Reshape(**{key: 1.0}, side=side)) for side in ("left", "right", "both")
    )
    np.testing.assert_allclose(left + right, both, atol=1e-3)
    assert not left[RIGHT].any()
    assert not right[LEFT].any()
    assert left[LEFT].any()
    assert right[RIGHT].any()


@KEYS
def test_texels_out_of_reach_stay_bit_for_bit(key):
    moved = motion(FACE, Reshape(**{key: 1.0})).any(axis=2)
    assert 0.02 < moved[ATLAS.face].mean() < 0.8


@KEYS
def test_symmetric_faces_stay_so(key):
    shift = motion(FACE, Reshape(**{key: 1.0}))
    mirrored = shift[:, ::-1] * [-1, 1, 1]
    both = ATLAS.face & ATLAS.face[:, ::-1]
    np.testing.assert_allclose(shift[both], mirrored[both], atol=0.15)  # of the mesh itself


@KEYS
def test_motion_turns_with_the_head(key):
    """The same change of the head, whatever its pose: in its own frame all is equal."""
    edit = Reshape(**{key: 1.0})
    own = motion(FACE, edit) / 10
    here = pose.estimate(TURNED.positions)
    flip = np.float32([1, -1, 1])
    back = (motion(TURNED, edit) * flip) @ here.rotation / here.scale * flip
    np.testing.assert_allclose(back, own, atol=0.01)


@pytest.mark.parametrize("amounts", list(product((-1.0, 1.0), repeat=3)))
def test_no_triangle_folds_at_the_extremes(amounts):
    """All keys of a part of the face together."""
    face_on = areas(FACE.positions)
    sound = face_on > 0.07 * np.median(face_on)  # the lips and the rim fold of themselves
    for keys in (("slim", "jaw", "chin"), ("eyes", "brows", "nose"), ("lips", "smile", "mouth"),
                 ("corners", "smile", "mouth")):  # fmt: skip
        within = {key: max(a, LOW[key]) for key, a in zip(keys, amounts, strict=True)}
        after = Reshape(**within)(FACE, {})
        assert (areas(after.positions)[sound] > 0).all()


def test_each_key_does_what_it_says():
    was, now = landmarks(FACE, slim=1.0)
    assert span(now, (3, 13)) < 0.96 * span(was, (3, 13))  # of the jaw, partly beside the face
    was, now = landmarks(FACE, jaw=1.0)
    assert span(now, (4, 12)) > 1.03 * span(was, (4, 12))
    was, now = landmarks(FACE, chin=1.0)
    assert now[8, 1] < was[8, 1] - 0.3
    np.testing.assert_allclose(now[27:68], was[27:68], atol=0.05)
    was, now = landmarks(FACE, eyes=1.0)
    assert span(now, (36, 39)) > 1.05 * span(was, (36, 39))
    np.testing.assert_allclose(now[36:42].mean(axis=0), was[36:42].mean(axis=0), atol=0.05)
    was, now = landmarks(FACE, nose=1.0)
    assert span(now, (31, 35)) > 1.1 * span(was, (31, 35))
    was, now = landmarks(FACE, lips=1.0)
    assert span(now, (51, 57), axis=1) > 1.1 * span(was, (51, 57), axis=1)
    was, now = landmarks(FACE, smile=1.0)
    assert (now[[48, 54], 1] > was[[48, 54], 1] + 0.4).all()
    assert span(now, (48, 54)) > span(was, (48, 54))
    for way in (-1, 1):
        was, now = landmarks(FACE, corners=way)
        assert (way * (now[[48, 54], 1] - was[[48, 54], 1]) > 0.35).all()
        np.testing.assert_allclose(now[[51, 57, 62, 66]], was[[51, 57, 62, 66]], atol=0.02)
    was, now = landmarks(FACE, mouth=1.0)
    assert 0.9 < span(now, (62, 66), axis=1) - span(was, (62, 66), axis=1) < 1.4  # cm
    assert now[8, 1] < was[8, 1] - 0.9
    np.testing.assert_allclose(
        now[[*range(17, 48), 51, 62]], was[[*range(17, 48), 51, 62]], atol=0.1
    )
    was, now = landmarks(FACE, brows=1.0)
    assert (now[17:27, 1] > was[17:27, 1] + 0.2).all()
    np.testing.assert_allclose(now[36:48], was[36:48], atol=0.12)


def test_fuller_lips_leave_the_gap_between_them():
    was, now = landmarks(FACE, lips=1.0)
    np.testing.assert_allclose(now[60:68], was[60:68], atol=0.05)


def test_a_mouth_opens_on_both_sides():
    left, both = (motion(FACE, Reshape(mouth=1.0, side=side)) for side in ("left", "both"))
    np.testing.assert_array_equal(left, both)


def test_the_jaw_swings_back_as_it_opens():
    """As about an axis behind the face: each point moves at right angles to its arm."""
    shift = motion(FACE, Reshape(mouth=1.0))[ATLAS.face] * [0.1, -0.1, 0.1]
    arm = ATLAS.canonical_positions[ATLAS.face] - [0, 1, -2]
    assert np.abs(np.sum(shift * arm, axis=1)).max() < 0.05
    chin = ATLAS.read(motion(FACE, Reshape(mouth=1.0)), ATLAS.landmarks68[8:9])[0]
    assert chin[1] > 9  # px down
    assert chin[2] < -9  # and away


def test_the_texture_stays():
    assert Reshape(smile=1.0)(FACE, {}).texture is FACE.texture


def test_amounts_out_of_range_are_refused():
    with pytest.raises(UsageError, match=r"reshape: smile: 1\.5 .*-0\.5 to 1"):
        Reshape(smile=1.5)
    with pytest.raises(UsageError, match="reshape: side"):
        Reshape(side="top")


@FEW
@given(*[st.floats(-15, 15)] * 3, st.floats(0.1, 1))
def test_turn_adds_its_degrees(yaw, pitch, roll, strength):
    before = pose.estimate(TURNED.positions)
    edit = Turn(yaw=yaw, pitch=pitch, roll=roll, strength=strength)
    after = pose.estimate(edit(TURNED, {}).positions)
    added = np.subtract(
        [after.yaw, after.pitch, after.roll], [before.yaw, before.pitch, before.roll]
    )
    held = supported(strength * yaw, before.yaw)
    np.testing.assert_allclose(added, [held, strength * pitch, strength * roll], atol=0.05)
    assert after.scale == pytest.approx(before.scale, rel=1e-4)


def test_turn_by_nothing_is_the_face_itself():
    assert Turn()(FACE, {}) is FACE
    assert Turn(yaw=9.0, strength=0.0)(FACE, {}) is FACE


def test_the_head_turns_about_its_own_middle():
    """The nose goes right, what lies near the ears hardly moves."""
    shift = motion(FACE, Turn(yaw=10.0))
    nose = ATLAS.canonical_positions[..., 2] > 6.5
    ears = ATLAS.face & (ATLAS.canonical_positions[..., 2] < -1.5)
    assert shift[nose][:, 0].min() > 10
    assert np.abs(shift[ears][:, 0]).mean() < 5


def test_turn_makes_up_what_it_reveals_and_keeps_what_was_seen():
    """The side turned away shows the background, green; it must not come into view."""
    colour = texture().colour.copy()
    hidden = canonical(yaw=15)
    far = ATLAS.canonical_positions[..., 0] > 5.5
    colour[far] = (0, 1, 0)
    confidence = np.where(far, 0, 1).astype(np.float32)
    face = Face(hidden, type(texture())(colour, confidence))
    after = Turn(yaw=-15.0)(face, {})
    disoccluded = (disocclusion(hidden, after.positions) == 1) & ATLAS.face
    assert (disoccluded & far).sum() > 300
    assert (after.texture.colour[disoccluded][:, 1] < 0.8).all()
    kept = ~(disocclusion(hidden, after.positions) > 0)
    np.testing.assert_array_equal(after.texture.colour[kept], colour[kept])
    np.testing.assert_array_equal(after.texture.confidence, confidence)


@given(st.floats(-15, 15), st.floats(-60, 60))
def test_a_photograph_supports_what_it_saw_of_a_turn(yaw, was):
    held = supported(yaw, was)
    assert abs(held) <= abs(yaw)
    assert held * yaw >= 0
    assert supported(-yaw, -was) == -held  # as its mirror image
    assert yaw * was < 0 or held == yaw
    if abs(was) > 25 and yaw * was < 0:
        assert abs(held) <= 3
