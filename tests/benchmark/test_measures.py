"""The benchmark's measures: worked out by hand, and what must not change them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.benchmark.figures import figures, lost_by_yaw, means_by_yaw
from facelab.benchmark.measures import (
    PARTS,
    angle_errors,
    bin_names,
    bin_of,
    errors_of,
    landmark_errors,
    pose_errors,
    same_face,
    size_of,
)
from facelab.benchmark.outcomes import MethodOutcome, Outcomes
from facelab.benchmark.table import TABLES
from facelab.geometry.pose import matrix
from facelab.types import Box, PositionMap, Reconstruction
from tests.prnet import laid_out
from tests.synthetic import ATLAS, canonical, frozen

few = settings(max_examples=12)
degrees = st.floats(-80, 80)


def landmarks(width=80.0, height=20.0):
    """68 points whose box is that large: the square root of its area is 40 px."""
    points = np.random.default_rng(1).uniform(0.1, 0.9, (68, 3)) * [width, height, 30]
    points[0, :2], points[67, :2] = 0, (width, height)
    return frozen(points)


def moved(positions, offset=(0, 0, 0), scale=1.0):
    values = positions.values * np.float32(scale) + np.float32(offset)
    return PositionMap(frozen(values), positions.atlas)


def turned(axis, angle):
    """Rodrigues' rotation, degrees."""
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(angle)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


# --- Lengths -----------------------------------------------------------------------------------


def test_size_is_the_root_of_the_area_of_the_box():
    assert size_of(landmarks()) == pytest.approx(40)


def test_a_shift_in_the_picture():
    """3 px right and 4 down are 5 px: 12.5 % of 40."""
    truth = landmarks()
    errors = landmark_errors(frozen(truth + np.float32([3, 4, 0])), truth)
    assert list(errors.values()) == pytest.approx([12.5] * 12, abs=1e-4)
    assert len(errors) == 2 + 2 * len(PARTS)


def test_a_shift_in_depth_is_no_error():
    truth = landmarks()
    errors = landmark_errors(frozen(truth + np.float32([0, 0, 70])), truth)
    assert max(errors.values()) == pytest.approx(0, abs=1e-4)


def test_depth_counts_in_three_dimensions_only():
    """17 points 8 px too near: their mean is 2 px, which leaves 6 px for these and 2 for others."""
    truth = landmarks()
    found = truth.copy()
    found[PARTS["jaw"], 2] += 8
    errors = landmark_errors(found, truth)
    assert errors["landmarks 2D"] == 0
    assert errors["landmarks 3D"] == pytest.approx((17 * 6 + 51 * 2) / 68 / 40 * 100, abs=1e-4)
    assert errors["jaw 3D"] == pytest.approx(6 / 40 * 100, abs=1e-4)
    assert errors["nose 3D"] == pytest.approx(2 / 40 * 100, abs=1e-4)


def test_parts_are_measured_by_themselves():
    truth = landmarks()
    for name, rows in PARTS.items():
        found = truth.copy()
        found[rows, 0] += 4
        errors = landmark_errors(found, truth)
        shares = {part: errors[f"{part} 2D"] for part in PARTS}
        assert shares == pytest.approx({part: 10.0 * (part == name) for part in PARTS}, abs=1e-4)
    rows = [row for part in PARTS.values() for row in range(68)[part]]
    assert rows == list(range(68))


def test_size_is_that_of_the_truth_and_not_of_what_was_found():
    truth = landmarks()
    twice = landmark_errors(frozen(2 * truth), truth)["landmarks 2D"]
    half = landmark_errors(truth, frozen(2 * truth))["landmarks 2D"]
    assert twice == pytest.approx(2 * half)
    away = np.linalg.norm(truth[:, :2], axis=1).mean()
    assert twice == pytest.approx(away / 40 * 100, rel=1e-5)


def test_landmarks_on_a_line_have_no_size():
    flat = frozen(landmarks() * [1, 0, 1])
    with pytest.raises(ValueError, match="on one line"):
        landmark_errors(landmarks(), flat)


def test_dense_errors():
    """A sheet of texels shifted by (6, 8) px is 10 px off everywhere."""
    truth = canonical()
    size = size_of(truth.landmarks)
    errors = errors_of(moved(truth, (6, 8, 50)), truth)
    assert errors["dense 2D"] == pytest.approx(1000 / size, rel=1e-4)
    assert errors["dense 3D"] == pytest.approx(1000 / size, rel=1e-4)
    assert errors["geodesic"] == pytest.approx(0, abs=0.01)


def test_dense_errors_are_of_the_face_alone():
    truth = canonical()
    values = truth.values.copy()
    values[~ATLAS.face] += 500
    found = PositionMap(frozen(values), ATLAS)
    assert errors_of(found, truth)["dense 3D"] == 0


@few
@given(st.floats(-300, 300), st.floats(-300, 300), st.floats(-300, 300), st.floats(0.2, 5))
def test_where_and_how_large_the_face_is_does_not_matter(x, y, z, scale):
    truth, found = canonical(yaw=20), canonical(yaw=27, pitch=-4, scale=10.4)
    errors = errors_of(found, truth)
    again = errors_of(moved(found, (x, y, z), scale), moved(truth, (x, y, z), scale))
    assert again == pytest.approx(errors, rel=1e-3, abs=2e-3)


@few
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 5))
def test_errors_are_never_negative_and_grow_with_what_is_wrong(seed, amount):
    truth = landmarks()
    noise = np.random.default_rng(seed).normal(size=(68, 3))
    once, twice = (
        landmark_errors(frozen(truth + times * amount * noise), truth) for times in (1, 2)
    )
    assert all(value > 0 for value in once.values())
    assert twice == pytest.approx({name: 2 * value for name, value in once.items()}, rel=1e-3)
    assert once["landmarks 3D"] > once["landmarks 2D"]


# --- Angles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "place"), [("yaw", 0), ("pitch", 1), ("roll", 2)])
def test_one_angle_is_off(name, place):
    angles = [10.0, -20.0, 30.0]
    other = list(angles)
    other[place] += 7
    errors = pose_errors(matrix(*other), matrix(*angles))
    assert errors[name] == pytest.approx(7)
    assert sum(errors[each] for each in ("yaw", "pitch", "roll")) == pytest.approx(7)
    offsets = [0.0, 0.0, 0.0]
    offsets[place] = 7.0
    assert angle_errors(matrix(*other), matrix(*angles)) == pytest.approx(offsets, abs=1e-9)


@few
@given(degrees, degrees, degrees, st.tuples(*[st.floats(0.1, 1)] * 3), st.floats(0, 179.9))
def test_geodesic_is_the_turn_between(yaw, pitch, roll, axis, angle):
    truth = matrix(yaw, pitch, roll)
    for found in (turned(axis, angle) @ truth, truth @ turned(axis, angle)):
        assert pose_errors(found, truth)["geodesic"] == pytest.approx(angle, abs=1e-5)


@few
@given(degrees, degrees, degrees)
def test_geodesic_is_the_same_both_ways(yaw, pitch, roll):
    found, truth = matrix(yaw, pitch, roll), matrix(12, -5, 8)
    there, back = pose_errors(found, truth), pose_errors(truth, found)
    assert there["geodesic"] == pytest.approx(back["geodesic"])
    assert there["yaw"] == pytest.approx(back["yaw"])


def test_roll_goes_round():
    errors = pose_errors(matrix(0, 0, -178), matrix(0, 0, 178))
    assert errors == pytest.approx({"yaw": 0, "pitch": 0, "roll": 4, "geodesic": 4}, abs=1e-6)


@pytest.mark.parametrize(("found", "truth"), [(92, 88), (88, 92), (-95, -80), (94, 98)])
def test_past_a_profile_pitch_and_roll_are_not_turned_over(found, truth):
    errors = pose_errors(matrix(found, 5, -10), matrix(truth, 5, -10))
    assert errors["yaw"] == pytest.approx(abs(found - truth), abs=1e-6)
    assert errors["pitch"] == pytest.approx(0, abs=1e-6)
    assert errors["roll"] == pytest.approx(0, abs=1e-6)


@few
@given(degrees, st.floats(-40, 40), st.floats(-40, 40))
def test_pose_of_a_turned_face(yaw, pitch, roll):
    errors = errors_of(canonical(yaw=yaw, pitch=pitch, roll=roll), canonical())
    wanted = {"yaw": abs(yaw), "pitch": abs(pitch), "roll": abs(roll)}
    assert {name: errors[name] for name in wanted} == pytest.approx(wanted, abs=0.15)


# --- Which face, which range of yaw ------------------------------------------------------------


@pytest.mark.parametrize(
    ("yaw", "name"),
    [
        (0, "0-30"),
        (-30, "0-30"),
        (30.01, "30-60"),
        (-60, "30-60"),
        (60.5, "60-90"),
        (-90, "60-90"),
        (97, "60-90"),
    ],
)
def test_ranges_of_yaw(yaw, name):
    assert bin_of(yaw) == name
    assert name in bin_names()


def test_the_face_in_the_box_whatever_the_order():
    left, right = canonical(), canonical(origin=(400, 130, 0))
    faces = [Reconstruction(each, 0.9) for each in (left, right)]
    for order in (faces, faces[::-1]):
        assert same_face(order, left.box) is left
        assert same_face(order, right.box) is right


def test_a_face_elsewhere_is_a_lost_one():
    away = Reconstruction(canonical(origin=(400, 130, 0)), 0.9)
    assert same_face([away], canonical().box) is None
    assert same_face([], canonical().box) is None


def test_how_much_of_a_box_makes_the_same_face():
    """Two squares of side 1 that share s are alike by s / (2 - s): 1/5 for s = 1/3."""
    face = canonical()
    box = face.box
    for share, found in ((0.35, True), (0.32, False)):
        shift = (1 - share) * box.width
        shifted = Box(box.x0 + shift, box.y0, box.x1 + shift, box.y1)
        assert (same_face([Reconstruction(face, 0.9)], shifted) is face) is found


def test_another_layout_is_measured_where_both_have_a_face(atlas):
    truth = canonical(yaw=20)
    found = laid_out(moved(truth, (6, 8, 50)), atlas)
    errors = errors_of(found, truth)
    expected = 1000 / size_of(truth.landmarks)
    assert errors["dense 2D"] == pytest.approx(expected, rel=1e-3)
    assert errors["dense 3D"] == pytest.approx(expected, rel=1e-3)


def test_layouts_that_cannot_be_compared(atlas):
    with pytest.raises(ValueError, match="cannot be compared with a truth on prnet"):
        errors_of(canonical(), laid_out(canonical(), atlas))


# --- Means -------------------------------------------------------------------------------------


def rows(*each, way="boxes"):
    """Outcomes of (picture, method, yaw, error); an error of None is a lost face."""
    return Outcomes(
        tuple(
            MethodOutcome(
                picture,
                method,
                {"yaw": yaw, "way": way, "target": yaw, "level": "plain", "change": "grey"},
                None if error is None else {"landmarks 2D": error, "geodesic": 2 * error},
            )
            for picture, method, yaw, error in each
        )
    )


FOUR = rows(
    ("a", "one", "0-30", 1.0),
    ("a", "two", "0-30", 2.0),
    ("b", "one", "0-30", 3.0),
    ("b", "two", "0-30", None),
    ("c", "one", "60-90", 8.0),
    ("c", "two", "60-90", 6.0),
)


def test_a_lost_face_is_counted_and_is_in_no_mean():
    assert (FOUR.lost("one"), FOUR.lost("two")) == pytest.approx((0, 100 / 3))
    assert FOUR.mean("one", "landmarks 2D") == pytest.approx(4)
    assert FOUR.mean("two", "landmarks 2D") == pytest.approx(4)
    assert FOUR.lost("three") is None
    assert FOUR.mean("three", "landmarks 2D") is None


def test_shared_pictures_are_those_in_which_all_found_the_face():
    assert FOUR.shared.pictures == 2
    assert FOUR.shared.mean("one", "landmarks 2D") == pytest.approx(4.5)
    assert FOUR.shared.mean("two", "landmarks 2D") == pytest.approx(4)


def test_ranges_of_yaw_count_alike_in_lengths():
    assert means_by_yaw(FOUR, "one", "landmarks 2D") == [5.0, 2.0, None, 8.0]
    assert means_by_yaw(FOUR.shared, "one", "landmarks 2D") == [4.5, 1.0, None, 8.0]
    assert lost_by_yaw(FOUR, "two") == [25.0, 50.0, None, 0.0]


def test_faces_count_alike_in_angles():
    assert means_by_yaw(FOUR, "one", "geodesic") == [8.0, 4.0, None, 16.0]
    assert means_by_yaw(FOUR.shared, "one", "geodesic") == [9.0, 2.0, None, 16.0]


def test_a_measure_that_a_face_does_not_have_is_in_no_mean():
    (first, *others) = FOUR.rows
    some = Outcomes((replace(first, errors={"landmarks 2D": 1.0}), *others))
    assert some.measures == ["landmarks 2D", "geodesic"]
    assert some.mean("one", "geodesic") == pytest.approx((6 + 16) / 2)
    assert some.mean("one", "landmarks 2D") == pytest.approx(4)
    assert some.shared.pictures == 2
    assert some.lost("one") == 0


def test_figures_have_both_means():
    told = figures("labelled", FOUR, ["one", "two"])["boxes"]["yaw"]
    assert list(told) == ["0-30", "60-90", "mean", "all"]
    assert told["0-30"]["two"] == {
        "pictures": 2,
        "lost": 50.0,
        "mean": {"landmarks 2D": 2.0, "geodesic": 4.0},
        "mean, lost as 100 %": {"landmarks 2D": 51.0},
        "median": {"landmarks 2D": 2.0, "geodesic": 4.0},
        "median, lost as 100 %": {"landmarks 2D": 51.0},
        "shared": {"pictures": 1, "mean": {"landmarks 2D": 2.0, "geodesic": 4.0}},
    }
    assert told["mean"]["one"]["mean"]["landmarks 2D"] == 5.0
    assert told["mean"]["one"]["mean"]["geodesic"] == 8.0
    assert told["mean"]["one"]["shared"]["mean"]["landmarks 2D"] == 4.5
    assert told["mean"]["two"]["mean, lost as 100 %"]["landmarks 2D"] == (51 + 6) / 2
    assert told["all"]["two"]["mean, lost as 100 %"]["landmarks 2D"] == 36.0


def test_figures_name_the_worst_and_the_lost():
    told = figures("labelled", FOUR, ["one", "two"])["boxes"]
    assert list(told["worst"]["one"].items()) == [("c", 8.0), ("b", 3.0), ("a", 1.0)]
    assert told["lost"] == {"one": [], "two": ["b"]}
    assert "published" not in told
    assert list(figures("rendered", FOUR, ["one"])["boxes"]) == ["yaw", "target", "level"]


def test_lost_faces_count_where_asked():
    assert FOUR.mean("two", "landmarks 2D", 100.0) == 36.0
    assert FOUR.median("two", "landmarks 2D", 100.0) == 6.0
    assert FOUR.median("two", "landmarks 2D") == 4.0
    assert FOUR.mean("one", "landmarks 2D", 100.0) == FOUR.mean("one", "landmarks 2D")


def test_table_has_a_column_for_each_method():
    text = TABLES["labelled"](FOUR, ["one", "two"])
    assert "| Labelled photographs | one | two |" in text
    assert "| **two, 2 of 3 found** |" in text
    assert "| landmarks 2D, % | 2.00 / 2.00 | - / - | 6.00 / 6.00 | 4.00 | 4.00 / 4.00 |" in text
    counted = "| 51.00 / 51.00 | - / - | 6.00 / 6.00 | 28.50 | 36.00 / 6.00 |"
    assert f"| landmarks 2D, lost as 100 % {counted}" in text
    assert "| lost, faces | 1 | 0 | 0 | - | 1 |" in text
    assert "the 2 of 3 faces that all find: 0-30 / 30-60 / 60-90" in text
    assert "| landmarks 2D, % | 4.50 (1.00 / - / 8.00) | 4.00 (2.00 / - / 6.00) |" in text
    assert "| geodesic, ° | 9.00 (2.00 / - / 16.00) | 8.00 (4.00 / - / 12.00) |" in text
    for table in text.split("\n\n"):
        assert len({line.count("|") for line in table.splitlines()}) == 1
    rendered = TABLES["rendered"](FOUR, ["one", "two"])
    assert "| geodesic, ° | 8.00 (4.00 / - / 16.00) | 8.00 (4.00 / - / 12.00) |" in rendered
    assert "| lost, % | 0.0 (0.0 / - / 0.0) | 25.0 (50.0 / - / 0.0) |" in rendered


def test_a_pose_is_told_where_there_is_one():
    posed = Outcomes(
        tuple(
            replace(row, errors=row.errors and {**row.errors, "yaw": 2.0, "pose MAE": 1.5})
            for row in FOUR.rows
        )
    )
    text = TABLES["labelled"](posed, ["two"])
    assert "| Pose at the true box, °: mean / median | yaw | pitch | roll | pose MAE |" in text
    assert "| two, 2 of 3 found | 2.00 / 2.00 | - / - | - / - | 1.50 / 1.50 |" in text
    assert "Pose at" not in TABLES["labelled"](FOUR, ["two"])


def test_table_where_every_face_is_lost():
    lost = rows(("a", "one", "0-30", None), ("a", "two", "0-30", None))
    for part, table in TABLES.items():
        text = table(lost, ["one", "two"])
        assert "100.0" in text or "| **one, 0 of 1 found** |" in text
        assert figures(part, lost, ["one"])["boxes"]
    assert "| grey | - / - / - / -; 100.0 |" in TABLES["consistency"](lost, ["one"])
