"""Hands: the stored postures, left and right, arms that leave the picture."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.augment.occluders import gestures
from facelab.augment.occluders.draw import draw
from facelab.augment.occluders.hand import HandPlace, Hands, arm
from facelab.augment.occluders.head import HeadFrame
from facelab.augment.occluders.light import estimate
from facelab.augment.occluders.materials import plain
from tests.augment.occluders.scenes import SIDE, scene

PLACE = HandPlace(np.array([0.0, -4, 10]), np.array([0.1, 0, -1.0]), np.array([0.4, 0.9, 0]))


def parts():
    made = scene()
    return made, HeadFrame.of(made.positions), estimate(made)


def test_stored_hands_are_whole():
    hands = Hands.load()
    assert len(hands.names) == len(hands.positions) == len(hands.openness) == 16
    assert 16 < np.ptp(hands.positions[hands.names.index("flat")], axis=0)[1] < 36  # cm
    assert np.ptp(hands.positions[hands.names.index("fist")][:, 1]) < 26
    assert ((hands.openness >= 0) & (hands.openness <= 1)).all()
    assert hands.triangles.max() == len(hands.vertex) - 1
    for skin in hands.skins.values():
        assert skin[0, 0] == pytest.approx(1, abs=0.02)  # where an arm has no skin of its own


def test_a_share_of_nothing_is_the_posture_itself():
    hands = Hands.load()
    for share, name in ((0.0, "flat"), (1.0, "fist")):
        points, openness = hands.posed("flat", "fist", share)
        np.testing.assert_allclose(points, hands.positions[hands.names.index(name)], atol=1e-5)
        np.testing.assert_allclose(openness, hands.openness[hands.names.index(name)], atol=1e-6)


def test_the_axes_are_a_rotation_and_of_the_left_hand_its_mirror():
    right, left = PLACE.axes, PLACE.mirrored().axes
    np.testing.assert_allclose(right.T @ right, np.eye(3), atol=1e-6)
    assert np.linalg.det(right) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(left, np.diag([-1, 1, 1]) @ right, atol=1e-6)


@pytest.mark.parametrize("right", [True, False])
def test_its_surface_is_closed_and_looks_outward(right):
    _, frame, light = parts()
    place = PLACE if right else PLACE.mirrored()
    (hand,) = arm(frame, light, place, ("flat", "flat", 0.0))
    corners = hand.vertices[hand.triangles].astype(np.float64)
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    volume = (corners.mean(axis=1) - corners.mean(axis=(0, 1))) * area
    assert volume.sum() > 0
    facing = (hand.normals[hand.triangles[:, 0]] * area).sum(axis=1)
    assert (facing > 0).mean() > 0.98


@pytest.mark.parametrize("name", list(gestures.GESTURES))
@pytest.mark.parametrize("yaw", [-80, 0, 80])
def test_no_arm_ends_in_the_picture(name, yaw, monkeypatch):
    monkeypatch.setattr(gestures, "GESTURES", {name: gestures.GESTURES[name]})
    made = scene(yaw, matte=False)
    frame, light = HeadFrame.of(made.positions), estimate(made)
    rng = np.random.default_rng(3)
    shift = np.zeros(3)
    for surface in gestures.hands(frame, light, rng, 1, shift, 1.0):
        end = frame.pixels(surface.vertices[-20:])  # the last ring
        x, y = end.T[:2]
        assert ((x < 0) | (y < 0) | (x > SIDE - 1) | (y > SIDE - 1)).all()


def test_a_hand_has_the_tone_of_the_face():
    made, frame, light = parts()
    surfaces = arm(frame, light, PLACE, ("closed", "closed", 0.0))
    drawn = draw(made, frame, surfaces, light, worn=False, give=0.2)
    hand = drawn.image[drawn.occlusion == 1]
    assert len(hand) > 300
    np.testing.assert_allclose(np.median(hand, axis=0), light.tone ** (1 / 2.2), atol=0.12)


def test_a_sleeve_is_clothes():
    _, frame, light = parts()
    cloth = plain(np.array([0.1, 0.2, 0.3]))
    hand, sleeve = arm(frame, light, PLACE, ("flat", "fist", 0.2), 1.0, cloth, 4.0)
    assert (hand.label, sleeve.label) == ("hand", "clothes")
    radius = np.linalg.norm(sleeve.vertices.reshape(11, 21, 3)[3] - hand.vertices.mean(axis=0))
    assert radius > 0
