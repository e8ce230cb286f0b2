"""Errors, lost faces and what the score is worth, on faces made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from bench_landmarks import KINDS, Answers, asked, corners, outcomes, score_table, taken

from facelab.geometry.landmarks import position_map
from facelab.reconstruct.facemap_regressor import MapRegressor
from facelab.train.views import as_network
from facelab.types import Box
from tests.synthetic import ATLAS, canonical_points, noise

SIDE = 200


def face(yaw=0.0):
    return canonical_points(scale=6.0, origin=(100.0, 100.0, 5.0), yaw=yaw)


def answers(off, refused, score, yaw):
    """Faces in a box of 100 px, found so many px beside where they are."""
    truth = np.zeros((len(off), 68, 2))
    truth[:, 1:] = 100
    found = truth + np.array(off, float)[:, None, None] * [1.0, 0.0]
    axes = np.tile([[1.0, 0, 0], [0, -1.0, 0]], (len(off), 1, 1))
    return Answers(found, truth, axes, *map(np.array, (score, refused, yaw)))


FACES = answers(
    off=[1, 3, 20, 30, 5, 2],
    refused=[False, False, False, True, True, False],
    score=[0.99, 0.6, 0.95, 0.05, 0.3, 1.0],
    yaw=[0.0, -30.0, 45.0, 80.0, 10.0, -95.0],
)


def test_errors_are_of_the_faces_that_are_not_refused():
    found = outcomes({"one": FACES})
    ranges = [part.mean("one", "landmarks 2D") for part in found.by_yaw]
    assert ranges == pytest.approx([2, 20, 2])
    assert len(found.lost_of("one")) == 2
    assert found.mean("one", "landmarks 2D") == pytest.approx((1 + 3 + 20 + 2) / 4)
    assert found.mean("one", "landmarks 2D", 100.0) == pytest.approx((1 + 3 + 20 + 2 + 200) / 6)


def test_what_is_refused_is_counted_by_whether_it_is_wrong():
    line = score_table({"one": FACES}, {"one": (3, 8)}).splitlines()[2].split("|")[2:-1]
    refused, kept, *ranges, corner = (cell.strip() for cell in line)
    assert (refused, kept) == ("1 of 2", "1 of 4")
    assert ranges == ["1 of 1", "0 of 0", "0 of 1", "0 of 1", "0 of 0", "1 of 3"]
    assert corner == "3 of 8"


def test_an_offset_that_all_share_is_taken_off():
    shared = answers([7] * 6, [False] * 6, [1.0] * 6, [0.0] * 6)
    found = outcomes({"one": shared})
    assert found.mean("one", "landmarks 2D") == pytest.approx(7)
    assert found.mean("one", "landmarks 2D, constant offsets") == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_spoilt_pictures_show_the_face_where_its_labels_say(kind):
    truth = position_map(face(20), ATLAS).landmarks
    image = np.full((SIDE, SIDE, 3), 0.4, np.float32)
    dots = np.rint(truth[[8, 27], :2]).astype(int)
    for x, y in dots:
        image[y - 2 : y + 3, x - 2 : x + 3] = 1.0
    spoilt, labels = KINDS[kind]((image, truth))
    assert spoilt.shape == image.shape
    assert (np.abs(spoilt - image).max() > 0.1) == (kind != "as it is")
    if kind not in ("covered", "24 px"):
        for x, y in np.rint(labels[[8, 27], :2]).astype(int):
            assert spoilt[y, x].mean() > spoilt[y - 6 : y + 7, x - 6 : x + 7].mean()


class Told:
    """A network that knows where the face is, and how sure it is to be."""

    description = "told"

    def __init__(self, points, score):
        self.answer, self.score = as_network(points), score

    def __call__(self, crops):
        return np.stack([self.answer for _ in crops]), np.full(len(crops), self.score, np.float32)


@pytest.mark.parametrize(("score", "refused"), [(1.0, False), (0.2, True)])
def test_what_is_refused_is_asked_nevertheless(score, refused):
    inside = canonical_points(scale=7.0, origin=(95.5, 96.0, 5.0))  # as its own mirror image
    picture = noise(SIDE, SIDE), position_map(face(), ATLAS).landmarks
    one = asked(MapRegressor(Told(inside, score)), picture, 0.0)
    assert one.found.shape == one.truth.shape == (1, 68, 2)
    assert list(one.refused) == [refused]
    assert one.errors[0] < 60
    unit = one.axes[0] / np.linalg.norm(one.axes[0], axis=1, keepdims=True)
    if not refused:
        np.testing.assert_allclose(unit, [[1, 0, 0], [0, -1, 0]], atol=0.2)


def test_corners_leave_the_face_out():
    image = np.zeros((100, 160, 3), np.float32)
    truth = np.zeros((68, 3), np.float32)
    truth[:, :2] = np.linspace([60, 30], [130, 70], 68)
    found = corners((image, truth))
    assert [(box.x0, box.y0, box.x1, box.y1) for box in found] == [
        (0, 0, 50, 50), (0, 49, 50, 99), (129, 0, 159, 30), (130, 70, 159, 99),
    ]  # fmt: skip
    face = Box.around(truth)
    assert all(box.overlap(face) < 0.01 for box in found)
    truth[:, :2] = np.linspace([5, 5], [150, 95], 68)
    assert corners((image, truth)) == []


def test_a_face_that_is_seen_where_none_is_counts():
    picture = noise(SIDE, SIDE), position_map(face(), ATLAS).landmarks
    level = canonical_points(scale=7.0, origin=(95.5, 96.0, 5.0))
    assert taken(MapRegressor(Told(level, 0.0)), picture)[0] == 0
    false, count = taken(MapRegressor(Told(level, 1.0)), picture)
    assert (false, count) == (4, 4)
