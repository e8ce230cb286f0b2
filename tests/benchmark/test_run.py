"""The parts of the benchmark with reconstructors whose errors are known."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facelab.augment.formats import named
from facelab.augment.scene import Scene
from facelab.augment.store import Store
from facelab.augment.style import Style
from facelab.benchmark import consistency, labelled, rendered
from facelab.benchmark.evaluation import LabelledPicture, outcomes_of
from facelab.benchmark.fitted import HeadDepthReconstructor
from facelab.benchmark.label_files import SUFFIXES, read_labels, rotation_of, yaw_of
from facelab.benchmark.measures import ANGLES, size_of
from facelab.benchmark.methods import CachedReconstructor, default_methods, load_methods
from facelab.benchmark.outcomes import Outcomes
from facelab.benchmark.portraits import SceneBuilder
from facelab.benchmark.run import BenchmarkSettings, run
from facelab.errors import ImageError, NoFaceError, UsageError
from facelab.face.texture import unwrap
from facelab.geometry import pose
from facelab.geometry.landmarks import points468, position_map
from facelab.train.teacher import Teacher
from facelab.types import Face, PositionMap, Reconstruction
from tests.augmented import SIDE, sample, upright
from tests.commands import picture
from tests.judged import Middle, Stub, head_model, labels_file, landmarks, matlab, shorten
from tests.synthetic import (
    ATLAS,
    astronaut,
    canonical,
    canonical_points,
    frozen,
    noise,
    plain,
    ramp,
)


def shifted(positions, by):
    return PositionMap(frozen(positions.values + np.float32(by)), positions.atlas)


def scene_of(image=None, **pose):
    """160 x 160 px with a face of about 80 px in the middle."""
    image = frozen(cv2.resize(astronaut(), (160, 160))) if image is None else image
    positions = canonical(**({"scale": 5.0, "origin": (80.0, 80.0, 0.0)} | pose))
    return Scene.of(image, Face(positions, unwrap(image, positions)))


def truth_of(made):
    """The positions that a rendered picture is judged by."""
    return made.measure.keywords["truth"]


def means(outcomes, method, *names):
    return [outcomes.mean(method, name) for name in names]


# --- Before every method -----------------------------------------------------------------------


def test_ways_of_finding_a_face():
    """In the one the method is asked for all faces, in the other for that in the box."""
    truth, stub = canonical(), Stub(canonical())
    made = LabelledPicture(
        "x", plain((256, 256)), truth.box, lambda found: {"right": 1.0}, {"yaw": "0-30"}
    )
    detected, boxed = outcomes_of(made, {"stub": stub}, ("detected", "boxes"))
    assert (detected.labels["way"], boxed.labels["way"]) == ("detected", "boxes")
    assert stub.boxes == [truth.box]
    assert detected.picture != boxed.picture
    assert boxed.errors == {"right": 1.0}


def test_whose_face_is_judged():
    """Another person's face beside the right one changes nothing; alone, the face is lost."""
    truth, other = canonical(), canonical(origin=(400, 130, 0))
    methods = {"both": Stub(other, truth), "other": Stub(other), "none": Stub()}
    off = {"off": 3.0}
    made = LabelledPicture("x", plain((256, 512)), truth.box, lambda found: off, {})
    rows = {row.method: row for row in outcomes_of(made, methods, ("detected",))}
    assert rows["both"].errors is off
    assert rows["other"].errors is None
    assert rows["none"].errors is None


def test_a_picture_is_looked_at_once():
    stub = Stub(canonical())
    remembered, (one, other) = CachedReconstructor(stub), (noise(64, 64, 1), noise(64, 64, 2))
    assert remembered(one) == remembered(one)
    assert stub.images == 1
    remembered(one, [canonical().box])
    remembered(one, [canonical().box])
    assert stub.images == 2
    remembered(other)
    remembered(one)
    assert stub.images == 4
    assert remembered.description == "a stub"


# --- Methods -----------------------------------------------------------------------------------


def test_fit_keeps_what_the_family_has():
    for points in (canonical_points(yaw=30, roll=10), canonical_points() * [1.05, 1, 1]):
        seen = position_map(frozen(points), ATLAS)
        (fitted,) = HeadDepthReconstructor(Stub(seen), head_model())(plain((256, 256)))
        away = np.linalg.norm(fitted.positions.values - seen.values, axis=2)[ATLAS.face]
        assert away.max() < 0.02 * size_of(seen.landmarks)


def noisy():
    """A face unlike any of the family's."""
    points = canonical_points() + np.random.default_rng(1).normal(0, 2, (468, 3))
    return position_map(frozen(points), ATLAS)


def apart(one, other):
    """How far two faces are from each other in x, y and depth, on average."""
    return np.abs(one.values - other.values)[ATLAS.face].mean(axis=0)


def test_fit_takes_the_depth_of_the_family_and_no_more():
    seen, clean = noisy(), canonical()
    (fitted,) = HeadDepthReconstructor(Stub(seen), head_model()).largest(plain((256, 256)))
    flat, deep = np.split(apart(fitted.positions, seen), [2])
    was_flat, was_deep = np.split(apart(seen, clean), [2])
    assert (flat < 0.05 * was_flat).all()  # the surface bends a little otherwise
    assert deep > 0.5 * was_deep
    assert apart(fitted.positions, clean)[2] < 0.2 * was_deep
    assert fitted.score == 0.9


def agreeing(image, positions):
    """A landmarker that sees what is known."""
    return SimpleNamespace(points=points468(positions))


def test_fit_is_what_networks_are_taught():
    """The teacher's labels where Landmarker agrees, but for the square that is cut out."""

    def shape(positions):
        values = positions.values[ATLAS.face]
        return (values - values.mean(axis=0)) / size_of(positions.landmarks)

    network, image = Stub(noisy()), noise(256, 256)
    (fitted,) = HeadDepthReconstructor(network, head_model())(image)
    taught = Teacher(network, agreeing, lambda image: image[..., 0], head_model())(image)
    np.testing.assert_allclose(shape(fitted.positions), shape(taught.positions), atol=1e-4)


def test_fit_finds_what_its_network_finds():
    fitted = HeadDepthReconstructor(Stub(), head_model())
    assert fitted(plain((9, 9))) == fitted.largest(plain((9, 9))) == []
    assert fitted.description.startswith("a stub")


def test_methods_by_name():
    teacher = Stub()
    methods = load_methods(("fit", "mesh", "fit"), teacher, head_model())
    assert list(methods) == ["fit", "mesh"]
    assert methods["mesh"] is teacher
    assert default_methods(head=False) == ("map", "mesh")
    assert default_methods(head=True) == ("map", "mesh", "fit")


@pytest.mark.parametrize(
    ("names", "weights", "message"),
    [
        (("fit",), None, "needs a head model; give --head MODEL.safetensors"),
        (("mesh",), Path("w"), "w: weights are for the method map; add it to --methods"),
        (("net",), None, "no method 'net'"),
    ],
)
def test_methods_that_cannot_be(names, weights, message):
    with pytest.raises(UsageError, match=message):
        load_methods(names, Stub(), None, weights)


# --- Rendered ----------------------------------------------------------------------------------


@cache
def turned():
    """All pictures of one scene."""
    return list(rendered.pictures(scene_of(), 5, 0))


def test_heads_have_the_yaw_that_was_asked_for():
    for made in turned():
        found, target = pose.estimate(truth_of(made)), int(made.labels["target"])
        assert found.yaw == pytest.approx(np.clip(target, -88, 88), abs=0.1)
        assert max(abs(found.pitch), abs(found.roll)) <= 18.1
        assert made.box == truth_of(made).box


def test_every_target_and_level_is_there():
    labels = [(int(made.labels["target"]), made.labels["level"]) for made in turned()]
    assert len(labels) == len(set(labels))
    assert [target for target, level in labels if level == "plain"] == list(rendered.TARGETS)
    hard = {target for target, level in labels if level != "plain"}
    assert hard == set(rendered.LEVEL_TARGETS)
    assert len(labels) == len(rendered.TARGETS) + 11 * len(rendered.LEVEL_TARGETS)
    ranges = {made.labels["yaw"] for made in turned() if made.labels["level"] == "blur 3"}
    assert ranges == {"0-30", "30-60", "60-90"}


def test_levels_change_the_picture_and_not_the_truth():
    for target in rendered.LEVEL_TARGETS:
        plain_one, *hard = (made for made in turned() if made.labels["target"] == str(target))
        for made in hard:
            assert truth_of(made) is truth_of(plain_one)
            assert np.abs(made.image - plain_one.image).mean() > 0.001, made.name


def test_the_truth_has_no_error_and_what_is_off_has_its_own():
    """5 px to the side are 500 / size %, as large as the face lies in that very picture."""
    rows = []
    for made in turned():
        truth = truth_of(made)
        (right,) = outcomes_of(made, {"right": Stub(truth)}, ("boxes",))
        assert max(right.errors.values()) < 0.01
        rows += [right, *outcomes_of(made, {"lost": Stub()}, ("boxes",))]
        if made.labels["level"] != "plain":
            continue
        (off,) = outcomes_of(made, {"off": Stub(shifted(truth, (3, 4, 9)))}, ("boxes",))
        size = size_of(truth.landmarks)
        assert off.errors["landmarks 3D"] == pytest.approx(500 / size, rel=1e-3)
        assert off.errors["dense 3D"] == pytest.approx(500 / size, rel=1e-3)
        assert off.errors["geodesic"] < 0.01
    outcomes = Outcomes(tuple(rows))
    assert (outcomes.lost("right"), outcomes.lost("lost")) == (0, 100)
    assert rendered.plain(outcomes).pictures == len(rendered.TARGETS)
    assert rendered.hard(outcomes).pictures == 12 * len(rendered.LEVEL_TARGETS)


def test_no_head_is_turned_by_more_than_a_right_angle():
    targets = {int(made.labels["target"]) for made in rendered.pictures(scene_of(yaw=40), 5, 0)}
    assert targets == {target for target in rendered.TARGETS if max(target, -88) >= -50}


def first(scene, key, seed):
    return next(rendered.pictures(scene, key, seed))


def test_seed_and_photograph_decide_everything_random():
    scene = scene_of()
    again = list(rendered.pictures(scene, 5, 0))
    assert [made.name for made in again] == [made.name for made in turned()]
    for one, other in zip(again, turned(), strict=True):
        np.testing.assert_array_equal(one.image, other.image)
    before = truth_of(first(scene, 5, 0)).values
    assert np.abs(truth_of(first(scene, 5, 1)).values - before).max() > 0.1
    assert np.abs(truth_of(first(scene, 6, 0)).values - before).max() > 0.1


# --- Consistency -------------------------------------------------------------------------------


@pytest.mark.parametrize("change", consistency.CHANGES, ids=lambda change: change.name)
def test_pixels_and_face_move_together_and_back(change):
    """Of a ramp the colour of a pixel says where it was."""
    scene = scene_of(ramp(160, 160))
    after = change.forward(scene)
    side = after.image.shape[0]
    assert after.image.shape == (side, side, 3)
    back = change.back(after.positions, scene).values
    np.testing.assert_allclose(back[ATLAS.face], scene.positions.values[ATLAS.face], atol=1e-3)
    if isinstance(change, consistency.ViewChange):
        x, y, _ = after.positions.landmarks.T
        shown = cv2.remap(after.image, x, y, cv2.INTER_LINEAR).reshape(-1, 3)[:, :2] * 159
        np.testing.assert_allclose(shown, scene.positions.landmarks[:, :2], atol=0.6)


def test_a_turn_is_as_its_name_says():
    was = pose.estimate(scene_of().positions).roll
    for change in consistency.CHANGES:
        if isinstance(change, consistency.ViewChange):
            now = pose.estimate(change.forward(scene_of()).positions)
            assert now.roll - was == pytest.approx(change.roll, abs=0.01)
            assert now.scale == pytest.approx(5.0 * change.scale, rel=1e-3)


def test_the_mirror_image_has_left_and_right():
    (mirror,) = (change for change in consistency.CHANGES if change.name == "mirrored")
    after = mirror.forward(scene_of(yaw=30, roll=10))
    found = pose.estimate(after.positions)
    assert (found.yaw, found.roll) == pytest.approx((-30, -10), abs=0.2)
    x = after.positions.landmarks[:, 0]
    assert x[36] < x[45]  # the subject's right eye is still at image left


class Follows(Stub):
    """Finds the face of each of some pictures, told apart by their pixels, off by `by` px."""

    def __init__(self, scenes, by=(0, 0, 0)):
        super().__init__()
        self.known = {
            scene.image.tobytes(): [Reconstruction(shifted(scene.positions, by), 0.9)]
            for scene in scenes
        }

    def __call__(self, image, boxes=None):
        return self.known[image.tobytes()]


AWAY = {
    **{f"turned {angle} degrees": 4 * np.sin(np.deg2rad(angle / 2)) for angle in (15, 30, 60)},
    "0.5 of the size": 2,
    "0.25 of the size": 6,
    "mirrored": 4,
}  # px by which a face that is 2 px too far right in both pictures differs from itself


def test_who_follows_every_change_is_consistent(monkeypatch):
    monkeypatch.setattr(consistency, "WAYS", ("boxes",))
    scene = scene_of(noise(160, 160))
    scenes = [scene, *(change.forward(scene) for change in consistency.CHANGES)]
    methods = {"right": Follows(scenes), "off": Follows(scenes, (2, 0, 0))}
    found = Outcomes(tuple(consistency.outcomes(scene, 5, methods)))
    assert found.pictures == len(consistency.CHANGES)
    assert found.lost("right") == found.lost("off") == 0
    for row in found.rows:
        name, errors = row.labels["change"], row.errors
        if row.method == "right":
            assert max(errors.values()) < 0.02, name
            continue
        wanted = 100 * AWAY.get(name, 0) / size_of(scene.positions.landmarks)
        assert errors["landmarks 2D"] == pytest.approx(wanted, rel=1e-3, abs=0.01), name


def test_who_sees_the_same_face_everywhere():
    """A face that does not turn with its picture is off by the turn, and one too large is lost.

    The boxes of the face and of one half as large at half the place overlap by less than a fifth.
    """
    scene = scene_of()
    found = Outcomes(tuple(consistency.outcomes(scene, 5, {"same": Stub(scene.positions)})))
    for degrees in (15, 30):
        own = found.where(change=f"turned {degrees} degrees")
        assert own.pictures == 4
        assert means(own, "same", "geodesic", "roll", "yaw") == pytest.approx(
            [degrees, degrees, 0], abs=0.01
        )
    for size in (0.5, 0.25):
        assert found.where(change=f"{size} of the size").lost("same") == 100
    assert means(found.where(change="grey"), "same", "landmarks 2D", "geodesic") == [0, 0]


def test_who_finds_nothing_is_lost_everywhere():
    found = Outcomes(tuple(consistency.outcomes(scene_of(), 5, {"none": Stub()})))
    assert found.lost("none") == 100
    assert found.measures == []


# --- Labelled ----------------------------------------------------------------------------------


POSES = ({}, {"yaw": -50.0}, {"yaw": 25.0, "pitch": 20.0, "roll": -15.0}, {"yaw": 85.0})


def grey(number):
    """Told apart by its brightness."""
    return plain((SIDE, SIDE), (0.2 + 0.2 * number,) * 3)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A data set of facelab's own, of faces in four poses."""
    root = tmp_path_factory.mktemp("300wlp")
    form, store = named("300wlp")(Style(seed=7, maps=())), Store(str(root))
    samples = [sample(upright(**each), k, image=grey(k)) for k, each in enumerate(POSES)]
    form.write(store, range(4), samples)
    return root


class Knows(Stub):
    """Returns the truth of the samples, moved, turned, or another's."""

    def __init__(self, by=(0, 0, 0), turn=0.0, off=0):
        super().__init__()
        self.by, self.turn, self.off = by, turn, off

    def __call__(self, image, boxes=None):
        number = round((float(image.mean()) - 0.2) / 0.2)
        wanted = dict(POSES[(number + self.off) % 4])
        wanted["roll"] = wanted.get("roll", 0.0) + self.turn
        return [Reconstruction(shifted(upright(**wanted), self.by), 0.9)]


def asked(folder, **more):
    return BenchmarkSettings(("labelled",), labelled=folder, **more)


def measured(folder, methods, **more):
    return run(asked(folder, **more), methods, SceneBuilder(Stub()), lambda *_: None)


def test_what_facelab_writes_is_read_back_exactly(written):
    pairs, _ = labelled.find(written)
    assert [pair.photograph.name for pair in pairs] == [f"{k:09d}.jpg" for k in range(4)]
    for pair, wanted in zip(pairs, POSES, strict=True):
        labels = read_labels(pair.labels, 0)
        truth = upright(**wanted)
        np.testing.assert_array_equal(labels.landmarks, truth.landmarks)
        np.testing.assert_allclose(
            rotation_of(*labels.angles), pose.estimate(truth).rotation, atol=1e-5
        )


def test_signs_of_300w_lp():
    """Its yaw is positive to image left, its pitch upward, its roll clockwise: all against ours."""
    for angles in np.diag([20.0, 20.0, 20.0]):
        np.testing.assert_allclose(rotation_of(*angles), pose.matrix(*-angles), atol=1e-12)


def test_its_order_of_turns():
    """Zhu et al.'s R = Rx Ry Rz of transposed elementary matrices, written out."""
    pitch, yaw, roll = np.deg2rad([20, -40, 10])
    (cx, sx), (cy, sy), (cz, sz) = ((np.cos(a), np.sin(a)) for a in (pitch, yaw, roll))
    about_x = np.array([[1, 0, 0], [0, cx, sx], [0, -sx, cx]])
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_z = np.array([[cz, sz, 0], [-sz, cz, 0], [0, 0, 1]])
    wanted = about_x @ about_y @ about_z
    np.testing.assert_allclose(rotation_of(-40, 20, 10), wanted, atol=1e-12)


def test_the_truth_gets_no_error(written):
    result = measured(written, {"right": Knows()}, detect=True)
    found = result.outcomes["labelled"]
    assert found.pictures == 2 * 4
    assert found.lost("right") == 0
    for row in found.rows:
        off = {name: value for name, value in row.errors.items() if abs(value) > 0.02}
        assert off == {}, row.picture
    assert [row.labels["yaw"] for row in found.where(way="boxes").rows] == [
        "0-30", "30-60", "0-30", "60-90",
    ]  # fmt: skip
    assert result.photographs == {"labelled": 4}


def test_known_errors(written):
    """3 px right and 4 down, and a head that rolls 6 degrees too far."""
    moved, rolled = Knows(by=(3, 4, 20)), Knows(turn=6.0)
    rows = measured(written, {"moved": moved, "rolled": rolled}).outcomes["labelled"].rows
    for row in rows:
        number = int(Path(row.picture.split(",")[0]).stem)
        size = size_of(upright(**POSES[number]).landmarks)
        if row.method == "moved":
            assert row.errors["landmarks 3D"] == pytest.approx(500 / size, rel=1e-3)
            assert row.errors["geodesic"] < 0.01
        else:
            assert row.errors["geodesic"] == pytest.approx(6, abs=0.01)
            each = [row.errors[name] for name in ("yaw", "pitch", "roll")]
            assert row.errors["pose MAE"] == pytest.approx(np.mean(each))
            if number == 0:
                assert each == pytest.approx([0, 0, 6], abs=0.1)
            assert row.errors["landmarks 2D"] > 1
    assert len(rows) == 8


@pytest.mark.parametrize("raised", [5.0, -5.0])
def test_pitch_offset_has_a_sign(written, raised):
    """Ours is positive downward, 300W-LP's upward."""
    labels = read_labels(written / "000000000.mat", 0)
    errors = labelled.errors_of(upright(pitch=-raised), labels)
    assert errors["pitch offset"] == pytest.approx(raised, abs=0.05)
    assert errors["pitch"] == pytest.approx(5, abs=0.05)


def test_other_faces_are_lost_ones(written):
    result = measured(written, {"away": Knows(by=(200, 0, 0)), "right": Knows()})
    found = result.outcomes["labelled"]
    assert (found.lost("away"), found.lost("right")) == (100, 0)
    assert found.shared.pictures == 0
    assert "| **away, 0 of 4 found** |" in result.tables[0]
    assert "| lost, faces | 2 | 1 | 1 | - | 4 |" in result.tables[0]


def test_what_all_landmarks_are_off_by_is_definition(written):
    """A jaw that lies elsewhere on every head: an error of it, and none with constant offsets."""

    class Elsewhere(Knows):
        def __call__(self, image, boxes=None):
            (face,) = super().__call__(image, boxes)
            away = 0.5 * pose.estimate(face.positions).rotation[:, 0] * [1, -1, 1]
            values = face.positions.values.copy()
            values[ATLAS.size // 2 :] += np.float32(away * pose.estimate(face.positions).scale)
            return [Reconstruction(PositionMap(values, ATLAS), 0.9)]

    found = measured(written, {"other": Elsewhere(), "right": Knows()}).outcomes["labelled"]
    plain, without = means(found, "other", "landmarks 2D", "landmarks 2D, constant offsets")
    assert plain > 1
    assert without < 0.2 * plain
    assert found.mean("right", "landmarks 2D, constant offsets") < 0.01


def test_a_single_face_has_no_offsets(written):
    found = measured(written, {"right": Knows()}, count=1).outcomes["labelled"]
    assert found.measures
    assert not [name for name in found.measures if "offsets" in name]


def test_permuted_faces_are_wrong_ones(written):
    """The next one's pose in each box: found, where the boxes are alike, but not right."""
    found = measured(written, {"next": Knows(off=1), "right": Knows()}).outcomes["labelled"]
    wrong = [row.errors for row in found.rows if row.method == "next"]
    assert all(each is None or each["geodesic"] > 20 for each in wrong)
    assert sum(each is not None for each in wrong) > 0


def test_count_and_ways(written):
    assert measured(written, {"right": Knows()}, count=3).outcomes["labelled"].pictures == 3
    assert measured(written, {"right": Knows()}).outcomes["labelled"].values("way") == ["boxes"]


def test_figures_are_json_and_the_same_again(written):
    methods = {"right": Knows(), "moved": Knows(by=(3, 4, 0))}
    one, other = (measured(written, methods) for _ in range(2))
    assert one.figures == other.figures
    assert one.tables == other.tables
    assert one.figures["parts"]["labelled"]["boxes"]["yaw"]["mean"]["right"]["lost"] == 0


# --- Labels as others write them ---------------------------------------------------------------


def test_the_first_pixel(tmp_path):
    file = labels_file(tmp_path)
    zero, one = (read_labels(file, first).landmarks for first in (0, 1))
    np.testing.assert_allclose(zero, landmarks().T, rtol=1e-6)
    np.testing.assert_allclose(one, landmarks().T - [1, 1, 0], rtol=1e-5)


def radians(yaw=0.0, pitch=0.0, roll=0.0):
    return np.deg2rad([[pitch, yaw, roll, 0, 0, 0, 0]])


@pytest.mark.parametrize(
    ("angles", "posed"),
    [
        ({"yaw": 88}, True),
        ({"yaw": 95}, True),
        ({"yaw": -98.9}, True),
        ({"yaw": 99.5}, False),
        ({"yaw": 70, "pitch": -99.5}, False),
        ({"yaw": 70, "roll": 120}, False),
    ],
)
def test_faces_beyond_99_degrees_have_no_errors_of_their_pose(tmp_path, angles, posed):
    """A yaw of 95 has, though the same turn is one of 85 with pitch and roll upside down."""
    labels_file(tmp_path, Pose_Para=radians(**angles))
    (pair,), _ = labelled.find(tmp_path)
    made = labelled.picture(pair, 0)
    assert made.labels["yaw"] == "60-90"
    errors = made.measure(canonical())
    assert set(ANGLES) & set(errors) == set(ANGLES if posed else ())
    assert {"landmarks 2D", "landmarks 3D"} <= set(errors)


def test_means_of_angles_are_over_the_faces_that_have_them(written, tmp_path):
    """The first face of all, too, may be one without; alone it leaves nothing to tell."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.jpg").write_bytes((written / "000000000.jpg").read_bytes())
    (tmp_path / "b.mat").write_bytes((written / "000000000.mat").read_bytes())
    beyond = {"pt3d_68": upright().landmarks.T, "Pose_Para": radians(roll=120)}
    (tmp_path / "a.mat").write_bytes(matlab(**beyond))
    result = measured(tmp_path, {"rolled": Knows(turn=6.0)})
    found = result.outcomes["labelled"]
    assert found.pictures == found.shared.pictures == 2
    assert found.mean("rolled", "pose MAE") == pytest.approx(2, abs=0.05)
    assert "pose MAE" in result.tables[0]
    assert result.figures["parts"]["labelled"]["boxes"]["yaw"]["mean"]["rolled"]["pictures"] == 2
    alone = measured(tmp_path, {"rolled": Knows(turn=6.0)}, count=1)
    assert alone.outcomes["labelled"].mean("rolled", "pose MAE") is None
    assert "landmarks 2D" in alone.tables[0]
    assert "pose MAE" not in alone.tables[0]


def test_a_turn_past_the_profile_is_judged_as_such(tmp_path):
    found = canonical(yaw=-95.0)
    values = {"pt3d_68": found.landmarks.T, "Pose_Para": radians(yaw=92)}
    labels = read_labels(labels_file(tmp_path, **values), 0)
    errors = labelled.errors_of(found, labels)
    assert errors["yaw"] == pytest.approx(3, abs=0.05)
    assert max(errors["pitch"], errors["roll"], abs(errors["pitch offset"])) < 0.1


def test_angles_go_round(tmp_path):
    file = labels_file(tmp_path, Pose_Para=radians(yaw=370, pitch=-355))
    assert read_labels(file, 0).angles == pytest.approx((10, 5, 0))


WHOLE = matlab(pt3d_68=landmarks(), Pose_Para=np.zeros((1, 7)))


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (matlab(Pose_Para=np.zeros((1, 7))), ("no pt3d_68", "AFLW2000-3D")),
        (matlab(pt3d_68=landmarks().T, Pose_Para=np.zeros((1, 7))), ("(68, 3)", "(3, 68), or")),
        (matlab(pt2d=np.ones((2, 21)), Pose_Para=np.zeros((1, 7))), ("(2, 21)", "(2, 68), is")),
        (matlab(pt3d_68=landmarks(), Pose_Para=np.zeros((1, 2))), ("(2,)", "3 numbers or more")),
        (matlab(pt3d_68=landmarks() * np.nan, Pose_Para=np.zeros((1, 7))), ("not finite",)),
        (matlab(pt3d_68=np.ones((3, 68)), Pose_Para=np.zeros((1, 7))), ("on one line",)),
        (matlab(pt3d_68="left eye", Pose_Para=np.zeros((1, 7))), ("no array of numbers",)),
        (b"", ("not a MATLAB file",)),
        (b"nothing of the kind" * 30, ("not a MATLAB file", "replace or remove it")),
        (WHOLE[:300], ("not a MATLAB file",)),
    ],
)
def test_bad_labels_are_one_line(tmp_path, data, parts):
    file = labels_file(tmp_path, data)
    with pytest.raises(UsageError) as caught:
        read_labels(file, 0)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    for part in parts:
        assert part in message


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255), st.booleans())
@pytest.mark.filterwarnings("ignore::UserWarning")  # of scipy about what is damaged
def test_damaged_labels_are_refused_or_read(tmp_path, place, value, cut):
    data = WHOLE[:place] if cut else WHOLE[:place] + bytes([value]) + WHOLE[place + 1 :]
    file = tmp_path / "a.mat"
    file.write_bytes(data)
    try:
        labels = read_labels(file, 0)
    except UsageError as error:
        assert str(error).startswith(f"{file}: ")
        assert "\n" not in str(error)
    else:
        assert labels.landmarks.shape == (68, 3)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_landmarks_alone_are_labels(tmp_path, suffix):
    """With no pose, nothing but the picture can be measured, and the yaw is told from it."""
    truth = upright(yaw=50.0).landmarks
    written, wanted = tmp_path / f"a{suffix}", truth[:, : 3 if suffix == ".mat" else 2]
    lines = "\n".join(f"{x} {y}" for x, y in truth[:, :2].tolist())
    if suffix == ".mat":
        written.write_bytes(matlab(pt3d_68=truth.T))
    elif suffix == ".npy":
        np.save(written, truth)
    else:
        written.write_text(f"version: 1\nn_points: 68\n{{\n{lines}\n}}\n")
    labels = read_labels(written, 0)
    np.testing.assert_allclose(labels.landmarks, wanted, rtol=1e-6)
    np.testing.assert_allclose(
        read_labels(written, 1).landmarks[:, :2], wanted[:, :2] - 1, rtol=1e-5
    )
    assert labels.angles is None
    assert labels.yaw == pytest.approx(-50, abs=0.5)
    names = set(labelled.errors_of(upright(yaw=45.0), labels))
    assert ("landmarks 3D" in names) == (suffix == ".mat")
    assert "landmarks 2D" in names
    assert not names & set(ANGLES)


def test_flat_landmarks_of_300w_lp_have_its_pose(tmp_path):
    file = labels_file(tmp_path, matlab(pt2d=landmarks()[:2], Pose_Para=radians(yaw=40)))
    labels = read_labels(file, 0)
    assert labels.landmarks.shape == (68, 2)
    assert labels.yaw == pytest.approx(40)


def test_twentyone_landmarks_are_too_few(tmp_path):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).uniform(0, 90, (21, 2)))
    with pytest.raises(UsageError, match=r"a.npy: 21 landmarks; 68 are needed"):
        read_labels(tmp_path / "a.npy", 0)


@given(st.floats(-80, 80), st.floats(-30, 30), st.floats(-170, 170), st.floats(0.5, 20))
def test_yaw_is_told_from_landmarks(yaw, pitch, roll, scale):
    """Whatever the pitch, the roll, the size; its sign is 300W-LP's, against ours."""
    seen = canonical(yaw=yaw, pitch=pitch, roll=roll, scale=scale)
    assert yaw_of(seen.landmarks) == pytest.approx(-yaw, abs=0.5)


def test_labels_that_cannot_be_opened(tmp_path):
    with pytest.raises(UsageError, match=r"a.mat: cannot be read \(no such file or directory\)"):
        read_labels(tmp_path / "a.mat", 0)


def test_folders_without_labels(tmp_path):
    with pytest.raises(UsageError, match=r"nobody: is not a folder"):
        labelled.find(tmp_path / "nobody")
    picture(tmp_path / "alone.png", 1)
    (tmp_path / "a.mat").write_bytes(WHOLE)
    with pytest.raises(UsageError, match=r"no photograph has a file of its name beside it"):
        labelled.find(tmp_path)


def test_a_photograph_has_the_first_of_its_labels(tmp_path):
    labels_file(tmp_path)
    np.save(tmp_path / "a.npy", landmarks().T)
    picture(tmp_path / "alone.png", 1)
    (pair,), left = labelled.find(tmp_path)
    assert (pair.name, pair.labels.name) == ("a.jpg", "a.mat")
    assert left == "2 not taken: 1 .npy, 1 photograph without labels"


def test_hidden_files_are_no_photographs(tmp_path):
    labels_file(tmp_path, name="b")
    labels_file(tmp_path, name=".a")
    (tmp_path / ".trash").mkdir()
    labels_file(tmp_path / ".trash")
    assert [pair.photograph.name for pair in labelled.find(tmp_path)[0]] == ["b.jpg"]


def test_bad_files_are_left_out_and_named(written, tmp_path):
    for name in ("000000000.jpg", "000000000.mat"):
        (tmp_path / name).write_bytes((written / name).read_bytes())
    labels_file(tmp_path, b"damaged", name="broken")
    labels_file(tmp_path, name="torn")
    (tmp_path / "torn.jpg").write_bytes(b"")
    result = measured(tmp_path, {"right": Knows()})
    assert set(result.skipped) == {"broken.jpg", "torn.jpg"}
    assert result.skipped["broken.jpg"].startswith("broken.mat: not a MATLAB file")
    assert str(tmp_path) not in str(result.skipped)
    assert result.photographs == {"labelled": 1}
    assert result.figures["skipped"] == result.skipped


def test_nothing_but_bad_files(tmp_path):
    labels_file(tmp_path, b"damaged")
    with pytest.raises(UsageError, match=r"a.mat: not a MATLAB file"):
        measured(tmp_path, {"right": Knows()})


# --- Photographs -------------------------------------------------------------------------------


def test_the_studio_cuts_a_square_around_the_face(tmp_path):
    picture(tmp_path / "a.png", 1, 200, 300)
    scene = SceneBuilder(Middle())(item(tmp_path / "a.png"))
    assert scene.image.shape == (448, 448, 3)
    box = scene.positions.box
    assert box.centre == pytest.approx((223.5, 223.5), abs=0.5)
    assert box.size == pytest.approx(448 / 2.5, rel=1e-3)


def test_the_studio_takes_the_depth_of_a_head(tmp_path):
    picture(tmp_path / "a.png", 1, 200, 300)
    shallow, whole = Middle(depth=0.5), Middle()
    made, wanted, flat = (
        studio(item(tmp_path / "a.png"))
        for studio in (
            SceneBuilder(shallow, model=head_model()),
            SceneBuilder(whole),
            SceneBuilder(shallow),
        )
    )
    assert made.head is not None
    deep, true, was = (np.ptp(scene.positions.landmarks[:, 2]) for scene in (made, wanted, flat))
    assert was == pytest.approx(true / 2, rel=0.01)
    assert deep == pytest.approx(true, rel=0.15)
    flat_ones = (scene.positions.landmarks[:, :2] for scene in (made, wanted))
    np.testing.assert_allclose(*flat_ones, atol=0.5)


def item(file):
    from facelab.augment.photographs import find

    return next(each for each in find(file.parent, 0)[0] if each.file.name == file.name)


def test_photographs_that_cannot_be_used(tmp_path):
    picture(tmp_path / "a.png", 1, 20, 20)
    with pytest.raises(NoFaceError, match=r"a.png: no face"):
        SceneBuilder(Middle())(item(tmp_path / "a.png"))
    (tmp_path / "b.png").write_bytes(b"broken")
    with pytest.raises(ImageError, match=r"b.png: not a"):
        SceneBuilder(Middle())(item(tmp_path / "b.png"))


def test_all_parts_in_one_run(tmp_path, written, monkeypatch):
    shorten(monkeypatch)
    for seed, size in enumerate((120, 130, 20)):
        picture(tmp_path / f"{size}.png", seed, size, size)
    (tmp_path / "again.png").write_bytes((tmp_path / "120.png").read_bytes())
    told = []
    wanted = BenchmarkSettings(("labelled", "rendered", "consistency"), tmp_path, written, None, 3)
    result = run(
        wanted, {"middle": Middle()}, SceneBuilder(Middle()), lambda *each: told.append(each)
    )
    assert list(result.outcomes) == ["labelled", "rendered", "consistency"]
    assert result.photographs == {"labelled": 4, "rendered": 2, "consistency": 2}
    assert result.outcomes["rendered"].pictures == 2 * 2 * 2
    assert result.outcomes["consistency"].pictures == 2 * 2 * 2
    assert result.skipped["again.png"] == "the same as 120.png"
    assert result.skipped["20.png"].startswith("no face")
    assert told.count(("rendered", 3, 1, 1)) == 3


def test_a_wrong_folder_is_told_before_anything_is_measured(tmp_path):
    picture(tmp_path / "a.png", 1, 120, 120)
    wanted = BenchmarkSettings(("rendered", "labelled"), tmp_path, tmp_path)
    stub = Middle()
    with pytest.raises(UsageError, match=r"no photograph has a file"):
        run(wanted, {"middle": stub}, SceneBuilder(stub), lambda *_: pytest.fail("measured"))
