from __future__ import annotations

import json
from pathlib import Path
from threading import Barrier

import numpy as np
import PIL.Image
import pytest
from scipy.io import savemat

from facelab import atlas
from facelab.cli import reconstruction
from facelab.constants import ARKIT
from facelab.errors import OutputError
from facelab.export import NAMES
from facelab.export import photograph as photograph_module
from facelab.provenance import file_sha256
from facelab.reconstruct.networks import Networks
from facelab.types import PositionMap, Reconstruction
from tests.commands import facelab_, one_line, picture
from tests.synthetic import canonical

KEYS = {
    "box", "score", "landmarks68", "visible68", "pose", "irises", "visible_irises", "gaze",
    "openness", "blendshapes", "shape", "files",
}  # fmt: skip


class TwoFaces:
    """Finds a large and a small face in any image of 32 px or more, one in a box."""

    description = "two faces by hand"

    def __init__(self):
        self.searched = 0

    def __call__(self, image, boxes=None):
        self.searched += 1
        if min(image.shape[:2]) < 32:
            return []
        self.boxes = boxes
        faces = [canonical(yaw=20, scale=s, origin=(20, 18, 0)) for s in (1.2, 0.6)]
        return [Reconstruction(positions, 0.9) for positions in faces][: 1 if boxes else 2]

    def largest(self, image):
        return self(image)[:1]


@pytest.fixture(autouse=True)
def stub(monkeypatch):
    """Replace the networks."""
    made = TwoFaces()
    monkeypatch.setattr(Networks, "load", lambda _: made)
    return made


def reconstruct(*options, inputs=("target.png",), output="out"):
    return facelab_("reconstruct", *inputs, "-o", output, *options)


def report(stem="target", output="out"):
    return json.loads(Path(output, f"{stem}.json").read_text(encoding="utf-8"))


def files(folder="out"):
    return sorted(path.name for path in Path(folder).iterdir())


def test_report_has_the_shape_that_is_documented(here):
    assert reconstruct().exit_code == 0
    said = report()
    path = here / "target.png"
    assert said["image"] == {
        "path": "target.png", "width": 40, "height": 36, "sha256": file_sha256(path)
    }  # fmt: skip
    assert len(said["faces"]) == 2
    for face in said["faces"]:
        assert set(face) == KEYS
        assert np.shape(face["landmarks68"]) == (68, 3)
        assert len(face["visible68"]) == 68
        assert set(map(type, face["visible68"])) == {bool}
        assert len(face["box"]) == 4
        assert np.shape(face["pose"]["rotation"]) == (3, 3)
        assert face["pose"]["yaw"] == pytest.approx(20, abs=0.1)
        assert np.shape(face["irises"]) == (2, 5, 3)
        assert np.shape(face["visible_irises"]) == (2, 5)
        assert all(len(face["gaze"][name]) == 2 for name in ("vectors", "yaw", "pitch"))
        assert tuple(face["blendshapes"]) == ARKIT
        assert [len(face["shape"][name]) for name in ("identity", "expression")] == [53, 10]
        assert list(face["files"]) == ["landmarks", "overlay"]
    assert said["network"] == "two faces by hand"
    assert {"facemap", "landmarker", "blendshapes"} <= said["weights"].keys()
    assert said["recipe"]["command"] == "reconstruct"


def test_every_file_is_written_and_named_in_the_report(here):
    assert reconstruct("--write", "all").exit_code == 0
    named = []
    for face in report()["faces"]:
        assert tuple(face["files"]) == NAMES
        for entry in face["files"].values():
            named += [value for value in entry.values() if isinstance(value, str)]
    together = report()["files"]["overlay"]["png"]
    assert sorted([*named, together, "target.json"]) == files()
    assert len(set(named)) == len(named)
    assert all(name.startswith(("target_0", "target_1")) for name in named)


def test_no_files_but_the_report(here):
    assert reconstruct("--write", "none").exit_code == 0
    assert files() == ["target.json"]


@pytest.mark.parametrize(
    ("options", "indices"),
    [
        ((), [0, 1]), (("--faces", "all"), [0, 1]), (("--faces", "largest"), [0]),
        (("--faces", "0"), [0]), (("--faces", "1"), [1]), (("--faces", "left"), [0]),
        (("--faces", "right"), [1]), (("--most", "1"), [0]), (("--most", "5"), [0, 1]),
    ],
)  # fmt: skip
def test_faces_are_chosen(here, options, indices):
    assert reconstruct("--write", "none").exit_code == 0
    every = report()["faces"]
    widths = [face["box"][2] - face["box"][0] for face in every]
    assert widths == sorted(widths, reverse=True)
    assert reconstruct("--write", "none", "--overwrite", *options).exit_code == 0
    assert report()["faces"] == [every[k] for k in indices]


def test_box_is_handed_on(here, stub):
    assert reconstruct("--write", "none", "--box", "1,2,30,31.5").exit_code == 0
    (box,) = stub.boxes
    assert (box.x0, box.y0, box.x1, box.y1) == (1, 2, 30, 31.5)
    assert len(report()["faces"]) == 1


POINTS = np.concatenate([[[4, 5], [20, 9], [12, 30.5]], np.full((65, 2), 12.0)])


def write_points(path):
    if path.suffix == ".npy":
        np.save(path, POINTS)
    elif path.suffix == ".mat":
        savemat(path, {"pt3d_68": np.column_stack([POINTS, np.arange(68)]).T})
    elif path.suffix == ".pts":
        rows = "\n".join(f"{x} {y}" for x, y in POINTS)
        path.write_text(f"version: 1\nn_points: 68\n{{\n{rows}\n}}\n")
    else:
        path.write_text("".join(f"{x:.2f} {y:.2f} 7\n" for x, y in POINTS))


@pytest.mark.parametrize("suffix", [".txt", ".pts", ".npy", ".mat"])
@pytest.mark.parametrize("folder", [False, True])
def test_landmarks_tell_the_place(here, stub, suffix, folder):
    (here / "marks").mkdir()
    write_points(here / "marks" / f"target{suffix}")
    given = "marks" if folder else f"marks/target{suffix}"
    assert reconstruct("--write", "none", "--landmarks", given).exit_code == 0
    (box,) = stub.boxes
    assert (box.x0, box.y0, box.x1, box.y1) == (4, 5, 20, 30.5)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"", ["a.txt", "no landmarks"]),
        ("a.txt", b"1 2\n3\n", ["a.txt", "no landmarks", "differ in length"]),
        ("a.txt", b"1 2\n3 4\n", ["a.txt", "(2, 2)", "68 points"]),
        ("a.txt", b"5 5\n" * 68, ["target.png", "5,5,5,5"]),
        ("a.txt", b"1 2\n" * 67 + b"3 nan\n", ["a.txt"]),
        ("a.txt", b"1 2\n" * 67 + b"3 1e300\n", ["a.txt", "not a number"]),
        ("a.txt", b"\xff\xfe\x00", ["a.txt"]),
        ("a.npy", b"\x93NUMPY", ["a.npy"]),
        ("a.mat", b"nonsense", ["a.mat"]),
        ("a.txt", b"0" * (1 << 21), ["a.txt", "too large"]),
    ],
)
def test_bad_landmarks_are_one_line(here, name, content, words):
    (here / name).write_bytes(content)
    result = reconstruct("--landmarks", name)
    assert result.exit_code == 2
    assert one_line(result, *words)
    assert files() == []


def test_pickled_landmarks_are_not_loaded(here):
    np.save(here / "a.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    result = reconstruct("--landmarks", "a.npy")
    assert result.exit_code == 2
    assert one_line(result, "a.npy", "no landmarks")


def test_missing_landmarks_of_a_photograph_are_named(here):
    (here / "marks").mkdir()
    result = reconstruct("--landmarks", "marks")
    assert result.exit_code == 2
    assert one_line(result, "target.png", "marks")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--write", "obj"], ["--write", "'obj'", "obj-colour"]),
        (["--faces", "-1"], ["--faces", "'-1'"]),
        (["--faces", "up"], ["--faces", "'up'", "index"]),
        (["--most", "0"], ["--most", "0"]),
        (["--most", "1", "--faces", "all"], ["--faces and --most", "give one"]),
        (["--box", "1,2,3,4", "--faces", "2"], ["--faces"]),
        (["--box", "1,2,3,4", "--most", "2"], ["--faces"]),
        (["--box", "1,2,3,4", "--landmarks", "a.txt"], ["--landmarks"]),
        (["--runtime", "tpu"], ["--runtime", "onnx", "torch"]),
        (["--texture-size", "3"], ["--texture-size"]),
    ],
)
def test_wrong_options(here, options, words):
    result = reconstruct(*options)
    assert result.exit_code == 2
    assert one_line(result, *words)


def folder(count=5):
    for number in range(count):
        picture(f"photos/{'abcdefgh'[number]}.png", number)


def test_each_photograph_of_a_folder_is_searched_once(here, stub):
    folder()
    assert reconstruct("--write", "landmarks", inputs=["photos"]).exit_code == 0
    assert stub.searched == 5
    assert len(files()) == 5 * 3


def test_two_photographs_are_worked_on_at_a_time(here, monkeypatch):
    folder(4)
    both, real = Barrier(2, timeout=60), TwoFaces.__call__

    def meeting(self, image, boxes=None):
        both.wait()  # breaks where another never comes
        return real(self, image, boxes)

    monkeypatch.setattr(TwoFaces, "__call__", meeting)
    assert reconstruct("--write", "none", inputs=["photos"]).exit_code == 0


def test_bad_image_does_not_stop_the_rest(here):
    folder(3)
    (here / "photos" / "b.png").write_bytes(b"no picture")
    picture("photos/tiny.png", 9, height=20, width=20)
    result = reconstruct("--write", "none", "--json", inputs=["photos"])
    assert result.exit_code == 1  # they failed in two ways
    assert files() == ["a.json", "c.json"]
    states = {row["input"]: (row["status"], row["exit_code"]) for row in json.loads(result.stdout)}
    assert states == {
        "photos/a.png": ("done", 0), "photos/b.png": ("failed", 1),
        "photos/c.png": ("done", 0), "photos/tiny.png": ("failed", 3),
    }  # fmt: skip
    assert "b.png" in result.stderr
    assert "tiny.png: no face found" in result.stderr


def test_photograph_without_a_face_is_searched_once(here, stub, monkeypatch):
    picture("photos/tiny.png", 9, height=20, width=20)
    picture("photos/whole.png", 1)
    searched = []
    real = TwoFaces.__call__

    def counting(self, image, boxes=None):
        searched.append(image.shape)
        return real(self, image, boxes)

    monkeypatch.setattr(TwoFaces, "__call__", counting)
    assert reconstruct("--write", "none", inputs=["photos"]).exit_code == 3
    assert len(searched) == 2


def test_second_run_does_only_what_is_missing(here, stub):
    folder(3)
    assert reconstruct(inputs=["photos"]).exit_code == 0
    for path in (here / "out").glob("b*"):
        path.unlink()
    result = reconstruct(inputs=["photos"])
    assert result.exit_code == 0
    assert stub.searched == 3 + 1
    assert "1 done, 2 skipped" in result.stderr


@pytest.mark.parametrize("change", ["photograph", "options"])
def test_what_is_there_is_replaced_by_overwrite_only(here, stub, change):
    folder(1)
    assert reconstruct(inputs=["photos"]).exit_code == 0
    if change == "photograph":
        picture("photos/a.png", 77)
    options = ["--front"] if change == "options" else []
    before = contents()
    result = reconstruct(*options, inputs=["photos"])
    assert result.exit_code == 2
    assert one_line(result, "out/a.json: already there", "--overwrite replaces what is there")
    assert contents() == before
    assert reconstruct("--overwrite", *options, inputs=["photos"]).exit_code == 0
    assert stub.searched == 2
    assert len(files()) == 6


def test_what_is_not_whole_is_made_again(here, stub):
    folder(1)
    assert reconstruct(inputs=["photos"]).exit_code == 0
    before = contents()
    (here / "out" / "a_1_overlay.png").unlink()
    assert reconstruct(inputs=["photos"]).exit_code == 0
    assert contents() == before
    assert stub.searched == 2


def contents():
    return {path.name: path.read_bytes() for path in Path("out").iterdir()}


def test_a_file_of_another_maker_is_replaced_by_overwrite_only(here):
    Path("out").mkdir()
    Path("out/target_1_overlay.png").write_text("my own")
    result = reconstruct()
    assert result.exit_code == 1
    assert one_line(result, "target_1_overlay.png: already there", "--overwrite replaces")
    assert contents() == {"target_1_overlay.png": b"my own"}
    assert reconstruct("--overwrite").exit_code == 0
    assert contents()["target_1_overlay.png"] != b"my own"


def test_failed_writer_leaves_nothing(here, monkeypatch):
    real = photograph_module.writer

    def failing(name):
        def write(subject, stem):
            raise OutputError(f"{stem}: no space")

        return write if name == "overlay" else real(name)

    monkeypatch.setattr(photograph_module, "writer", failing)
    result = reconstruct("--write", "landmarks,overlay")
    assert result.exit_code == 1
    assert one_line(result, "no space")
    assert files() == []


def test_interrupted_run_leaves_whole_photographs_and_goes_on(here, monkeypatch, stub):
    folder(5)
    real = reconstruction.write_faces

    def interrupted(report, *rest, **options):
        if report.path.stem == "b":
            raise KeyboardInterrupt
        real(report, *rest, **options)

    monkeypatch.setattr(reconstruction, "write_faces", interrupted)
    assert reconstruct(inputs=["photos"]).exit_code == 130
    written = [name for name in files() if name.endswith("json")]
    assert written in (["a.json"], ["a.json", "c.json"])  # c was in work beside b
    monkeypatch.setattr(reconstruction, "write_faces", real)
    assert reconstruct(inputs=["photos"]).exit_code == 0
    assert len([name for name in files() if name.endswith("json")]) == 5


def test_same_stems_keep_their_suffixes(here):
    picture("photos/a.png", 1)
    picture("photos/a.tif", 2)
    picture("photos/b.png", 3)
    assert reconstruct("--write", "none", inputs=["photos"]).exit_code == 0
    assert files() == ["a.png.json", "a.tif.json", "b.json"]


def test_same_names_from_two_folders_are_refused(here):
    picture("one/a.png", 1)
    picture("two/a.png", 2)
    result = reconstruct(inputs=["one", "two"])
    assert result.exit_code == 2
    assert one_line(result, "out/a.png.json: would be written twice")


def test_input_is_never_overwritten(here):
    picture("target_0_overlay.png", 5)
    before = (here / "target_0_overlay.png").read_bytes()
    result = reconstruct(inputs=["target.png", "target_0_overlay.png"], output=".")
    assert result.exit_code == 1
    assert "would overwrite an input" in result.stderr
    assert (here / "target_0_overlay.png").read_bytes() == before
    assert not (here / "target.json").exists()


def test_skipped_input_is_never_overwritten(here):
    picture("photos/a_0_overlay.png", 5)
    assert reconstruct(inputs=["photos"], output="out").exit_code == 0
    before = (here / "photos" / "a_0_overlay.png").read_bytes()
    picture("photos/a.png", 1)
    files_ = ["photos/a_0_overlay.png", "photos/a.png"]
    assert reconstruct(inputs=files_[:1], output="photos").exit_code == 0
    assert reconstruct(inputs=files_, output="photos").exit_code == 1
    assert (here / "photos" / "a_0_overlay.png").read_bytes() == before


def test_landmarks_are_never_overwritten(here):
    write_points(here / "target_0_landmarks.txt")
    before = (here / "target_0_landmarks.txt").read_bytes()
    result = reconstruct("--landmarks", "target_0_landmarks.txt", output=".")
    assert result.exit_code == 1
    assert one_line(result, "would overwrite an input")
    assert (here / "target_0_landmarks.txt").read_bytes() == before


def test_other_landmarks_are_another_request(here, stub):
    write_points(here / "a.txt")
    options = ("--write", "none", "--landmarks", "a.txt")
    for points, code in ((POINTS, 0), (POINTS + 1, 2)):
        np.savetxt(here / "a.txt", points)
        assert reconstruct(*options).exit_code == code
    assert stub.boxes[0].x0 == 4
    assert reconstruct("--overwrite", *options).exit_code == 0
    assert stub.boxes[0].x0 == 5


def test_folder_is_not_written_into_itself(here):
    folder(2)
    result = reconstruct(inputs=["photos"], output="photos")
    assert result.exit_code == 2
    assert one_line(result, "photos", "choose another -o")


def test_files_of_faces_that_are_gone_go(here):
    assert reconstruct("--write", "landmarks,uv").exit_code == 0
    assert reconstruct("--write", "landmarks", "--faces", "largest", "--overwrite").exit_code == 0
    assert files() == ["target.json", "target_0_landmarks.txt"]


def test_folder_in_the_way_leaves_all_as_it_was(here):
    (here / "out" / "target_0_overlay.png").mkdir(parents=True)
    result = reconstruct()
    assert result.exit_code == 1
    assert one_line(result, "target_0_overlay.png", "is a folder")
    assert files() == ["target_0_overlay.png"]


def test_unforeseen_trouble_with_one_photograph_is_not_the_others(here, monkeypatch, stub):
    folder(3)
    real = TwoFaces.__call__

    def failing(self, image, boxes=None):
        if image[0, 0, 0] == first:
            raise ZeroDivisionError("odd")
        return real(self, image, boxes)

    first = np.asarray(PIL.Image.open("photos/b.png"))[0, 0, 0]
    monkeypatch.setattr(TwoFaces, "__call__", failing)
    result = reconstruct("--write", "none", inputs=["photos"])
    assert result.exit_code == 1
    assert "photos/b.png: unexpected ZeroDivisionError: odd" in result.stderr
    assert files() == ["a.json", "c.json"]


def test_what_is_done_is_said(here):
    assert reconstruct().exit_code == 0
    assert "already done" in reconstruct().stderr


@pytest.mark.parametrize("box", ["500,500,600,600", "1,1,2,2", "-9e9,-9e9,9e9,9e9"])
def test_boxes_of_no_face(here, box):
    result = reconstruct("--box", box)
    assert result.exit_code == 2
    assert one_line(result, "target.png", "40 x 36")


def test_turned_mesh_faces_the_viewer(here):
    assert reconstruct("--write", "npz", "--front").exit_code == 0
    assert reconstruct("--write", "npz", output="as-is").exit_code == 0
    front, as_is = (
        np.load(here / folder / "target_0.npz", allow_pickle=False)["vertices"]
        for folder in ("out", "as-is")
    )
    assert not np.allclose(front, as_is)
    middle = front.mean(axis=0)
    places = atlas.canonical().mesh[0]
    mirrored = places[:, 0] - 127.5
    assert abs(np.corrcoef(mirrored, front[:, 2] - middle[2])[0, 1]) < 0.02  # no yaw is left


def test_two_runs_give_the_same_bytes(here):
    for output in ("out", "again"):
        assert reconstruct("--write", "all", output=output).exit_code == 0
    for name in files():
        assert (here / "out" / name).read_bytes() == (here / "again" / name).read_bytes(), name


def test_overlay_is_marked_and_of_the_photographs_size(here):
    assert reconstruct("--write", "overlay,texture").exit_code == 0
    for name in ("overlay", "texture"):
        with PIL.Image.open(here / "out" / f"target_0_{name}.png") as image:
            assert "DigitalSourceType" in str(image.info)
            if name == "overlay":
                assert image.size == (40, 36)


def test_network_is_said_aloud_unless_quiet(here):
    assert "two faces by hand" in reconstruct().stderr
    result = reconstruct("--quiet", output="other")
    assert (result.stdout, result.stderr) == ("", "")


def test_prn_without_its_weights_says_how_to_get_them(here, monkeypatch, tmp_path):
    monkeypatch.undo()  # the real networks
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("FACELAB_WEIGHTS", raising=False)
    result = reconstruct("--backend", "prn")
    assert result.exit_code == 4
    assert one_line(result, "prn", "facelab weights import-prnet")


def test_position_map_is_that_of_the_reconstructor(here):
    assert reconstruct("--write", "uv").exit_code == 0
    values = np.load(here / "out" / "target_0_uv.npy", allow_pickle=False)
    positions = canonical(yaw=20, scale=1.2, origin=(20, 18, 0))
    assert isinstance(positions, PositionMap)
    face = positions.atlas.face
    np.testing.assert_array_equal(values[face], positions.values[face])


# --- Folders and names ---------------------------------------------------------------------------


def test_folders_below_are_mirrored_and_their_landmarks_found(here, stub):
    for name in ("set/a.png", "set/below/a.png", "set/below/deep/b.gif"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        picture("wide.png", 1)
        with PIL.Image.open("wide.png") as file:
            file.save(name)
        marks = Path("marks", Path(name).relative_to("set")).with_suffix(".txt")
        marks.parent.mkdir(parents=True, exist_ok=True)
        write_points(marks)
    Path("set/notes.md").write_text("x")
    options = ("--write", "none", "--landmarks", "marks")
    result = reconstruct(*options, inputs=["set"])
    assert result.exit_code == 0
    assert files() == ["a.json"]
    assert result.stderr.endswith("2 not taken: 1 .md, 1 folder\n")
    result = reconstruct(*options, "--recursive", inputs=["set"])
    assert result.exit_code == 0, result.stderr
    made = sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*.json"))
    assert made == ["a.json", "below/a.json", "below/deep/b.json"]
    assert "2 done, 1 skipped, 0 failed" in result.stderr
    Path("marks/below/a.txt").unlink()
    result = reconstruct(*options, "--recursive", inputs=["set"])
    assert result.exit_code == 2
    assert one_line(result, "set/below/a.png: no a.txt|.pts|.npy|.mat is in marks/below; add one")


def test_safe_names_are_the_photographs_own_files(here):
    """They are replaced and removed with the others, though they begin in another way."""
    picture("my photo.png", 1)
    write = ("--write", "obj-texture")
    assert reconstruct(*write, inputs=["my photo.png"]).exit_code == 0
    first = files()
    assert sum(name.startswith("my photo_") for name in first) == 2  # the OBJ of two faces
    assert sum(name.startswith("my_photo_") for name in first) == 4
    assert reconstruct("--write", "none", "--overwrite", inputs=["my photo.png"]).exit_code == 0
    assert files() == ["my photo.json"]


def test_the_report_says_its_frame(here):
    assert reconstruct("--write", "none", "--front").exit_code == 0
    assert "y down" in report()["frame"]
