"""Labels of people in the record: every face, eyes, expressions, shares; and records refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from facelab.augment import labels
from facelab.augment.classes import CLASSES
from facelab.augment.ground_truth import GroundTruth, Other
from facelab.augment.people import openness
from facelab.augment.sample import Redraw
from facelab.constants import ARKIT
from tests.augmented import SIDE, head, rectangle, sample, upright
from tests.synthetic import canonical

NOWHERE = np.zeros((SIDE, SIDE), bool)
BESIDE = canonical(yaw=-30, scale=2.0, origin=(110.0, 30.0, 0.0))


def record_of(one):
    return labels.describe(one, labels.subject_of(one), 7, {"image": "a.jpg"})


@pytest.fixture(scope="module")
def known():
    """The record of a sample of which everything is known, with somebody beside."""
    return record_of(
        sample(truth=head((Other(BESIDE, NOWHERE),)), redrawn=[Redraw("stretch", 3.5, "profile")])
    )


def test_every_face_is_told_the_own_first(known):
    assert len(known["faces"]) == 2
    own, other = known["faces"]
    assert all(known[name] == own[name] for name in own)
    alone = record_of(sample(BESIDE))
    for name in ("box", "landmarks68", "visible68", "pose"):
        assert other[name] == alone[name]
    assert record_of(sample())["faces"] == [{name: record_of(sample())[name] for name in own}]


def test_other_faces_are_hidden_by_who_and_what_is_in_front():
    shown = rectangle(slice(0, 40), slice(90, 128)) > 0
    truth = GroundTruth.of_photograph((SIDE, SIDE)).joined(BESIDE, shown)
    points = np.array(record_of(sample(truth=truth))["faces"][1]["landmarks68"])
    row, column = np.rint(points[:, 1]), np.rint(points[:, 0])

    def hidden(truth, number=1):
        return record_of(sample(truth=truth))["faces"][number]["covered68"]

    away = ~((column >= 90) & (column < 128) & (row >= 0) & (row < 40))
    assert hidden(truth) == away.tolist()
    hat = rectangle(slice(25), ...) > 0
    assert hidden(truth.behind(hat, "hat")) == (away | (row < 25)).tolist()
    joined = truth.joined(upright(), hat)
    assert hidden(joined) == hidden(truth.behind(hat, "hat"))
    own = np.rint(upright().landmarks[:, 1]) >= 25
    assert hidden(joined, 2) == own.tolist()


def test_gaze_and_irises_are_those_of_the_truth(known):
    eyes = head().eyes
    np.testing.assert_allclose(known["irises"], eyes.irises, atol=1e-3)
    np.testing.assert_allclose(known["gaze"]["vectors"], eyes.gaze, atol=1e-5)
    aside = math.degrees(math.atan2(0.6, 0.8))
    np.testing.assert_allclose(known["gaze"]["yaw"], [aside, 0], atol=1e-3)
    np.testing.assert_allclose(known["gaze"]["pitch"], [0, -aside], atol=1e-3)  # it looks up


def test_an_iris_shows_where_its_eye_is_in_sight():
    def shown(truth):
        return np.array(record_of(sample(truth=truth))["visible_irises"])

    whole = shown(head())
    assert whole[:, 0].all()
    right = upright().landmarks[36:42, 0].max() + 1
    assert shown(head().behind(rectangle(..., slice(int(right))) > 0, "hand"))[0].sum() == 0
    assert (
        shown(head().behind(rectangle(..., slice(int(right))) > 0, "hand"))[1] == whole[1]
    ).all()


@pytest.mark.parametrize("pose", [{}, {"yaw": 50}, {"pitch": -30, "roll": 100}], ids=str)
def test_openness_is_that_of_the_lids_in_space(pose):
    points = upright(**pose).landmarks
    np.testing.assert_allclose(openness(points), openness(upright().landmarks), rtol=0.05)
    closed = points.copy()
    closed[[40, 41, 46, 47]] = closed[[38, 37, 44, 43]]
    np.testing.assert_allclose(openness(closed), 0, atol=1e-6)
    half = (points + closed) / 2
    np.testing.assert_allclose(openness(half), openness(points) / 2, rtol=1e-5)
    told = record_of(sample(upright(**pose)))["eyelids"]["openness"]
    np.testing.assert_allclose(told, openness(points), atol=1e-3)


def test_expressions_have_every_name_in_order(known):
    assert list(known["expression"]) == list(ARKIT)
    assert len(set(ARKIT)) == 52
    assert list(ARKIT) == sorted(ARKIT)
    assert {name: value for name, value in known["expression"].items() if value} == {
        "eyeBlinkLeft": 1.0,
        "jawOpen": 0.25,
    }


def test_what_a_photograph_does_not_tell_is_null():
    record = record_of(sample())
    for name in ("irises", "visible_irises", "gaze", "expression"):
        assert record[name] is None
    assert record["redrawn"] == []
    assert record["covered_by"] == {}
    assert set(record["classes"]) >= {"skin", "nose", "not known"}
    assert sum(record["classes"].values()) == pytest.approx(1, abs=1e-3)
    assert labels.decode(labels.encode(record)) == record


def test_shares_are_of_pixels():
    cover = rectangle(slice(64, 128), ...) > 0
    truth = GroundTruth.of_photograph((SIDE, SIDE)).behind(cover, "hand")
    record, whole = record_of(sample(truth=truth)), record_of(sample())
    assert record["classes"]["hand"] == 0.5
    assert record["classes"]["nose"] < whole["classes"]["nose"]
    assert list(record["covered_by"]) == ["hand"]
    face = 1 - whole["classes"]["not known"]
    lower = 1 - record["classes"]["not known"] - 0.5
    assert record["covered_by"]["hand"] == pytest.approx(1 - lower / face, abs=1e-3)
    assert CLASSES["background"] not in record["classes"]


def test_a_record_of_all_that_can_be_known_is_read_back(known):
    assert labels.decode(labels.encode(known)) == known
    assert known["redrawn"] == [{"reason": "stretch", "value": 3.5, "step": "profile"}]


def changed(record, path, value):
    """A record with another value at a path of keys, or without one."""
    record = json.loads(json.dumps(record))
    inner = record
    for key in path[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return json.dumps(record).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["faces"], []),
        (["faces"], {}),
        (["faces", 1, "box"], [1, 2, 3]),
        (["faces", 1, "landmarks68", 5], [1, 2]),
        (["faces", 1, "landmarks68", 5, 0], 1e7),
        (["faces", 1, "landmarks68", 5, 0], math.nan),
        (["faces", 1, "visible68"], [True] * 67),
        (["faces", 1, "covered68", 3], 1),
        (["faces", 1, "pose", "yaw"], 400),
        (["faces", 1, "pose", "rotation"], [[1, 0], [0, 1]]),
        (["faces", 1, "pose", "rotation", 0, 0], 3),
        (["irises"], ...),
        (["irises"], None),
        (["irises"], []),
        (["irises", 1], [[1, 2, 3]] * 4),
        (["irises", 1, 2, 0], "left"),
        (["irises", 1, 2, 0], [1]),
        (["irises", 1, 2, 0], None),
        (["irises", 1, 2, 0], math.inf),
        (["visible_irises"], None),
        (["visible_irises", 0], [True] * 4),
        (["visible_irises", 0, 0], "yes"),
        (["gaze"], None),
        (["gaze"], []),
        (["gaze", "vectors"], [[0, 0, 1]]),
        (["gaze", "vectors", 0, 0], 2),
        (["gaze", "yaw"], ...),
        (["gaze", "yaw", 0], 500),
        (["gaze", "pitch"], [1]),
        (["eyelids"], None),
        (["eyelids", "openness"], [0.3]),
        (["eyelids", "openness", 1], None),
        (["shape"], None),
        (["shape", "identity"], ...),
        (["shape", "expression", 0], None),
        (["shape", "expression", 0], math.nan),
        (["expression", "jawOpen"], 2.5),
        (["expression", "jawOpen"], -0.5),
        (["expression", "jawOpen"], "wide"),
        (["expression", "smirk"], 0.5),
        (["expression"], []),
        (["classes", "hair"], -0.1),
        (["classes", "hair"], {}),
        (["classes", "wings"], 0.1),
        (["covered_by"], None),
        (["covered_by", "hand"], 2),
        (["redrawn"], None),
        (["redrawn"], ["stretch"]),
        (["redrawn", 0, "reason"], 5),
        (["redrawn", 0, "value"], "much"),
    ],
    ids=str,
)
def test_what_is_no_record_is_refused(known, path, value):
    with pytest.raises(ValueError, match=r"\w"):
        labels.decode(changed(known, path, value))


def test_what_is_not_known_may_be_null(known):
    for name in ("irises", "visible_irises", "gaze", "expression"):
        known = {**known, name: None}
    labels.decode(labels.encode(known))
