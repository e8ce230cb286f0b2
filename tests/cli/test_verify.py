"""Outputs of every command: made, verified, spoiled in one way, and verified again."""

from __future__ import annotations

import copy
import json
import struct
import tempfile
from functools import partial, wraps
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pytest
import scipy.io

import facelab
from facelab import FaceModel, weights
from facelab.augment.store import Store
from facelab.errors import FacelabError, UsageError, WeightsError
from facelab.recipe.result import Result
from facelab.reconstruct.networks import Networks
from facelab.types import Reconstruction
from facelab.verification import data_set, read_record, remake
from tests.commands import facelab_, one_line, picture
from tests.heads import head_file
from tests.synthetic import canonical

SIDE = 64
DRAWN = """\
version: 1
output: {format: png}
inputs: {stars: {picture: paint.png}}
steps:
  - overlay: {reference: stars, strength: 0.5, chance: 0.5}
  - noise: {shot: {uniform: [0, 0.3]}, colour: {uniform: [0, 1]}, read: {uniform: [0, 0.1]}}
"""


class Faces:
    """Reconstructor: a face in the middle of any image of 32 px or more."""

    description = "a face by hand"

    def __call__(self, image, boxes=None):
        height, width = image.shape[:2]
        if min(height, width) < 32:
            return []
        middle = (width / 2, height / 2, 0)
        return [Reconstruction(canonical(yaw=10, scale=height / 20, origin=middle), 0.9)]

    def largest(self, image):
        return self(image)


@pytest.fixture(autouse=True)
def stand(here, monkeypatch):
    """Photographs in a folder of their own, no networks, and an own place for temporary files."""
    monkeypatch.setattr(Networks, "load", lambda _: Faces())
    monkeypatch.setattr(FaceModel, "parser", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    Path("temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(here / "temporary"))
    for seed, name in enumerate(("anna", "bert", "cleo")):
        picture(f"faces/{name}.png", seed, SIDE, SIDE)
    picture("target.png", 7, SIDE, SIDE)
    picture("paint.png", 8, 32, 32)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[:, :40] = 255
    PIL.Image.fromarray(mask).save("mask.png")
    Path("marks.txt").write_text("".join(f"{20 + k % 9} {20 + k // 3}\n" for k in range(68)))
    yield
    assert list(Path("temporary").iterdir()) == []


KEPT = {}  # the files that a maker has written, by its arguments


def kept(make):
    """The maker, writing for the same arguments what it wrote before, when all else is the same."""

    @wraps(make)
    def remembered(*arguments):
        key = (make.__name__, *arguments)
        if key not in KEPT:
            before = set(tree())
            make(*arguments)
            KEPT[key] = {path: data for path, data in tree().items() if path not in before}
            return
        for path, data in KEPT[key].items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    return remembered


@kept
def swap(output="out.png", *options):
    facelab_(
        "swap", "-s", "faces/anna.png", "-s", "faces/bert.png", "-t", "target.png", "-o", output,
        "--mask", "mask.png", "--tone", "0.5", *options,
    )  # fmt: skip


@kept
def edit(output="out.png", *options):
    facelab_(
        "edit", "target.png", "-o", output, "--do", "lipstick colour=#a01030",
        "--do", "overlay reference=stars strength=0.7", "--do", "freckles",
        "--do", "swap source=other", "--picture", "stars=paint.png",
        "--reference", "other=faces/anna.png", *options,
    )  # fmt: skip


@kept
def reconstruct(*options):
    facelab_("reconstruct", "target.png", "-o", "out", *(options or ("--write", "all")))


@kept
def augment(form="folder", count=6, *options, output="out"):
    Path("recipe.yaml").write_text(DRAWN)
    result = facelab_(
        "augment", "-r", "recipe.yaml", "-i", "faces", "-o", output, "-n", count,
        "--workers", 1, "--format", form, *options,
    )  # fmt: skip
    assert result.exit_code == 0, result.output


def verify(output="out.png", *options, inputs="faces"):
    return facelab_("verify", output, "--inputs", inputs, *options)


def verified(output="out.png", *options):
    """The exit code, and the findings that are not good, by name."""
    result = verify(output, "--json", *options)
    (told,) = json.loads(result.stdout)
    bad = {
        one["name"]: one
        for one in told["findings"]
        if one["status"] not in ("identical", "unchanged")
    }
    assert told["identical"] == (not [one for one in bad.values() if one["about"] == "output"])
    return result.exit_code, bad


def dot(path, value=None):
    """Change a pixel of a PNG by 9 levels, in place; what the file says stays as it is."""
    with PIL.Image.open(path) as file:
        pixels, xmp = np.array(file), file.info.get("xmp")
    pixels[3, 5] = pixels[3, 5] ^ 8 if value is None else value
    about = PIL.PngImagePlugin.PngInfo()
    if xmp:
        about.add_itxt("XML:com.adobe.xmp", xmp.decode())
    PIL.Image.fromarray(pixels).save(path, pnginfo=about)


def rewrite(path, change):
    """Change what a JSON file says."""
    content = json.loads(Path(path).read_text())
    change(content)
    Path(path).write_text(json.dumps(content))


def tree():
    return {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


MAKERS = {
    "swap": (swap, "out.png"),
    "edit": (edit, "out.png"),
    "reconstruct": (reconstruct, "out"),
    "augment": (augment, "out"),
}


# --- What is as it was -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MAKERS)
def test_an_output_is_identical_and_nothing_is_written(kind):
    make, output = MAKERS[kind]
    make()
    before = tree()
    result = verify(output)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    assert "input(s)" in lines[0] and "version(s) unchanged" in lines[0]
    assert lines[1].endswith(": identical")
    assert tree() == before


@pytest.mark.parametrize("form", ["coco", "300wlp", "facesynthetics", "webdataset"])
def test_every_format_of_data_sets(form):
    augment(form)
    assert verified("out", "--every", "2") == (0, {})


@pytest.mark.parametrize(
    "options",
    [
        ("--target-box", "10,10,54,54", "--source-face", "left", "--keep", "none"),
        ("--no-occlusion", "--blend", "alpha", "--texture-size", "256", "--consent", "synthetic"),
    ],
)
def test_every_option_of_a_swap_is_in_its_record(options):
    swap("out.jpg", *options)
    assert verified("out.jpg") == (0, {})


def test_every_option_of_an_edit_is_in_its_record():
    Path("recipe.yaml").write_text(
        "version: 1\nfaces: {box: [10, 10, 54, 54]}\nmask: mask.png\nblend: poisson\n"
        "texture_size: 300\nseed: 5\noutput: {quality: 40}\n"
        "inputs:\n  z: {photograph: [faces/anna.png, faces/bert.png]}\n  a: {picture: paint.png}\n"
        "steps:\n- freckles\n- swap: {source: z}\n- overlay: {reference: a}\n"
    )
    command = ("edit", "target.png", "-r", "recipe.yaml", "-o", "out.jpg", "--show")
    assert facelab_(*command, "--consent", "written").exit_code == 0
    Path("recipe.yaml").unlink()
    assert verified("out.jpg") == (0, {})
    dot("out_show.png")
    code, bad = verified("out.jpg")
    assert (code, list(bad)) == (1, ["out_show.png"])


@pytest.mark.parametrize(
    "options",
    [("--landmarks", "marks.txt", "--front", "--mask-unseen"), ("--box", "9,9,50,50"),
     ("--most", "1", "--texture-size", "64")],
)  # fmt: skip
def test_every_option_of_a_reconstruction_is_in_its_report(options):
    reconstruct("--write", "all", *options)
    assert verified("out/target_0.ply") == (0, {})  # by a file that the report names


def test_own_weights_are_found_by_name_and_hash():
    own = Path("faces/mine.safetensors")
    own.write_bytes(weights.locate("facemap").read_bytes())
    edit("out.png", "--weights", own)
    assert facelab_("reconstruct", "target.png", "-o", "out", "--weights", own).exit_code == 0
    assert verified() == (0, {})
    assert verified("out") == (0, {})
    own.unlink()
    code, bad = verified()
    assert (code, bad["facemap"]["status"]) == (4, "missing")


def test_a_morphable_head_is_found_by_its_hash():
    head_file(Path("faces/head.safetensors"))
    augment("folder", 2, "--head", "faces/head.safetensors")
    assert verified("out") == (0, {})
    Path("faces/head.safetensors").write_bytes(b"another")
    code, bad = verified("out")
    assert (code, bad["2 sample(s)"]["status"]) == (1, "not made again")


def test_a_data_set_that_is_elsewhere():
    augment.__wrapped__(output="memory://verified")
    assert verified("memory://verified", "--every", "3") == (0, {})
    Store("memory://verified").write("maps/000000003.npz", b"else")
    assert list(verified("memory://verified", "--every", "3")[1]) == ["maps/000000003.npz"]


def test_the_library_finds_the_same():
    swap()
    (found,) = facelab.verify("out.png", ["faces"])
    assert found.identical and found.exit_code == 0
    facelab.swap("target.png", "faces/anna.png", mask="mask.png", faces=0).save("b.png")
    (found,) = facelab.verify("b.png", ["faces"])
    assert found.identical and found.exit_code == 0
    with pytest.raises(UsageError, match="every must be 1 or more, not 0"):
        next(facelab.verify("out.png", every=0))


# --- Inputs, weights and versions --------------------------------------------------------------


@pytest.mark.parametrize("kind", MAKERS)
def test_a_changed_and_a_missing_input(kind):
    make, output = MAKERS[kind]
    make()
    file = Path("faces/anna.png" if kind == "augment" else "target.png")
    dot(file)
    code, bad = verified(output)
    assert (code, bad[file.name]["status"]) == (1, "changed")
    file.unlink()
    code, bad = verified(output)
    assert (code, bad[file.name]["status"]) == (1, "missing")
    assert "--inputs" in bad[file.name]["said"]


def test_a_renamed_input_is_found_by_its_hash():
    swap()
    Path("faces/sub").mkdir()
    Path("faces/anna.png").rename("faces/sub/beate.png")
    result = verify()
    assert result.exit_code == 0
    assert "input anna.png: unchanged, now faces/sub/beate.png" in result.stdout


def test_renamed_inputs_of_a_data_set_are_the_same_to_its_label_records():
    augment()
    Path("faces/anna.png").rename("faces/beate.png")
    Path("paint.png").rename("faces/paint2.png")
    assert verified("out") == (0, {})
    Path("out/labels/000000000.json").unlink()  # so that nobody knows what it was called
    assert verified("out")[0] == 1


def test_inputs_are_not_looked_for_where_nobody_said():
    swap()
    result = facelab_("verify", "out.png")
    assert result.exit_code == 1
    assert "input anna.png: missing, not in ., " in result.stdout.replace("not in .;", "not in ., ")
    assert "out.png: not made again, as it was written" in result.stdout


def test_a_folder_of_inputs_that_is_none():
    swap()
    result = verify(inputs="target.png")
    assert result.exit_code == 2
    assert one_line(result, "target.png: is not a folder")


@pytest.mark.parametrize("kind", MAKERS)
def test_other_weights(kind):
    make, output = MAKERS[kind]
    make()
    record = {"reconstruct": "out/target.json", "augment": "out/.facelab-plan.json"}

    def change(said):
        (said["networks"] if kind == "augment" else said)["weights"]["facemap"] = "0" * 64

    rewrite(record.get(kind, "out.png.json"), change)
    code, bad = verified(output)
    assert (code, bad["facemap"]["status"]) == (4, "other")
    assert "0" * 64 in bad["facemap"]["said"]


def test_missing_and_damaged_weights(monkeypatch):
    swap()

    def refusing(name, otherwise):
        if name == "blazeface_full":
            raise WeightsError(f"{name} is gone")
        return otherwise(name)

    for function, status in (("verify", "changed"), ("locate", "missing")):
        with monkeypatch.context() as patch:
            known = partial(refusing, otherwise=getattr(weights, function))
            patch.setattr(weights, function, known)
            code, bad = verified()
        assert (code, bad["blazeface_full"]["status"]) == (4, status)


def test_weights_and_inputs_missing_together_is_1():
    swap()
    rewrite("out.png.json", lambda said: said["weights"].update(facemap="0" * 64))
    Path("target.png").unlink()
    assert verified()[0] == 1


@pytest.mark.parametrize("kind", MAKERS)
def test_other_versions_are_named_and_no_failure(kind):
    make, output = MAKERS[kind]
    make()
    record = {"reconstruct": "out/target.json", "augment": "out/dataset.json"}
    rewrite(record.get(kind, "out.png.json"), lambda said: said["versions"].update(numpy="0.1"))
    code, bad = verified(output)
    assert (code, list(bad), bad["numpy"]["status"]) == (0, ["numpy"], "other")
    assert f"{np.__version__}, recorded 0.1" == bad["numpy"]["said"]


# --- What differs ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["swap", "edit"])
def test_a_changed_pixel(kind):
    MAKERS[kind][0]()
    dot("out.png")
    code, bad = verified()
    assert code == 1
    assert bad["out.png"]["figures"] == {"differing": 1, "of": SIDE**2, "largest": 8, "mean": 8}
    assert bad["out.png"]["said"] == (
        f"1 of {SIDE**2:,} pixels differ, by at most 8 of 255 levels (mean 8 where they differ); "
        "was changed since it was recorded; what is made again is as recorded"
    )


def test_other_metadata():
    swap()
    with PIL.Image.open("out.png") as file:
        pixels = np.array(file)
    PIL.Image.fromarray(pixels).save("out.png")
    code, bad = verified()
    assert code == 1
    assert bad["out.png"]["said"].startswith("pixels identical, metadata differs; was changed")


def test_an_output_that_is_gone_or_of_another_size_or_no_picture():
    swap()
    Path("out.png").rename("kept.png")
    code, bad = verified()
    assert (code, bad["out.png"]["status"]) == (1, "missing")
    assert bad["out.png"]["said"] == "what is made again is as recorded"
    picture("out.png", 1, 10, 20)
    assert verified()[1]["out.png"]["said"].startswith(
        "20 x 10 pixels in 3 channels; made again 64 x 64 pixels in 3 channels"
    )
    Path("out.png").write_bytes(b"nothing")
    assert verified()[1]["out.png"]["said"].startswith("is damaged: 7 bytes; made again ")


def step_of(record):
    """The settings of the swap in a record."""
    return record["recipe"]["recipe"]["steps"][0]["swap"]


def test_another_recipe_in_the_record():
    swap()
    rewrite("out.png.json", lambda said: step_of(said).update(tone=0))
    code, bad = verified()
    assert (code, bad["out.png"]["status"]) == (1, "differs")
    assert bad["out.png"]["figures"]["differing"] > 10
    assert "changed" not in bad["out.png"]["said"]
    edit("other.png")
    rewrite("other.png.json", lambda said: said["recipe"]["recipe"]["steps"].pop())
    assert verified("other.png")[1]["other.png"]["figures"]["differing"] > 10


def test_another_hash_in_the_record():
    swap()
    rewrite("out.png.json", lambda said: said["output"].update(sha256="0" * 64))
    code, bad = verified()
    assert (code, bad["out.png"]["status"]) == (1, "changed")


def test_a_failure_of_the_command_is_its_exit_code():
    swap()
    small = picture("target.png", 1, 20, 20)
    assert small.size
    digest = facelab.provenance.file_sha256("target.png")
    rewrite("out.png.json", lambda said: said["inputs"][-1].update(sha256=digest))
    PIL.Image.new("L", (20, 20)).save("mask.png")
    digest = facelab.provenance.file_sha256("mask.png")
    rewrite("out.png.json", lambda said: said["inputs"][-2].update(sha256=digest))
    result = verify()
    assert result.exit_code == 3
    assert "out.png.json: failed, target.png: no face found" in result.stdout
    assert "4 input(s)" in result.stdout


def test_files_of_a_reconstruction_that_differ_in_numbers():
    reconstruct()

    def move(said):
        said["faces"][0]["landmarks68"][8][1] += 0.25
        said["faces"][0]["visible68"][3] ^= True

    rewrite("out/target.json", move)
    comment = Path("out/target_0_landmarks.txt").read_text().splitlines()[0]
    points = np.loadtxt("out/target_0_landmarks.txt")
    points[5, 2] += 0.5
    np.savetxt("out/target_0_landmarks.txt", points, "%.4f", header=comment, comments="")
    depth = np.load("out/target_0_depth.npy")
    depth[depth == depth] += 2
    np.save("out/target_0_depth.npy", depth)
    with np.load("out/target_0.npz") as arrays:
        mesh = dict(arrays)
    mesh["vertices"][3, 0] -= 4
    np.savez("out/target_0.npz", **mesh)
    mat = scipy.io.loadmat("out/target_0.mat")
    in_mat = sum(
        one.size for one in mat.values() if isinstance(one, np.ndarray) and one.dtype.kind in "fiu"
    )
    for name in ("ply", "glb", "mat"):  # all begin with the positions
        data = bytearray(Path(f"out/target_0.{name}").read_bytes())
        first = data.find(struct.pack("<f", mesh["vertices"][0, 0]))
        data[first : first + 4] = struct.pack("<f", mesh["vertices"][0, 0] + 2)
        Path(f"out/target_0.{name}").write_bytes(data)
    Path("out/target_0_uv.npy").unlink()
    code, bad = verified("out")
    said = {name.removeprefix("target_0"): one["said"].split(";")[0] for name, one in bad.items()}
    assert code == 1
    known = np.count_nonzero(~np.isnan(depth))
    vertices, triangles = len(mesh["vertices"]), len(mesh["triangles"])
    counts = {"ply": 6 * vertices + 4 * triangles, "glb": 8 * vertices + 3 * triangles}
    assert said == {
        "target.json": "landmarks68 differs by at most 0.25 px",
        "_landmarks.txt": "1 of 204 numbers differ, by at most 0.5",
        "_depth.npy": f"{known:,} of {depth.size:,} numbers differ, by at most 2",
        ".npz": f"1 of {sum(one.size for one in mesh.values()):,} numbers differ, "
        "vertices by at most 4 px",
        ".mat": f"1 of {in_mat:,} numbers differ, vertices by at most 2 px",
        ".ply": f"1 of {counts['ply']:,} numbers differ, vertices by at most 2 px",
        ".glb": f"1 of {counts['glb']:,} numbers differ, POSITION by at most 2 px",
        "_uv.npy": "what is made again is as recorded",
    }
    assert bad["target.json"]["said"].endswith("; visible68 is another")
    assert bad["target_0_uv.npy"]["status"] == "missing"


def test_samples_that_differ(monkeypatch):
    augment("coco")
    dot("out/images/000000002.png")
    rewrite("out/labels/000000004.json", lambda said: said["points468"][7].__setitem__(0, 1000))
    Path("out/maps/000000005.npz").unlink()
    code, bad = verified("out")
    assert code == 1
    assert sorted(bad) == [
        "images/000000002.png", "labels/000000004.json", "maps/000000005.npz",
    ]  # fmt: skip
    assert bad["images/000000002.png"]["figures"]["differing"] == 1
    assert bad["labels/000000004.json"]["said"].startswith("points468 differs by at most ")
    assert bad["maps/000000005.npz"]["status"] == "missing"
    assert verified("out", "--every", "7") == (0, {})  # the first sample alone


def test_annotations_that_differ_from_the_label_records():
    augment("coco")
    (name,) = [path for path in Path("out/annotations").iterdir() if b'"keypoints":[' in
               path.read_bytes().split(b'"annotations"')[1]][:1]  # fmt: skip

    rewrite(name, lambda said: said["annotations"][0].update(area=0))
    code, bad = verified("out", "--every", "6")
    assert (code, list(bad)) == (1, [f"annotations/{name.name}"])
    assert bad[f"annotations/{name.name}"]["said"].startswith("area differs by at most ")


def test_a_missing_photograph_fails_its_samples_only():
    augment()
    Path("faces/bert.png").unlink()
    code, bad = verified("out")
    failed = [name for name in bad if name.startswith("sample ")]
    assert (code, len(failed)) == (1, 2)
    assert bad["bert.png"]["about"] == "input"


def test_a_data_set_without_its_plan_or_with_another_recipe():
    augment()
    rewrite("out/dataset.json", lambda said: said["recipe"].update(seed=1))
    result = verify("out")
    assert result.exit_code == 2
    assert one_line(result, "out: dataset.json and .facelab-plan.json", "two recipes")
    Path("out/.facelab-plan.json").unlink()
    result = verify("out")
    assert result.exit_code == 2
    assert one_line(result, "there is no .facelab-plan.json")


# --- Folders -----------------------------------------------------------------------------------


def test_a_folder_of_outputs():
    Path("many").mkdir()
    for name in ("a", "b", "c"):
        swap(f"many/{name}.png")
    Path("many/other.json").write_text("[1]")  # of something else
    result = verify("many")
    assert result.exit_code == 0
    assert result.stdout.count(": identical") == 3
    assert verify("many", "--every", "2").stdout.count(": identical") == 2
    dot("many/b.png")
    Path("many/c.png.json").write_text("{")
    result = verify("many")
    assert result.exit_code == 1
    assert "a.png: identical" in result.stdout
    assert "b.png: 1 of" in result.stdout
    assert "many/c.png.json: is not a record" in result.stdout


def test_an_output_renamed_with_its_record():
    swap()
    Path("out.png").rename("new.png")
    Path("out.png.json").rename("new.png.json")
    assert verified("new.png") == (0, {})


def test_quiet():
    swap()
    dot("out.png")
    result = verify("out.png", "--quiet")
    assert (result.exit_code, result.output) == (1, "")


# --- What is no record -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["target.png", "gone.png", "gone.json", "faces", "long" * 80, "memory://nothing"]
)
def test_no_record(name):
    result = verify(name)
    assert result.exit_code == 2
    assert one_line(result, name)
    assert result.stdout == ""


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "{}", '{"recipe": 1}', '{"recipe": {"command": "train"}}',
     "[" * 100_000, '{"a": 1e999}', '{"a": NaN}', "\xff"],
)  # fmt: skip
def test_no_record_but_something_else(content):
    Path("target.png.json").write_text(content, encoding="latin-1")
    result = verify("target.png")
    assert result.exit_code == 2
    assert one_line(result, "target.png.json: is not a record")


def test_a_pipe_is_no_record(here):
    import os

    os.mkfifo("pipe.json")
    result = verify("pipe.json")
    assert result.exit_code == 2
    assert one_line(result, "is a pipe, not a regular file")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("recipe/steps/0/swap/tone", 7),
        ("recipe/steps/0/swap/tone", "1"),
        ("recipe/steps/0/swap/keep", "nose"),
        ("recipe/steps/0/swap/keep", [["mouth"]]),
        ("recipe/steps/0/swap/blend", []),
        ("recipe/steps/0/swap/later", True),
        ("recipe/steps/0/swap/source", "other"),
        ("recipe/texture_size", 300.5),
        ("recipe/texture_size", 10**9),
        ("recipe/inputs/source/box", [1, 2]),
        ("recipe/faces", {"x0": 0}),
        ("recipe/faces", {"box": {"x0": 0}}),
        ("recipe/later", True),
        ("backend", "../x"),
        ("device", 1),
        ("own", "../x"),
        ("later", True),
    ],
)
def test_settings_that_are_none(key, value):
    swap()

    def change(said):
        *path, last = key.split("/")
        spot = said["recipe"]
        for name in path:
            spot = spot[int(name) if name.isdecimal() else name]
        spot[last] = value

    rewrite("out.png.json", change)
    result = verify()
    assert result.exit_code == 2
    assert one_line(result, "out.png.json: ")


@pytest.mark.parametrize(("first", "last", "role"), [(0, 2, "source"), (2, 3, "mask")])
def test_a_swap_of_nobody(first, last, role):
    swap()
    rewrite("out.png.json", lambda said: said["inputs"].__delitem__(slice(first, last)))
    result = verify()
    assert result.exit_code == 2
    assert one_line(result, "out.png.json: its settings", f"no '{role}'")


def places(value, path=()):
    """The paths of everything that JSON holds."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


OTHERS = [None, True, -1, 10**30, 1.5, "", "../../x", "\0", "0" * 64, [], {}, [[]], {"a": 1}]


def refused(record, output, tries):
    """How many of so many records with one thing replaced are refused; the others are verified."""
    whole = json.loads(record.read_text())
    rng = np.random.default_rng(5)
    spots = [path for path in places(whole) if path]
    count = 0
    for _ in range(tries):
        content = copy.deepcopy(whole)
        *path, last = spots[rng.integers(len(spots))]
        spot = content
        for key in path:
            spot = spot[key]
        spot[last] = OTHERS[rng.integers(len(OTHERS))]
        record.write_text(json.dumps(content))
        try:
            (found,) = facelab.verify(output, ["faces"])
        except UsageError as error:
            assert len(str(error).splitlines()) == 1
            count += 1
        else:
            assert found.findings
    return count


@pytest.mark.parametrize("kind", ["swap", "edit", "reconstruct"])
def test_mutated_records_are_refused_in_one_line_or_verified(kind, monkeypatch):
    MAKERS[kind][0](*(("--write", "landmarks") if kind == "reconstruct" else ()))
    record = Path("out/target.json" if kind == "reconstruct" else "out.png.json")
    monkeypatch.setattr(weights, "verify", lambda _: None)  # hashing takes most of the time
    monkeypatch.setattr(remake, "_MAKERS", dict.fromkeys(remake._MAKERS, _prepared(kind)))
    assert refused(record, record, 60) > 5


@pytest.mark.parametrize("name", [".facelab-plan.json", "dataset.json"])
def test_mutated_cards_are_refused_in_one_line_or_verified(name, monkeypatch):
    augment()
    monkeypatch.setattr(weights, "verify", lambda _: None)
    monkeypatch.setattr(data_set, "_sample_findings", lambda *_: [])  # it is made again elsewhere
    monkeypatch.setattr(data_set, "_joint_findings", lambda *_: [])
    assert refused(Path("out", name), "out", 40) > 2


def _prepared(kind):
    """The maker of a command up to where it would begin to compute."""
    maker = remake._MAKERS[kind]

    def make(recorded, networks, files, folder):
        def stop(*_):
            raise FacelabError("enough")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Networks, "load", stop)
            maker(recorded, networks, files, folder)

    return make


def test_interrupted_leaves_nothing(monkeypatch):
    swap()
    before = tree()

    def interrupt(result, path, **_):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Result, "save", interrupt)
    assert verify().exit_code == 130
    assert tree() == before


def test_a_record_says_what_it_is():
    swap()
    recorded = read_record(Path("out.png.json"))
    assert recorded.command == "swap"
    assert [given.role for given in recorded.inputs] == ["source", "source", "mask", "target"]
    assert list(recorded.files) == ["out.png"]
