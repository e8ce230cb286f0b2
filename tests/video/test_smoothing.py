"""Steadied places: still where the face is, at once where it moves, itself alone in the middle."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.atlas import canonical
from facelab.video.smoothing import LAG, Placed, steadied

SIZE = 200.0  # px, of the face below


@pytest.fixture(scope="module")
def face():
    points = canonical().vertices.astype(np.float64) * [1, -1, 1]
    return (points * SIZE / np.ptp(points[:, 0]) + [400, 300, 0]).astype(np.float32)


def along(points):
    """Every frame's points steadied, those at the ends by as many as there are."""
    placed = [Placed.of(own) for own in points]
    reach = [min(at, len(placed) - 1 - at, LAG) for at in range(len(placed))]
    return np.array([steadied(placed[at - r : at + r + 1]) for at, r in enumerate(reach)])


def noisy(face, count, amount=0.15):
    noise = np.random.default_rng(0).normal(0, amount, (count, *face.shape))
    return (face + noise).astype(np.float32)


def rms(points):
    return float(np.sqrt((points[..., :2] ** 2).sum(axis=-1).mean()))


def test_place_and_shape_together_are_the_points(face):
    assert np.allclose(Placed.of(face).points, face, atol=1e-3)


def test_a_still_face_is_still(face):
    seen = noisy(face, 40)
    jitter = [rms(np.diff(one[LAG:-LAG], axis=0)) for one in (seen, along(seen))]
    assert jitter[1] < 0.2 * jitter[0]
    assert rms(along(seen)[LAG:-LAG] - face) < 0.4 * rms(seen - face)


@pytest.mark.parametrize("speed", [0.5, 3.0, 20.0])
def test_a_face_that_moves_evenly_is_not_late(face, speed):
    path = np.arange(40)[:, None, None] * np.array([speed, speed / 2, 0])
    moved = (noisy(face, 40) + path).astype(np.float32)
    late = (along(moved) - (face + path))[LAG:-LAG, :, :2].mean(axis=(0, 1))
    assert np.abs(late).max() < 0.03


def test_a_face_that_gathers_speed_is_not_late(face):
    path = 0.3 * np.arange(40.0) ** 2
    moved = noisy(face, 40, 0.05)
    moved[:, :, 0] += path[:, None].astype(np.float32)
    error = (along(moved) - face)[:, :, 0].mean(axis=1) - path
    assert np.abs(error[LAG:-LAG]).max() < 0.05


def test_a_face_that_swings_is_followed(face):
    swing = 80 * np.sin(2 * np.pi * np.arange(50) / 25)
    moved = noisy(face, 50)
    moved[:, :, 0] += swing[:, None].astype(np.float32)
    error = (along(moved) - face)[:, :, 0].mean(axis=1) - swing
    assert np.abs(error).max() < 0.01 * SIZE


def test_a_step_stays_a_step(face):
    moved = noisy(face, 40)
    moved[20:, :, 0] += 30
    out = along(moved)[:, :, 0].mean(axis=1) - face[:, 0].mean()
    assert np.abs(out[:20]).max() < 0.5 and np.abs(out[20:] - 30).max() < 0.5


def test_a_blink_is_seen(face):
    closed = np.zeros(40)
    closed[18:24] = [2, 6, 9, 9, 6, 2]
    moved = noisy(face, 40, 0.1)
    moved[:, 159, 1] += closed.astype(np.float32)
    out = along(moved)[:, 159, 1] - face[159, 1]
    assert np.abs(out - closed).max() < 1.0


def test_a_frame_alone_is_itself(face):
    assert np.allclose(steadied([Placed.of(face)]), face, atol=1e-3)


def test_a_head_that_turns_keeps_its_shape(face):
    import cv2

    middle, turned = face.mean(axis=0), []
    for degrees in np.arange(40) * 1.5:
        turn = cv2.Rodrigues(np.array([0, np.deg2rad(degrees), 0]))[0]
        turned.append((face - middle) @ turn.T + middle)
    turned = np.array(turned, np.float32)
    assert rms(along(turned) - turned) < 0.001 * SIZE
