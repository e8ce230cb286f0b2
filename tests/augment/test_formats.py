"""Formats of data sets, each read back by its own loader; the store, the card and the pictures."""

from __future__ import annotations

import json
import re
import tarfile

import fsspec
import numpy as np
import PIL.Image
import pytest
import scipy.io

from facelab.augment import labels, maps
from facelab.augment.classes import CLASSES
from facelab.augment.formats import FORMATS, named
from facelab.augment.formats.coco import annotation, category
from facelab.augment.formats.facesynthetics import THEIR_CLASSES
from facelab.augment.formats.w300lp import pose_parameters
from facelab.augment.ground_truth import Other
from facelab.augment.maps import MAPS
from facelab.augment.report import contact_sheet, dataset_card, page
from facelab.augment.report.dataset_card import Facts
from facelab.augment.report.finish import finish
from facelab.augment.report.histogram import even_edges, histogram, said, spark
from facelab.augment.report.statistics import gathered
from facelab.augment.store import Store
from facelab.augment.style import SENTENCE, Style
from facelab.errors import OutputError, UsageError
from facelab.geometry.landmarks import read_landmarks
from facelab.geometry.pose import estimate
from facelab.images import decoded
from facelab.types import PositionMap
from tests.augmented import OTHER, PHOTOGRAPH, SIDE, head, nothing, rectangle, sample, upright
from tests.html import Page
from tests.synthetic import ATLAS, canonical_points, frozen, ramp

STYLE = Style(seed=7)
leaves_files_open = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def samples():
    """Frontal and whole; turned, half outside; in part covered."""
    outside = PositionMap(frozen(upright(yaw=-50).values + np.float32([50, 0, 0])), ATLAS)
    image = ramp(SIDE, SIDE)
    return [
        sample(index=0, image=image),
        sample(outside, 1, "test", image),
        sample(
            upright(roll=20),
            2,
            "validation",
            image,
            rectangle(slice(60, 128), slice(0, 60)),
            [PHOTOGRAPH, OTHER],
        ),
    ]


@pytest.fixture(scope="module")
def three():
    return samples()


@pytest.fixture(scope="module")
def written(three, tmp_path_factory):
    """The root folder of the three samples in each format, finished."""
    roots = {}
    for name in FORMATS:
        root = tmp_path_factory.mktemp(name)
        put(name, Store(str(root)), three)
        roots[name] = root
    return roots


def put(name, store, found, style=STYLE):
    form = named(name)(style)
    whole = range(max(one.index for one in found) + 1)
    for start in range(0, len(whole), form.chunk):
        chunk = whole[start : start + form.chunk]
        form.write(store, chunk, (one for one in found if one.index in chunk))
    finish(store, form, facts(name, len(whole), style))
    return form


def facts(name, requested=3, style=STYLE):
    return Facts(
        format=name,
        style=style,
        recipe={"name": "Tilted & <lit>", "steps": [{"light": {"gain": {"uniform": [0, 1]}}}]},
        requested=requested,
        licence="CC0",
        skipped={"torn.jpg": "torn.jpg: is empty"},
        weights=("facemesh",),
    )


def content(root):
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def pixels(path):
    with PIL.Image.open(path) as image:
        return np.asarray(image)


# --- All formats -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_samples_give_the_same_bytes_anywhere(name, written, three):
    memory = Store("memory://again")
    form = named(name)(STYLE)
    for start in reversed(range(0, 3, form.chunk)):  # in another order
        chunk = range(start, min(start + form.chunk, 3))
        form.write(memory, chunk, [three[index] for index in chunk])
    finish(memory, form, facts(name))
    again = {file: memory.read(file) for file in memory.names()}
    assert again == content(written[name])
    memory.files.rm(memory.root, recursive=True)


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_written_tells_where_it_was_written(name, written):
    for data in content(written[name]).values():
        assert str(written[name]).encode() not in data
        assert b"/home/" not in data


@pytest.mark.parametrize("name", FORMATS)
def test_records_and_images_are_read_back(name, written, three):
    store, form = Store(str(written[name])), named(name)(STYLE)
    records = list(form.records(store, range(5)))  # two of them are not there
    assert [record["index"] for record in records] == [0, 1, 2]
    assert [record["index"] for record in form.records(store, [0, 2])] == [0, 2]
    for record, one in zip(records, three, strict=True):
        subject = labels.subject_of(one)
        files = {"image": record["image"], "maps": record["maps"]}
        assert record == labels.decode(labels.encode(labels.describe(one, subject, 7, files)))
        image = decoded(record["image"], form.image(store, record))
        assert np.abs(image.pixels - one.image).max() < 0.1
        assert SENTENCE.encode() in image.metadata.xmp


@pytest.mark.parametrize("name", FORMATS)
def test_a_chunk_is_whole_once_its_labels_are_there(name, three, tmp_path):
    store, form = Store(str(tmp_path)), named(name)(Style(seed=7, maps=()))
    chunk = range(2)
    assert not form.whole(store, chunk)
    written = []
    store_write, limit = store.write, iter(range(100))

    def stop(file, data):
        if next(limit) == 2 * (form.chunk == 1):
            raise KeyboardInterrupt
        written.append(file)
        store_write(file, data)

    object.__setattr__(store, "write", stop)
    with pytest.raises(KeyboardInterrupt):
        form.write(store, chunk, three[:2])
    assert not form.whole(store, chunk)
    form.write(store, chunk, three[:2])
    assert form.whole(store, chunk)
    assert not form.whole(store, range(200, 201))


@pytest.mark.parametrize(
    ("consent", "term"), [("written", "compositeCapture"), ("synthetic", "compositeSynthetic")]
)
def test_images_say_what_they_are_made_of(consent, term, three):
    style = Style(seed=7, consent=consent)
    alone = decoded("a.jpg", style.picture("a.jpg", three[0])).metadata.xmp
    together = decoded("a.jpg", style.picture("a.jpg", three[2])).metadata.xmp
    assert b"digitalsourcetype/algorithmicallyEnhanced" in alone
    assert f"digitalsourcetype/{term}".encode() in together


def test_style_tells_the_kind_of_image_and_the_maps(three, tmp_path):
    put("folder", Store(str(tmp_path)), three[:1], Style(seed=7, suffix=".png", maps=("depth",)))
    image = pixels(tmp_path / "images/000000000.png")
    np.testing.assert_array_equal(image, np.rint(three[0].image * 255))
    with np.load(tmp_path / "maps/000000000.npz") as archive:
        assert archive.files == ["step", "depth"]


def test_without_maps_there_is_no_archive(three, tmp_path):
    put("folder", Store(str(tmp_path)), three[:1], Style(seed=7, maps=()))
    assert not (tmp_path / "maps").exists()
    assert "maps" not in labels.decode((tmp_path / "labels/000000000.json").read_bytes())


def test_an_unknown_map_is_refused():
    with pytest.raises(UsageError, match="maps: 'shape' is unknown; use some of depth, normals"):
        Style(seed=1, maps=("depth", "shape"))


# --- Each by its own loader --------------------------------------------------------------------


def test_folder(written, three):
    root = written["folder"]
    record = json.loads((root / "labels/000000002.json").read_text("utf-8"))
    assert pixels(root / record["image"]).shape[1::-1] == (SIDE, SIDE)
    with np.load(root / record["maps"]) as archive:
        found = maps.decoded(dict(archive))
    assert found.keys() == MAPS.keys()
    row, column = np.rint(record["landmarks68"][30][1::-1]).astype(int)
    assert found["segmentation"][row, column] == CLASSES["nose"]


@leaves_files_open
def test_coco_loads_in_pycocotools(written, capsys):
    from pycocotools.coco import COCO

    root = written["coco"]
    for split, index in (("train", 0), ("test", 1), ("validation", 2)):
        api = COCO(root / f"annotations/person_keypoints_{split}.json")
        assert api.getImgIds() == [index]
        assert [name["name"] for name in api.loadCats(api.getCatIds("person"))] == ["person"]
        image = api.loadImgs(index)[0]
        assert pixels(root / "images" / image["file_name"]).shape[1::-1] == (SIDE, SIDE)
        (found,) = api.loadAnns(api.getAnnIds(imgIds=index, iscrowd=False))
        record = labels.decode((root / f"labels/{index:09d}.json").read_bytes())
        assert found == annotation(record, record, index + 1)
        assert found["id"] > 0  # pycocotools' evaluation takes 0 for no match
        keypoints = np.array(found["keypoints"]).reshape(68, 3)
        assert found["num_keypoints"] == (keypoints[:, 2] > 0).sum()
        for k, (x, y, v) in enumerate(keypoints):
            at = record["landmarks68"][k][:2]
            inside = all(-0.5 <= value < SIDE - 0.5 for value in at)
            assert (x, y) == (tuple(at) if inside else (0, 0))
            hidden = not record["visible68"][k] or record["covered68"][k]
            assert v == (0 if not inside else 1 if hidden else 2)
    assert capsys.readouterr().out


def test_coco_has_all_three_kinds_of_keypoints(written):
    store = Store(str(written["coco"]))
    records = named("coco")(STYLE).records(store, range(3))
    kinds = [set(annotation(record, record, 1)["keypoints"][2::3]) for record in records]
    assert kinds == [{2}, {0, 1, 2}, {1, 2}]


@leaves_files_open
def test_coco_has_every_face(tmp_path, capsys):
    from pycocotools.coco import COCO

    beside = PositionMap(frozen(upright().values + np.float32([70, 0, 0])), ATLAS)
    put(
        "coco",
        Store(str(tmp_path)),
        [sample(truth=head((Other(beside, nothing() > 0),))), sample(index=1)],
    )
    api = COCO(tmp_path / "annotations/person_keypoints_train.json")
    found = api.loadAnns(api.getAnnIds())
    assert [(one["id"], one["image_id"]) for one in found] == [(1, 0), (2, 0), (3, 1)]
    assert found[1]["bbox"][0] == pytest.approx(found[0]["bbox"][0] + 70, abs=0.01)
    assert 0 < found[1]["num_keypoints"] < found[0]["num_keypoints"] == 68
    assert capsys.readouterr().out


def test_coco_boxes_end_at_the_image(written):
    store = Store(str(written["coco"]))
    whole, outside, _ = named("coco")(STYLE).records(store, range(3))
    x, _, width, height = annotation(outside, outside, 1)["bbox"]
    assert x + width == pytest.approx(SIDE)
    assert annotation(outside, outside, 1)["area"] == pytest.approx(width * height, abs=0.01)
    assert x == pytest.approx(outside["box"][0] + 0.5)
    x0, y0, x1, y1 = whole["box"]
    assert annotation(whole, whole, 1)["bbox"] == pytest.approx(
        [x0 + 0.5, y0 + 0.5, x1 - x0, y1 - y0]
    )


def test_coco_skeleton_joins_neighbours():
    lines = category()["skeleton"]
    assert {point for line in lines for point in line} == set(range(1, 69))
    names = category()["keypoints"]
    for a, b in lines:
        assert names[a - 1].rsplit(" ", 1)[0] in (names[b - 1].rsplit(" ", 1)[0], "nose bridge")


def rotation_3ddfa(pitch, yaw, roll):
    """R = Rx Ry Rz as 3DDFA multiplies it, radians."""
    about_x = [[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]]
    about_y = [[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]]
    about_z = [[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    return np.array(about_x) @ about_y @ about_z


@pytest.mark.parametrize("pose", [{"yaw": 35}, {"pitch": 25, "roll": -40, "yaw": -60}], ids=str)
def test_300wlp_pose_puts_the_canonical_face_where_it_was_drawn(pose):
    positions = upright(**pose)
    pitch, yaw, roll, *shift, scale = pose_parameters(estimate(positions), SIDE)[0]
    micrometres = ATLAS.vertices * 1e4
    x, y, z = (scale * micrometres @ rotation_3ddfa(pitch, yaw, roll).T + shift).T
    known = canonical_points(scale=5.0, origin=(63.0, 62.0, 0.0), **pose)
    np.testing.assert_allclose(np.column_stack([x, SIDE - 1 - y, z]), known, atol=0.1)
    assert yaw * pose["yaw"] < 0  # 300W-LP counts yaw the other way


def test_300wlp_loads_as_landmarks_and_in_scipy(written):
    root = written["300wlp"]
    record = labels.decode((root / "labels/000000001.json").read_bytes())
    found = scipy.io.loadmat(root / "000000001.mat")
    assert {key for key in found if not key.startswith("__")} == {
        "pt2d", "pt3d_68", "roi", "Pose_Para",
    }  # fmt: skip
    np.testing.assert_allclose(found["pt3d_68"].T, record["landmarks68"], atol=0.001)
    np.testing.assert_array_equal(found["pt2d"], found["pt3d_68"][:2])
    np.testing.assert_array_equal(found["roi"], [[0, 0, SIDE - 1, SIDE - 1]])
    assert found["Pose_Para"].shape == (1, 7)
    assert found["__header__"] == b"MATLAB 5.0 MAT-file, created by facelab"
    read = read_landmarks(root / "000000001.mat")
    np.testing.assert_allclose(read, np.array(record["landmarks68"])[:, :2], atol=0.001)
    assert pixels(root / "000000001.jpg").shape[1::-1] == (SIDE, SIDE)


def test_facesynthetics_has_their_names_and_classes(written, three):
    root = written["facesynthetics"]
    for one in three:
        points = np.loadtxt(root / f"{one.name}_ldmks.txt")
        assert points.shape == (68, 2)
        np.testing.assert_allclose(points, one.positions.landmarks[:, :2], atol=1e-4)
        np.testing.assert_allclose(
            read_landmarks(root / f"{one.name}_ldmks.txt"), points, atol=1e-4
        )
        theirs = pixels(root / f"{one.name}_seg.png")
        ours = maps.segmentation(one, labels.subject_of(one))
        numbers = {CLASSES[name]: number for name, number in THEIR_CLASSES.items()}
        expected = [[numbers.get(value, 255) for value in row] for row in ours.tolist()]
        np.testing.assert_array_equal(theirs, expected)
        assert pixels(root / f"{one.name}.png").shape[1::-1] == (SIDE, SIDE)
    assert (THEIR_CLASSES["right eye"], THEIR_CLASSES["lower lip"]) == (3, 11)


def test_facesynthetics_of_a_whole_head(tmp_path):
    truth = head().behind(rectangle(slice(90, 100), ...) > 0, "hand")
    put("facesynthetics", Store(str(tmp_path)), [sample(truth=truth)])
    theirs = pixels(tmp_path / "000000000_seg.png")
    expected = {(0, 0): 0, (15, 64): 13, (60, 5): 7, (60, 120): 8, (95, 64): 255, (120, 64): 15}
    assert {place: theirs[place] for place in expected} == expected
    points = np.loadtxt(tmp_path / "000000000_ldmks.txt")
    assert points.shape == (70, 2)
    np.testing.assert_allclose(points[68:], truth.eyes.irises[:, 0, :2], atol=1e-4)
    read = read_landmarks(tmp_path / "000000000_ldmks.txt")
    np.testing.assert_allclose(read, points[:68], atol=1e-4)


@leaves_files_open
def test_webdataset_loads_in_webdataset(written, three):
    import webdataset

    root = written["webdataset"]
    for one in three:
        url = str(root / one.split / "shard-000000.tar")
        (found,) = webdataset.WebDataset(url, shardshuffle=False).decode("rgb")
        assert found["__key__"] == one.name
        assert np.abs(found["jpg"] - one.image).max() < 0.1
        assert found["json"]["index"] == one.index
        np.testing.assert_allclose(
            found["json"]["landmarks68"], one.positions.landmarks, atol=0.001
        )
        decoded_maps = maps.decoded(dict(found["npz"]))
        np.testing.assert_array_equal(
            decoded_maps["segmentation"], maps.segmentation(one, labels.subject_of(one))
        )


def test_shards_hold_a_hundred_and_tell_no_time(tmp_path):
    store, form = Store(str(tmp_path)), named("webdataset")(Style(seed=7, maps=()))
    two = [sample(index=99), sample(index=100)]
    for chunk, one in ((range(100), two[0]), (range(100, 200), two[1])):
        form.write(store, chunk, [one])
    assert store.names("train") == ["train/shard-000000.tar", "train/shard-000001.tar"]
    with tarfile.open(tmp_path / "train/shard-000001.tar") as archive:
        assert archive.getnames() == ["000000100.jpg", "000000100.json"]
        assert {(one.mtime, one.uid, one.gid, one.uname) for one in archive} == {(0, 0, 0, "")}
    assert [record["index"] for record in form.records(store, range(50, 300))] == [99, 100]


def test_a_last_shard_grows_when_more_samples_are_asked_for(tmp_path):
    store, form = Store(str(tmp_path)), named("webdataset")(Style(seed=7, maps=()))
    form.write(store, range(1), [sample(index=0)])
    assert form.whole(store, range(1))
    assert not form.whole(store, range(2))
    form.write(store, range(2), [sample(index=0), sample(index=1)])
    assert form.whole(store, range(2))


# --- The store ---------------------------------------------------------------------------------


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    found = Store(str(tmp_path / "new") if request.param == "local" else "memory://store")
    yield found
    if request.param == "memory":
        fsspec.filesystem("memory").rm("/store", recursive=True)


def test_a_store_gives_back_what_was_written(store):
    store.write("a/b.txt", b"one")
    store.write("a/b.txt", b"two")
    store.write_parts("c.txt", (b"%d" % k for k in range(3)))
    assert (store.read("a/b.txt"), store.read("c.txt")) == (b"two", b"012")
    assert (store.names(), store.names("a")) == (["a/b.txt", "c.txt"], ["a/b.txt"])
    assert store.exists("c.txt")
    assert not store.exists("d.txt")
    with pytest.raises(FileNotFoundError):
        store.read("d.txt")


def test_parts_that_fail_leave_what_was_there(store):
    def parts():
        yield b"new"
        raise RuntimeError

    store.write("a.txt", b"old")
    with pytest.raises(RuntimeError):
        store.write_parts("a.txt", parts())
    assert store.read("a.txt") == b"old"
    assert store.names() == ["a.txt"]


@pytest.mark.parametrize("write", ["write", "write_parts"])
def test_a_store_that_cannot_be_written_says_so(write, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    store = Store(str(tmp_path / "file"))
    with pytest.raises(OutputError, match=r"a\.txt: cannot be written \(.*\); "):
        getattr(store, write)("a.txt", b"1" if write == "write" else [b"1"])


def test_an_unknown_protocol_is_refused():
    with pytest.raises(UsageError, match="nowhere://x: fsspec cannot open it"):
        Store("nowhere://x")


def test_a_store_can_be_sent_to_another_process(tmp_path):
    import pickle

    again = pickle.loads(pickle.dumps(Store(str(tmp_path))))
    again.write("a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"
    assert again == Store(str(tmp_path))


# --- Card, contact sheet and report ------------------------------------------------------------


def test_the_card_tells_what_a_data_set_is(written):
    found = json.loads((written["coco"] / dataset_card.NAME).read_text("utf-8"))
    assert found["samples"] == {
        "requested": 3, "written": 3, "train": 1, "validation": 1, "test": 1,
    }  # fmt: skip
    assert found["identities"] == {"train": 1, "validation": 2, "test": 1}
    assert found["photographs"]["used"] == 1
    assert found["photographs"]["skipped"] == {"torn.jpg": "torn.jpg: is empty"}
    assert found["photographs"]["licence"] == "CC0"
    assert found["networks"][0]["licence"] == "Apache-2.0"
    assert "exact with respect to the geometry that was rendered" in found["exactness"]
    assert found["recipe"] == facts("coco").recipe
    assert found["classes"] == CLASSES
    record = labels.decode((written["coco"] / "labels/000000000.json").read_bytes())
    undefined = record.keys() - found["labels"].keys()
    assert undefined == {"image", "index", "variant", "split", "seed", "width", "height"}


def test_the_card_is_written_last(three, tmp_path, monkeypatch):
    names, write = [], Store.write

    def noted(self, name, data):
        names.append(name)
        write(self, name, data)

    monkeypatch.setattr(Store, "write", noted)
    put("folder", Store(str(tmp_path)), three)
    sheets = [contact_sheet.NAME, *map(contact_sheet.name_of, ("0-20", "40-60"))]
    assert names[-5:] == [*sheets, page.NAME, dataset_card.NAME]


def test_without_all_samples_there_is_no_card(three, tmp_path):
    store = Store(str(tmp_path))
    with pytest.raises(OutputError, match=r": 1 of 3 samples are not there; choose a place that"):
        put("folder", store, [three[0], three[2]])
    assert not store.exists(dataset_card.NAME)


def test_statistics_measure_an_even_part_of_many():
    record = labels.describe(sample(), labels.subject_of(sample()), 7, {})
    records = ({**record, "index": index} for index in range(30_000))
    found = gathered(records, 50_000)
    assert found.count == found.steps["light"] == 30_000
    assert len(found.measured) == len(found.values["light"]["gain"]) == 10_000
    assert found.measured[0]["size"] == pytest.approx(sample().positions.box.size, abs=0.01)


def test_a_step_done_twice_counts_once_for_its_sample():
    record = labels.describe(sample(), labels.subject_of(sample()), 7, {})
    found = gathered([{**record, "steps": record["steps"] * 2}], 1)
    assert found.steps == {"light": 1}
    assert len(found.values["light"]["gain"]) == 2


@pytest.mark.parametrize(("count", "expected"), [(3, [0, 1, 2]), (48, [*range(48)]), (0, [])])
def test_few_samples_are_all_on_the_sheet(count, expected):
    assert contact_sheet.evenly(range(count)) == expected


def test_the_sheet_shows_samples_from_all_over():
    found = contact_sheet.evenly(range(1_000_000))
    assert (len(found), found[0]) == (48, 0)
    assert set(np.diff(found)) <= {20833, 20834}


def test_the_sheet_draws_labels_where_they_are():
    image = frozen(np.zeros((64, 128, 3)))
    one = sample(upright(scale=2.5, origin=(63.0, 31.0, 0.0)), image=image)
    record = labels.describe(one, labels.subject_of(one), 7, {})
    record["visible68"][8] = False  # the chin
    drawn = contact_sheet.tile(record, image)
    assert drawn.shape == (230, 230, 3)
    assert (drawn[112:] == 1).all()  # below the image
    scale = 224 / 128
    for k in (4, 8, 12, 19):
        x, y = ((value + 0.5) * scale - 0.5 for value in record["landmarks68"][k][:2])
        row, column = round(y), round(x)
        red, green, blue = drawn[row - 2 : row + 3, column - 2 : column + 3].mean(axis=(0, 1))
        assert (red > green) == (k == 8)
        assert max(red, green) > 2 * blue


def test_sheets_fill_rows_of_six():
    tiles = [np.full((230, 230, 3), k / 10, np.float32) for k in range(8)]
    whole = contact_sheet.sheet(tiles)
    assert whole.shape == (6 + 2 * 230, 6 + 6 * 230, 3)
    assert whole[240, 6] == pytest.approx(0.6)
    assert (whole[240:, 6 + 2 * 230 :] == 1).all()
    assert contact_sheet.sheet(tiles[:2]).shape == (236, 466, 3)


def test_the_sheet_is_marked(written):
    for name in FORMATS:
        picture = decoded("sheet", (written[name] / contact_sheet.NAME).read_bytes())
        assert SENTENCE.encode() in picture.metadata.xmp


def test_the_report_needs_no_other_file(written):
    found = Page((written["folder"] / page.NAME).read_text("utf-8"))
    assert found.open == []
    assert [value[:22] for value in found.wanted] == ["data:image/jpeg;base64"]
    for said_so in (
        "Tilted & <lit>",
        "3 images of 3",
        "Yaw",
        "light",
        "warm (3)",
        "torn.jpg",
        "exact with respect to the geometry",
    ):
        assert said_so in found.text


def test_the_report_of_nothing_is_a_page():
    found = Page(page.report(facts("folder"), gathered([], 3), b"").decode())
    assert "0 images of 3" in found.text
    assert found.wanted == []


def test_bars_count_values():
    edges = even_edges([-12, 3, 3, 31], 10, 0, 20)
    assert edges == [-20, -10, 0, 10, 20, 30, 40]
    found = histogram([-12, 3, 3, 31], edges, "°")
    assert re.findall(r"<title>(.*?)</title>", found) == [
        "−20 to −10°: 1", "−10 to 0°: 0", "0 to 10°: 2", "10 to 20°: 0", "20 to 30°: 0",
        "30 to 40°: 1",
    ]  # fmt: skip
    assert re.findall(r'x="([\d.]+)" y="126".*?>(.*?)<', found) == [
        ("0.0", "−20°"), ("100.0", "0°"), ("300.0", "40°"),
    ]  # fmt: skip
    heights = [float(value) for value in re.findall(r'height="([\d.]+)"><title>', found)]
    assert heights == [49, 0, 98, 0, 0, 49]
    assert even_edges([], 5, 0, 0) == [0, 5]
    assert spark([1, 1, 2]).count("<rect") == 24


@pytest.mark.parametrize(
    ("number", "text"), [(0.25, "0.25"), (-3.14159, "−3.14"), (12345, "12345")]
)
def test_numbers_are_said_in_three_digits(number, text):
    assert said(number) == text
