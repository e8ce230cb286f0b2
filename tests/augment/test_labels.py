"""Labels of samples: where known meshes lie, what is hidden, and the maps of pixels and texels."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.atlas import CONTOURS, inner51
from facelab.atlas.canonical import LOWER_LIP, UPPER_LIP
from facelab.augment import labels, maps
from facelab.augment.classes import CLASSES
from facelab.augment.ground_truth import GroundTruth
from facelab.augment.maps import MAPS
from facelab.augment.people import covered
from facelab.export import depth, normals
from facelab.geometry.identity import IdentityModel
from facelab.types import PositionMap
from tests.augmented import OTHER, PHOTOGRAPH, PICTURE, SIDE, head, rectangle, sample, upright
from tests.synthetic import ATLAS, canonical_points, frozen, lower_lip, noise, plain

INNER_LIPS = [*UPPER_LIP, *LOWER_LIP[1:-1]]
MIRRORED68 = [
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
]  # fmt: skip


def points(**pose):
    return canonical_points(**({"scale": 5.0, "origin": (63.0, 62.0, 0.0)} | pose))


def record_of(one):
    return labels.describe(one, labels.subject_of(one), 7, {"image": "a.jpg"})


def maps_of(one, *names):
    return maps.decoded(maps.maps(one, labels.subject_of(one), names or tuple(MAPS)))


def moved(positions, by):
    return PositionMap(frozen(positions.values + np.float32(by)), positions.atlas)


def shown_mouth(opening):
    """The upright face with its lower lip lowered by that many pixels."""
    from facelab.geometry.landmarks import position_map

    placed = points().copy()
    placed[lower_lip(placed), 1] += opening
    return placed, position_map(placed, ATLAS)


def test_shape_is_that_of_the_face_however_it_is_turned():
    record = record_of(sample(upright()))
    model = IdentityModel.load()
    fitted = model.shape(model.likeness(points()))
    np.testing.assert_allclose(record["shape"]["identity"], fitted.identity, atol=0.1)
    np.testing.assert_allclose(record["shape"]["expression"], fitted.expression, atol=0.1)
    rolled = record_of(sample(upright(roll=100)))["shape"]
    np.testing.assert_allclose(rolled["identity"], record["shape"]["identity"], atol=0.1)


# --- Landmarks and points ----------------------------------------------------------------------


@pytest.mark.parametrize("pose", [{}, {"yaw": 50}, {"pitch": -30, "roll": 100}], ids=str)
def test_landmarks_and_points_lie_where_the_mesh_was_put(pose):
    record = record_of(sample(upright(**pose)))
    known = points(**pose)
    off = np.linalg.norm(np.array(record["points468"]) - known, axis=1)
    inner = np.isin(np.arange(468), INNER_LIPS)  # where the map tears: to a texel
    assert off[~inner].max() < 0.12
    assert np.median(off) < 0.03
    assert off[inner].max() < 0.6
    off68 = np.linalg.norm(np.array(record["landmarks68"])[17:] - inner51(known), axis=1)
    assert off68[:10].max() < 2  # of 180 px: brows are read on the surface, not under it
    assert off68[10:43].max() < 0.1


def test_each_lip_is_read_from_its_own_side():
    known, positions = shown_mouth(10)
    off = np.linalg.norm(labels.points468(positions) - known, axis=1)
    assert off.max() < 1  # halfway between the lips would be 5


def test_points_in_another_layout_are_its_nearest_texels():
    v, u = np.indices((256, 256), np.float32)
    chart = np.dstack([u, v])
    other = replace(ATLAS, name="other", slit=None, chart=chart)
    found = labels.points468(PositionMap(upright().values, other))
    texels = set(map(tuple, upright().values[ATLAS.face].tolist()))
    assert texels.issuperset(map(tuple, found.tolist()))
    assert np.percentile(np.linalg.norm(found - points(), axis=1), 95) < 0.5


@settings(max_examples=8, deadline=None)
@given(st.floats(-300, 300), st.floats(-300, 300), st.floats(-90, 90))
def test_labels_move_with_the_face(x, y, z):
    before, after = record_of(sample()), record_of(sample(moved(upright(), (x, y, z))))
    by = np.array([x, y, z])
    for name in ("landmarks68", "points468"):
        np.testing.assert_allclose(
            np.array(after[name]) - before[name], [by] * len(before[name]), atol=0.003
        )
    np.testing.assert_allclose(np.array(after["box"]) - before["box"], [x, y, x, y], atol=0.003)
    shift = np.array(after["pose"]["translation"]) - before["pose"]["translation"]
    np.testing.assert_allclose(shift, by, atol=0.003)
    assert after["pose"]["yaw"] == pytest.approx(before["pose"]["yaw"], abs=0.002)
    assert after["visible68"] == before["visible68"]


def test_photometric_changes_leave_labels_alone():
    dark = record_of(sample(image=plain((SIDE, SIDE), (0.1, 0.2, 0.3))))
    light = record_of(sample(image=noise(SIDE, SIDE)))
    assert {key for key in dark if dark[key] != light[key]} == {"brightness"}


def test_a_mirrored_face_has_right_and_left_exchanged():
    turned, mirrored = record_of(sample(upright(yaw=40))), record_of(sample(upright(yaw=-40)))
    across = np.array([2 * 63, 0, 0])
    flipped = (across + np.array([-1, 1, 1]) * mirrored["landmarks68"])[MIRRORED68]
    np.testing.assert_allclose(flipped, turned["landmarks68"], atol=0.35)
    assert np.array(mirrored["visible68"])[MIRRORED68].tolist() == turned["visible68"]
    assert not all(turned["visible68"])
    assert turned["pose"]["yaw"] == pytest.approx(-mirrored["pose"]["yaw"], abs=0.05)
    names = [labels.LANDMARKS[k] for k in MIRRORED68]
    for name, other in zip(labels.LANDMARKS, names, strict=True):
        assert ("right" in name) == ("left" in other)


def test_every_landmark_has_a_name_of_its_own():
    assert len(labels.LANDMARKS) == len(set(labels.LANDMARKS)) == 68
    assert labels.LANDMARKS[36] == "right eye 1"
    assert labels.LANDMARKS[60] == "inner lip 1"


# --- What is hidden ----------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_covered_points_as_told_one_by_one(seed):
    rng = np.random.default_rng(seed)
    cover = rng.random((6, 9)).astype(np.float32)
    places = rng.uniform(-4, 12, (40, 2)).astype(np.float32)
    for (x, y), found in zip(places, covered(places, cover), strict=True):
        column, row = round(float(x)), round(float(y))
        inside = 0 <= column <= 8 and 0 <= row <= 5
        assert found == (not inside or cover[row, column] > 0.5)


def test_an_occluder_covers_without_making_invisible():
    whole, hidden = record_of(sample()), record_of(sample(covered=rectangle(slice(70, 128), ...)))
    rows = np.array(whole["landmarks68"])[:, 1]
    assert hidden["covered68"] == (np.rint(rows) >= 70).tolist()
    assert hidden["visible68"] == whole["visible68"] == [True] * 68
    assert not any(whole["covered68"])


def test_what_lies_outside_is_covered():
    record = record_of(sample(moved(upright(), (60, 0, 0))))
    columns = np.array(record["landmarks68"])[:, 0]
    assert record["covered68"] == (np.rint(columns) > SIDE - 1).tolist()
    assert record["box"][2] > SIDE


def test_brightness_is_of_the_part_of_the_face_in_sight():
    halves = plain((SIDE, SIDE)).copy()
    halves[:64] = (0.2, 0.4, 0.6)
    assert record_of(sample())["brightness"] == pytest.approx(0.5, abs=1e-3)
    below = record_of(sample(image=frozen(halves), covered=rectangle(slice(64), ...)))
    above = record_of(sample(image=frozen(halves), covered=rectangle(slice(64, 128), ...)))
    assert below["brightness"] == pytest.approx(0.5, abs=1e-3)
    luma = 0.2126 * 0.2 + 0.7152 * 0.4 + 0.0722 * 0.6
    assert above["brightness"] == pytest.approx(luma, abs=1e-3)
    assert record_of(sample(covered=rectangle(slice(SIDE), ...)))["brightness"] is None
    assert record_of(sample(moved(upright(), (500, 0, 0))))["brightness"] is None


# --- The record --------------------------------------------------------------------------------


def test_everybody_is_named_once_the_photograph_first():
    sources = [PHOTOGRAPH, OTHER, PICTURE, PHOTOGRAPH]
    record = record_of(sample(sources=sources))
    assert record["identities"] == ["anna", "bert"]
    assert [source["role"] for source in record["sources"]] == ["face", "other", "paint", "face"]


def test_a_record_is_a_line_of_json():
    record = record_of(sample(index=4))
    data = labels.encode(record)
    assert data.count(b"\n") == 1
    assert labels.decode(data) == record
    assert (record["index"], record["variant"], record["seed"]) == (4, 1, 7)
    assert record["steps"] == [{"light": {"gain": 1.0, "colour": "warm"}}]
    assert (record["width"], record["height"]) == (SIDE, SIDE)


# --- Maps --------------------------------------------------------------------------------------


def test_maps_decode_to_what_exports_give():
    one = sample(upright(yaw=30))
    subject, found = labels.subject_of(one), maps_of(one)
    step = float(maps.maps(one, subject, ())["step"])
    assert step == 1 / 256
    np.testing.assert_allclose(found["depth"], depth.depth(subject), atol=step / 2)
    np.testing.assert_allclose(found["normals"], normals.normals(subject), atol=2e-5)
    face = ATLAS.valid
    np.testing.assert_allclose(found["positions"][face], one.positions.values[face], atol=step / 2)
    assert not found["positions"][~face].any()
    assert (found["visible"].astype(bool) == subject.visible).all()


@settings(max_examples=6, deadline=None)
@given(st.floats(0.02, 400))
def test_steps_suit_faces_of_any_size(scale):
    one = sample(upright(scale=scale))
    encoded = maps.maps(one, labels.subject_of(one), ("positions",))
    step = float(encoded["step"])
    extent = np.abs(one.positions.values[ATLAS.valid]).max()
    assert np.log2(step) % 1 == 0
    assert extent < 2**15 * step <= 2 * max(extent, 1)
    off = maps.decoded(encoded)["positions"] - one.positions.values
    assert np.abs(off[ATLAS.valid]).max() <= step / 2


def test_uv_says_which_texel_a_pixel_shows():
    one = sample(upright(yaw=20))
    uv = maps_of(one, "uv")["uv"]
    row, column = np.nonzero(uv.any(axis=2))
    read = ATLAS.read(one.positions.values, uv[row, column] * 256 - 0.5)
    off = np.linalg.norm(read[:, :2] - np.column_stack([column, row]), axis=1)
    assert len(row) > 3000
    assert np.percentile(off, 99) < 0.05  # the others at the tear between the lips


def polygon_classes(one):
    """The segmentation of a face without folds, region by region and pixel by pixel."""
    out = np.full(one.image.shape[:2], CLASSES["not known"], np.uint8)
    edge = np.full(out.shape, np.inf)
    known = labels.points468(one.positions)[:, :2]
    order = [
        ("skin", CONTOURS["oval"]),
        *((name, CONTOURS[name]) for name in CLASSES if name in CONTOURS and name != "mouth"),
    ]
    middle = known[[61, 291]].mean(axis=0)
    for name, polygons in [*order, ("upper lip", CONTOURS["lips"])]:
        polygon = known[list(polygons[0])].reshape(-1, 1, 2)
        for row, column in np.ndindex(out.shape):
            distance = cv2.pointPolygonTest(polygon, (float(column), float(row)), True)
            edge[row, column] = min(edge[row, column], abs(distance))
            if distance > 0:
                out[row, column] = CLASSES[name]
    below = (out == CLASSES["upper lip"]) & (np.indices(out.shape)[0] > middle[1])
    out[below] = CLASSES["lower lip"]
    edge[np.isin(out, (7, 8, 9)) & (np.abs(np.indices(out.shape)[0] - middle[1]) < 2.5)] = 0
    return out, edge


def test_segmentation_is_that_of_the_regions_polygons():
    one = sample()
    found = maps_of(one, "segmentation")["segmentation"]
    expected, edge = polygon_classes(one)
    away = edge > 0.8
    assert (found[away] == expected[away]).all()
    assert (found == expected).mean() > 0.98
    assert set(np.unique(expected)) == {1, 2, 3, 4, 5, 6, 7, 9, 255}


def test_segmentation_of_a_mirrored_face_has_right_and_left_exchanged():
    turned = maps_of(sample(upright(yaw=20)), "segmentation")["segmentation"]
    mirrored = maps_of(sample(upright(yaw=-20)), "segmentation")["segmentation"]
    swapped = np.arange(256, dtype=np.uint8)
    swapped[[2, 3, 4, 5]] = [3, 2, 5, 4]
    across = swapped[mirrored[:, : SIDE - 1][:, ::-1]]  # about column 63
    assert (across == turned[:, : SIDE - 1]).mean() > 0.985
    for one, other in ((2, 3), (4, 5)):
        at_right, at_left = (np.nonzero(turned == c)[1].mean() for c in (one, other))
        assert at_right < at_left


def test_an_open_mouth_has_an_interior_between_its_lips():
    counts = {}
    gap = points()[14, 1] - points()[13, 1]  # of the canonical face's own lips
    for opening in (-gap, 6, 12):
        known, positions = shown_mouth(opening)
        classes = maps_of(sample(positions), "segmentation")["segmentation"]
        counts[opening] = int((classes == CLASSES["mouth interior"]).sum())
        if opening == 12:
            rows = [
                np.nonzero(classes[:, 63] == CLASSES[name])[0]
                for name in ("upper lip", "mouth interior", "lower lip")
            ]
            assert rows[0].max() < rows[1].min() <= rows[1].max() < rows[2].min()
            assert len(rows[1]) == pytest.approx(known[14, 1] - known[13, 1], abs=1.5)
    assert counts[-gap] <= 12 < 60 < counts[6] < counts[12]


def test_what_hides_the_face_is_not_taken_for_it():
    whole = maps_of(sample(), "segmentation")["segmentation"]
    cover = rectangle(slice(50), ...)
    found = maps_of(sample(covered=cover), "segmentation")["segmentation"]
    np.testing.assert_array_equal(found[50:], whole[50:])
    assert (found[:50] == CLASSES["not known"]).all()
    truth = GroundTruth.of_photograph((SIDE, SIDE)).behind(cover > 0.5, "hand")
    told = maps_of(sample(covered=cover, truth=truth), "segmentation")["segmentation"]
    np.testing.assert_array_equal(told, np.where(cover > 0.5, CLASSES["hand"], whole))


def test_the_face_is_where_the_truth_says_skin_or_nothing():
    whole = maps_of(sample(), "segmentation")["segmentation"]
    told = maps_of(sample(truth=head()), "segmentation")["segmentation"]
    classes = head().classes
    skin = classes == CLASSES["skin"]
    np.testing.assert_array_equal(told[~skin], classes[~skin])
    face = skin & (whole != CLASSES["not known"])
    np.testing.assert_array_equal(told[face], whole[face])
    assert (told[skin & ~face] == CLASSES["skin"]).all()


def test_a_matte_tells_where_nobody_is():
    matte = np.ones((SIDE, SIDE), np.float32)
    matte[:, :30] = 0
    truth = GroundTruth.of_photograph((SIDE, SIDE), matte)
    found = maps_of(sample(truth=truth), "segmentation")["segmentation"]
    assert (found[:, :30] == CLASSES["background"]).all()
    assert CLASSES["background"] not in found[:, 30:]


def test_depth_and_normals_are_of_all_that_is_known():
    truth = head()
    found = maps_of(sample(truth=truth), "depth", "normals")
    step = float(found_step(truth))
    np.testing.assert_allclose(found["depth"], truth.depth, atol=step / 2)
    np.testing.assert_allclose(found["normals"], truth.normals, atol=2e-5)


def test_steps_suit_what_lies_far_behind():
    truth = replace(head(), depth=frozen(np.full((SIDE, SIDE), -5000)))
    assert float(found_step(truth)) == 0.25
    assert maps_of(sample(truth=truth), "depth")["depth"].max() == -5000


def found_step(truth):
    one = sample(truth=truth)
    return maps.maps(one, labels.subject_of(one), ())["step"]


@pytest.mark.parametrize("by", [(60, 0, 0), (-500, 30, 0)], ids=["partly", "wholly"])
def test_maps_of_a_face_outside_of_the_image(by):
    one = sample(moved(upright(), by))
    found = maps_of(one)
    inside = moved(upright(), by).box.x1 > 0
    assert found["depth"].shape == found["segmentation"].shape == (SIDE, SIDE)
    face = found["segmentation"] != CLASSES["not known"]
    assert face.any() == inside
    assert (face == ~np.isnan(found["depth"])).all()
    assert (face == found["uv"].any(axis=2)).all()


def test_an_archive_is_readable_and_always_the_same():
    one = sample()
    encoded = maps.maps(one, labels.subject_of(one), tuple(MAPS))
    data = maps.encode(encoded)
    assert data == maps.encode({name: values.copy() for name, values in encoded.items()})
    with np.load(io.BytesIO(data)) as archive:
        assert archive.files == ["step", *MAPS]
        for name, values in encoded.items():
            np.testing.assert_array_equal(archive[name], values)
            assert archive[name].dtype == values.dtype
    assert len(data) < 0.6 * sum(values.nbytes for values in encoded.values())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}
    assert maps.decode(data).keys() == encoded.keys()


def test_maps_are_as_they_are_said_to_be():
    one = sample()
    encoded = maps.maps(one, labels.subject_of(one), tuple(MAPS))
    for name, said in MAPS.items():
        shape = ", ".join(map(str, encoded[name].shape)).replace(f"{SIDE}, {SIDE}", "H, W")
        assert said.startswith(f"({shape}) {encoded[name].dtype}: ")
