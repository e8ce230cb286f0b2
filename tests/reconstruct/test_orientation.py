"""Which way up a face is: found at every roll, refused where nothing tells."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from facelab.geometry import pose
from facelab.reconstruct import load_reconstructor
from facelab.reconstruct.levelled import CROP_SCALE, roll
from facelab.reconstruct.orientation import (
    FACE_SCORE,
    Look,
    agreement,
    clearest,
    first_crop,
    upright,
)
from facelab.reconstruct.reconstructor import View
from facelab.types import Box, Detection
from tests.synthetic import astronaut, canonical_points, frozen, mona_lisa, noise, photograph

BACKENDS = ("map", "mesh")
PHOTOGRAPHS = {"astronaut": astronaut, "mona-lisa": mona_lisa}
ROLLS = (45, 105, 180, 270)
SIDE = 192
CERTAIN = 0.97


@pytest.fixture(scope="module", params=BACKENDS)
def reconstructor(request):
    return load_reconstructor(backend=request.param)


def turned(image, degrees):
    """The image turned counter-clockwise as seen, all of it, on grey; and what turns points."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    side = int(np.hypot(height, width)) + 1
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    out = cv2.warpAffine(image, matrix, (side, side), borderValue=(0.5,) * 3)
    return frozen(out), lambda points: points[:, :2] @ matrix[:, :2].T + matrix[:, 2]


def assert_turned(found, upright_face, move, degrees):
    landmarks = move(upright_face.positions.landmarks)
    away = np.linalg.norm(found.positions.landmarks[:, :2] - landmarks, axis=1)
    assert away.mean() < 0.03 * upright_face.box.size
    rolls = pose.estimate(found.positions).roll - pose.estimate(upright_face.positions).roll
    assert abs((rolls - degrees + 180) % 360 - 180) < 5


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_face_is_found_at_every_roll(reconstructor, name):
    image = PHOTOGRAPHS[name]()
    (level,) = reconstructor.largest(image)
    for degrees in ROLLS:
        picture, move = turned(image, degrees)
        box = Box.around(move(level.positions.landmarks))
        assert_turned(reconstructor.largest(picture)[0], level, move, degrees)
        assert_turned(reconstructor(picture)[0], level, move, degrees)
        assert_turned(reconstructor(picture, [box])[0], level, move, degrees)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_detection_that_is_wrong_about_the_roll_is_put_right(quarters):
    from facelab.detect import blazeface

    reconstructor = load_reconstructor()
    image = photograph("mona-lisa.jpg")
    (level,) = reconstructor.largest(image)
    (seen,) = blazeface.BlazeFaceDetector()(image)
    x, y = seen.box.centre
    turn = cv2.getRotationMatrix2D((x, y), 90 * quarters, 1)
    wrong = Detection(seen.box, seen.score, np.float32(seen.points @ turn[:, :2].T + turn[:, 2]))
    (face,) = reconstructor._regressor([View(image, wrong)])
    away = np.linalg.norm((face.positions.landmarks - level.positions.landmarks)[:, :2], axis=1)
    assert away.mean() < 0.02 * level.box.size


# --- By hand -----------------------------------------------------------------------------------


@dataclass
class Scripted:
    """Sees an upright canonical face with the score that its table has for the crop's roll."""

    scores: dict[int, float]
    size: int = SIDE
    rolls: list[int] = field(default_factory=list)

    def look(self, views, crops):
        self.rolls += [round(crop.roll) % 360 for crop in crops]
        return [Look(canonical_points(roll=crop.roll), 1.0) for crop in crops]

    def look_again(self, views, before):
        return [Look(b.points, self.scores[round(roll(b.points)) % 360]) for b in before]


def view():
    return View(noise(50, 50), Box(5, 5, 45, 45))


def test_a_certain_face_is_not_tried_at_other_turns():
    looker = Scripted({0: 0.98})
    (face,) = upright([view()], looker, CERTAIN)
    assert face.score == 0.98
    assert looker.rolls == [0]


@pytest.mark.parametrize("way", [0, 90, 180, 270])
def test_the_likeliest_of_the_turns_is_taken(way):
    looker = Scripted({0: 0.6, 90: 0.6, 180: 0.6, 270: 0.6} | {way: 0.95})
    (face,) = upright([view()], looker, CERTAIN)
    assert face.score == 0.95
    assert round(roll(face.points)) % 360 == way
    assert set(looker.rolls) == {0, 90, 180, 270}


def test_what_cannot_be_told_is_refused():
    assert upright([view()], Scripted({0: 0.7, 90: 0.2, 180: 0.69, 270: 0.2}), CERTAIN) == [None]
    assert upright([view()], Scripted(dict.fromkeys((0, 90, 180, 270), 0.3)), CERTAIN) == [None]
    assert upright([], Scripted({}), CERTAIN) == []


def test_two_looks_at_one_roll_are_no_rivals():
    near, same = (Look(canonical_points(roll=r), s) for r, s in ((10, 0.8), (30, 0.79)))
    other = Look(canonical_points(roll=120), 0.79)
    assert clearest([None, near, same]) is near
    assert clearest([near, other]) is None
    assert clearest([None, None]) is None


def test_looks_that_agree_are_sure_and_others_are_not():
    points = np.random.default_rng(0).uniform(0, SIDE, (468, 3)).astype(np.float32)
    size = SIDE / CROP_SCALE
    moves = np.float32([[0, 0, 50], [0.03 * size, 0, 0], [0, 0.08 * size, 0]])
    same, near, far = (agreement(points, points + move, size) for move in moves)
    assert same == 1  # depth does not count
    assert 0.7 < near < 0.85
    assert far < 0.2 < FACE_SCORE


@pytest.mark.parametrize("degrees", range(-180, 180, 45))
def test_the_first_crop_stands_as_the_detection_does(degrees):
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    face = np.array([[-20, -20], [20, -20], [0, 0], [0, 25], [-40, -5], [40, -5]])
    place = Detection(Box(60, 60, 140, 140), 0.9, np.float32(face @ turn + 100))
    crop = first_crop(place, SIDE)
    assert abs((crop.roll - degrees + 180) % 360 - 180) < 1e-3
    assert crop.side == CROP_SCALE * 80
    shown = crop.apply(place.points)
    assert abs(shown[0, 1] - shown[1, 1]) < 1e-3
    assert shown[0, 0] < shown[1, 0]
    assert shown[3, 1] > shown[0, 1]
