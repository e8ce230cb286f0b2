from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnxruntime
import PIL.Image
import pytest
import torch

import facelab
from facelab import reconstruct, weights
from facelab.cli import options
from facelab.cli import swap as swap_module
from facelab.constants import DEVICES, KEEP, RUNTIMES
from facelab.face.blend import METHODS
from facelab.images import read
from facelab.models import layers
from facelab.models.facemap import SIDE, FaceMap
from facelab.provenance import CONSENT
from facelab.recipe import Photographs, Recipe, Swap, runner
from facelab.recipe.runner import RecipeRunner
from facelab.reconstruct import BACKENDS, DETECTORS
from facelab.reconstruct.networks import Networks
from facelab.types import Box
from tests.children import ROOT
from tests.commands import (
    SENTENCE,
    FlatFace,
    digest,
    facelab_,
    grey_picture,
    interruptible,
    one_line,
    photographs,
    picture,
    record,
    snapshot,
    swap,
    values,
)

# Parsing


def test_help_and_version_load_nothing_that_computes():
    code = (
        "import sys, facelab.cli\n"
        "try: facelab.cli.main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = {'numpy', 'cv2', 'torch', 'scipy', 'PIL', 'skimage'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    for arguments in (["--help"], ["--version"], ["swap", "--help"]):
        done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, check=True,
                              capture_output=True, text=True)  # fmt: skip
        assert "facelab" in done.stdout


def test_a_swap_loads_no_edits_and_no_yaml():
    code = (
        "import sys, facelab.cli.recipes, facelab.recipe.runner, facelab.recipe.swapping\n"
        "needless = {'yaml', 'scipy', 'torch', 'facelab.edits.every', 'facelab.export.subject',\n"
        "            'facelab.recipe.parse'} & sys.modules.keys()\n"
        "assert not needless, needless"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_version():
    assert facelab_("--version").output == f"facelab, version {facelab.__version__}\n"


def test_top_level_script_runs_the_command_line():
    command = [sys.executable, ROOT / "cli.py", "--version"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == facelab_("--version").output


def test_options_offer_what_the_library_has():
    assert tuple(METHODS) == swap_module.BLEND
    assert options.CONSENT == CONSENT
    assert options.DETECTORS == DETECTORS
    assert options.BACKENDS == BACKENDS
    assert options.RUNTIMES == RUNTIMES
    assert options.DEVICES == DEVICES
    (keep,) = (option for option in swap_module.swap_command.params if option.name == "keep")
    assert keep.metavar == ",".join(KEEP) + "|none"


def step_of(recipe, **keys):
    """The one step, and that the recipe is what it says."""
    (step,) = recipe.steps
    wanted = {"name": "swap", "faces": "largest", "inputs": recipe.inputs, **keys}
    assert recipe == Recipe(recipe.steps, **wanted)
    return step


def test_defaults_are_those_of_the_library(here, calls):
    assert swap().exit_code == 0
    ((name, prepared),) = calls
    assert name == "target.png"
    assert prepared.recipe.inputs == {"source": Photographs((Path("source.png"),))}
    assert step_of(prepared.recipe) == Swap(source="source")
    assert prepared.mask is None
    facelab.swap("target.png", "source.png", model=facelab.FaceModel(FlatFace()))
    assert calls[1][1].recipe == prepared.recipe


def test_every_option_reaches_the_engine(here, calls):
    PIL.Image.fromarray(np.full((36, 40), 51, np.uint8)).save("mask.png")
    result = swap(
        *("--blend", "alpha", "--tone", "0.25", "--keep", "mouth,eyes", "--target-face", "all"),
        *("--source-box", "1,2,30,31.5", "--shape", "0.5"),
        *("--mask", "mask.png", "--no-occlusion", "--texture-size", "512"),
    )
    assert result.exit_code == 0, result.output
    ((_, prepared),) = calls
    step = step_of(prepared.recipe, faces="all", mask=Path("mask.png"), texture_size=512)
    assert step == Swap(
        source="source",
        blend="alpha",
        tone=0.25,
        shape=0.5,
        keep=("mouth", "eyes"),
        occlusion=False,
    )
    np.testing.assert_allclose(prepared.mask, np.full((36, 40), 0.2), rtol=1e-6)


def test_face_and_box_options_reach_the_engine(here, calls):
    assert swap("--target-box", "0,0,9,9").exit_code == 0
    assert calls[0][1].recipe.faces == Box(0, 0, 9, 9)
    assert swap("--target-face", "0", output="b.png").exit_code == 0
    assert calls[1][1].recipe.faces == 0


@pytest.mark.parametrize(
    ("options", "face", "box"),
    [
        ((), "largest", None),
        (("--source-face", "left"), "left", None),
        (("--source-face", "1"), "1", None),
        (("--source-box", "1,2,30,31.5"), "largest", Box(1, 2, 30, 31.5)),
    ],
)
def test_which_face_of_the_source_is_told_to_who_looks(
    here, calls, monkeypatch, options, face, box
):
    told, observe = [], facelab.FaceModel.observe

    def noted(model, photograph, *which):
        told.append(which)
        return observe(model, photograph)

    monkeypatch.setattr(facelab.FaceModel, "observe", noted)
    assert swap(*options).exit_code == 0
    assert told == [(face, box, "source.png")]
    said = record("out.png")["recipe"]["recipe"]["inputs"]["source"]
    which = {"face": face} if box is None else {"box": [1, 2, 30, 31.5]}
    assert said == {"photograph": "source.png", **which}


def test_keep_none_and_several_sources(here, calls):
    assert swap("--keep", "none", "-s", "target.png").exit_code == 0
    recipe = calls[0][1].recipe
    assert recipe.inputs["source"].files == (Path("source.png"), Path("target.png"))
    assert step_of(recipe).kept == ()


def test_a_folder_of_sources_means_all_its_photographs(here, calls):
    photographs(2)
    Path("photos/notes.txt").write_text("no photograph")
    assert swap("-s", "photos").exit_code == 0
    files = [entry["file"] for entry in record("out.png")["inputs"] if entry["role"] == "source"]
    assert files == ["source.png", "a.png", "b.png"]
    Path("empty").mkdir()
    empty = swap(source="empty", output="b.png")
    assert empty.exit_code == 2
    assert one_line(empty, "empty: ")
    boxed = swap("--source-box", "1,2,30,31", source="photos", output="b.png")
    assert boxed.exit_code == 2
    assert one_line(boxed, "--source-box goes with one --source")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--nonsense"], ["--nonsense", "facelab swap --help"]),
        (["--blend", "magic"], ["--blend", "'magic'", "poisson", "mixed", "alpha"]),
        (["--tone", "1.5"], ["tone", "1.5", "0 to 1"]),
        (["--shape", "-0.1"], ["shape", "-0.1", "0 to 1"]),
        (["--tone", "nan"], ["tone", "nan", "0 to 1"]),
        (["--tone", "much"], ["--tone", "much"]),
        (["--keep", "nose"], ["keep", "'nose'", "mouth, eyes"]),
        (["--source-face", "all"], ["--source-face", "'all'", "largest, left, right"]),
        (["--target-face", "-1"], ["--target-face", "'-1'", "index"]),
        (["--source-box", "1,2,3"], ["--source-box", "'1,2,3'", "x0,y0,x1,y1"]),
        (["--target-box", "5,0,5,9"], ["--target-box", "x0 < x1"]),
        (["--target-box", "0,0,inf,9"], ["--target-box", "inf"]),
        (["--target-box", "0,0,9,9", "--target-face", "1"], ["--target-box", "--target-face"]),
        (["--source-box", "0,0,9,9", "-s", "target.png"], ["--source-box", "one --source"]),
        (["--source-box", "0,0,9,9", "--source-face", "1"], ["--source-box", "--source-face"]),
        (["--texture-size", "100"], ["texture_size", "100", "256 to 2048"]),
        (["--detector", "eyes"], ["--detector", "'eyes'", "blazeface"]),
        (["--consent", "maybe"], ["--consent", "'maybe'", "written"]),
    ],
)  # fmt: skip
def test_wrong_options(here, calls, arguments, parts):
    result = swap(*arguments)
    assert result.exit_code == 2
    assert one_line(result, *parts)
    assert not Path("out.png").exists()


@pytest.mark.parametrize("arguments", [["swap"], ["dance"], ["swap", "-s", "a"]])
def test_incomplete_commands(arguments):
    result = facelab_(*arguments)
    assert result.exit_code == 2
    assert one_line(result, "(see facelab", "--help)")


# One file


def _check_inverted(found, original):
    """Where the face is, which is what the swap of these tests does."""
    np.testing.assert_array_equal(found[9:27, 10:30], 255 - original[9:27, 10:30])
    np.testing.assert_array_equal(found[[0, -1]], original[[0, -1]])


def test_one_file(here, calls):
    result = swap("--consent", "written", "--json")
    assert result.exit_code == 0
    _check_inverted(values("out.png"), values("target.png"))
    (outcome,) = json.loads(result.stdout)
    seconds = outcome.pop("seconds")
    assert set(seconds) == {"read", "swap", "write"}
    assert min(seconds.values()) >= 0
    assert outcome == {
        "input": "target.png",
        "output": "out.png",
        "record": "out.png.json",
        "status": "done",
        "faces": [{"box": outcome["faces"][0]["box"], "score": 0.9}],
        "notes": [],
        "error": None,
        "exit_code": 0,
    }
    x0, y0, x1, y1 = outcome["faces"][0]["box"]
    assert 8 <= x0 < x1 <= 32
    assert 7 <= y0 < y1 <= 29
    assert result.stderr == "out.png: 1 face(s) swapped\n"


def test_record(here, calls):
    assert swap("--consent", "licensed", "--tone", "0.5").exit_code == 0
    content = record("out.png")
    assert [(i["role"], i["file"], i["sha256"]) for i in content["inputs"]] == [
        ("source", "source.png", digest("source.png")),
        ("target", "target.png", digest("target.png")),
    ]
    assert content["output"] == {"file": "out.png", "sha256": digest("out.png")}
    assert content["consent"] == "licensed"
    assert content["recipe"]["command"] == "swap"
    assert content["recipe"]["recipe"]["steps"][0]["swap"]["tone"] == 0.5
    assert content["weights"]["facemap"] == weights.entry_of("facemap").sha256
    assert str(here) not in Path("out.png.json").read_text()


@pytest.mark.parametrize(
    ("consent", "term"), [("self", "compositeCapture"), ("synthetic", "compositeSynthetic")]
)
def test_mark(here, calls, consent, term):
    assert swap("--consent", consent).exit_code == 0
    content = Path("out.png").read_bytes()
    assert f"http://cv.iptc.org/newscodes/digitalsourcetype/{term}<".encode() in content
    assert SENTENCE.encode() in content


def test_same_command_gives_the_same_bytes(here, calls):
    assert swap().exit_code == 0
    before = snapshot(".")
    assert swap("--overwrite").exit_code == 0
    assert len(calls) == 2
    assert snapshot(".") == before


def test_same_command_again_has_nothing_to_do(here, calls):
    assert swap().exit_code == 0
    before = snapshot(".")
    again = swap("--json")
    assert again.exit_code == 0
    assert again.stderr == "out.png: already done; --overwrite does it again\n"
    assert json.loads(again.stdout)[0]["status"] == "skipped"
    assert len(calls) == 1
    assert snapshot(".") == before


@pytest.mark.parametrize("there", ["out.png", "out.png.json"])
def test_another_existing_file_is_not_replaced(here, calls, there):
    Path(there).write_text("old")
    before = snapshot(".")
    result = swap()
    assert result.exit_code == 2
    assert one_line(result, f"{there}: already there", "--overwrite replaces what is there")
    assert snapshot(".") == before
    assert not calls
    assert swap("--overwrite").exit_code == 0
    assert values("out.png").shape == (36, 40, 3)
    other = swap("--tone", "0.5")
    assert other.exit_code == 2
    assert one_line(other, "out.png: already there, but not made of this", "--overwrite")


def test_several_targets_go_into_a_folder(here, calls):
    photographs(2)
    result = swap("-t", "photos", "-t", "photos/a.png", "--json", output="out")
    assert result.exit_code == 0, result.output
    made = ["target.png", "a.png", "b.png"]
    assert [one["output"] for one in json.loads(result.stdout)] == [f"out/{name}" for name in made]
    assert sorted(snapshot("out")) == sorted([*made, *(f"{name}.json" for name in made)])
    file = swap("-t", "photos/a.png", output="b.png")
    assert file.exit_code == 2
    assert one_line(file, "b.png: is a file, but several photographs go into a folder")
    picture("more/a.png", 5)
    twice = swap("-t", "photos", "-t", "more", output="other")
    assert twice.exit_code == 2
    assert one_line(twice, "other/a.png: would be written twice")


def test_an_output_without_a_suffix_is_a_folder(here, calls):
    assert swap(output="out").exit_code == 0
    assert sorted(snapshot("out")) == ["target.png", "target.png.json"]
    deep = swap(output="none/out")
    assert deep.exit_code == 1
    assert one_line(deep, "none/out: cannot be made a folder")
    picture("photos/a.png", 3)
    assert one_line(swap(target="photos", output="b.png"), "b.png: is a file")


def test_output_into_an_existing_folder(here, calls):
    Path("folder").mkdir()
    assert swap(output="folder").exit_code == 0
    assert sorted(snapshot("folder")) == ["target.png", "target.png.json"]


def test_quiet_says_nothing_but_errors(here, calls):
    result = swap("--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert one_line(swap("--quiet", target="none.png", output="b.png"), "none.png")


def test_losses_are_said_and_recorded(here, calls):
    jpeg = PIL.Image.fromarray(picture("source.png", 1))
    jpeg.save("target.jpg")
    content = Path("target.jpg").read_bytes()
    jumbf = b"JP\0\1\0\0\0\1\0\0\0\x18jumb" + bytes(16)
    segment = b"\xff\xeb" + (len(jumbf) + 2).to_bytes(2, "big") + jumbf
    Path("target.jpg").write_bytes(content[:2] + segment + content[2:])
    Path("source.jpg").write_bytes(Path("target.jpg").read_bytes())
    result = swap("--json", source="source.jpg", target="target.jpg", output="out.jpg")
    assert result.exit_code == 0
    notes = record("out.jpg")["notes"]
    assert [note.split(":")[0] for note in notes] == ["source.jpg", "out.jpg"]
    assert all("C2PA" in note for note in notes)
    assert json.loads(result.stdout)[0]["notes"] == notes
    assert [line for line in result.stderr.splitlines() if line.startswith("note: ")] == [
        f"note: {note}" for note in notes
    ]


def test_insightface_terms_are_said_and_its_files_recorded(here, calls, monkeypatch):
    pack = here / "home" / "models" / "tiny"
    pack.mkdir(parents=True)
    (pack / "det.onnx").write_bytes(b"network")
    monkeypatch.setenv("INSIGHTFACE_HOME", str(here / "home"))
    result = swap("--detector", "insightface")
    assert result.exit_code == 0
    assert "non-commercial" in result.stderr
    used = record("out.png")["weights"]
    assert used["insightface/tiny/det.onnx"] == sha256(b"network").hexdigest()
    assert "blazeface_full" not in used


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], {"output": "target.png"}),
        ([], {"output": "source.png"}),
        ([], {"output": "../HERE/target.png"}),
        ([], {"output": "link.png"}),
        (["--mask", "mask.png"], {"output": "mask.png"}),
        ([], {"source": "out.png.json"}),
        ([], {"output": "."}),
        ([], {"target": "photos", "output": "."}),
    ],
)
def test_inputs_are_never_overwritten(here, calls, arguments, options):
    picture("mask.png", 3)
    picture("photos/source.png", 4)
    Path("out.png.json").write_bytes(Path("source.png").read_bytes())
    Path("link.png").symlink_to("target.png")
    before = snapshot_of_files(here)
    options = {key: value.replace("HERE", here.name) for key, value in options.items()}
    result = swap(*arguments, **options)
    assert result.exit_code == 2
    assert one_line(result, "would overwrite an input", "another output")
    assert snapshot_of_files(here) == before
    assert not calls


@pytest.mark.parametrize("output", [".", "../HERE", "sub/.."])
def test_a_folder_is_not_written_into_itself(here, calls, output):
    Path("sub").mkdir()
    before = snapshot_of_files(here)
    result = swap(target=".", output=output.replace("HERE", here.name))
    assert result.exit_code == 2
    assert one_line(result, "photographs are taken from it", "another")
    assert snapshot_of_files(here) == before
    assert not calls


def snapshot_of_files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# A folder


def test_folder(here, calls):
    originals = photographs(3)
    Path("photos/notes.txt").write_text("no photograph")
    Path("photos/.hidden.png").write_bytes(b"")
    result = swap("--json", target="photos", output="out")
    assert result.exit_code == 0, result.output
    assert sorted(snapshot("out")) == sorted([*originals, *(f"{name}.json" for name in originals)])
    for name, original in originals.items():
        _check_inverted(values(f"out/{name}"), original)
    assert [Path(outcome["input"]).name for outcome in json.loads(result.stdout)] == [*originals]
    assert result.stderr.endswith("3 done, 0 skipped, 0 failed\n2 not taken: 1 .txt, 1 hidden\n")


def files_below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in files_of(folder))


def files_of(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file()]


def test_folders_below_are_mirrored_and_the_output_is_not_an_input(here, calls):
    for name in ("a.png", "one/b.png", "one/two/c.png", "one/notes.txt"):
        Path("photos", name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".png"):
            picture(f"photos/{name}", 3)
    Path("photos/one/notes.txt").write_text("x")
    made = ["a.png", "one/b.png", "one/two/c.png"]
    for status in ("done", "skipped"):
        result = swap("--recursive", "--json", target="photos", output="photos/out")
        assert result.exit_code == 0, result.output
        assert [one["status"] for one in json.loads(result.stdout)] == [status] * 3
        everything = sorted([*made, *(f"{name}.json" for name in made)])
        assert files_below("photos/out") == everything
    assert result.stderr.endswith("2 not taken: 1 .txt, 1 output folder\n")
    result = swap(target="photos", output="out")
    assert sorted(snapshot("out")) == ["a.png", "a.png.json"]
    assert result.stderr.endswith("2 not taken: 2 folders\n")


def test_what_holds_no_mark_is_written_as_what_does(here, calls):
    photographs(2)
    for name in ("a.bmp", "c.gif", "d.JFIF", "e.avif"):
        with PIL.Image.open("photos/b.png") as file:
            file.save(f"photos/{name}", {"d.JFIF": "JPEG"}.get(name))
    result = swap(target="photos", output="out")
    assert result.exit_code == 0, result.output
    made = ["a.bmp.png", "a.png", "b.png", "c.png", "d.JFIF", "e.avif"]
    assert sorted(snapshot("out")) == sorted([*made, *(f"{name}.json" for name in made)])
    assert all(b"compositeCapture" in read(f"out/{name}").metadata.xmp for name in made)
    one = swap(target="photos/a.bmp", output="out.bmp")
    assert one_line(one, "out.bmp: cannot write .bmp")


def test_no_output_is_another_ones_input(here, calls):
    for name in ("in/a.png", "in/in/a.png"):
        Path("out", name).parent.mkdir(parents=True, exist_ok=True)
        picture(f"out/{name}", 3)
    before = snapshot_of_files(here)
    result = swap("--recursive", target="out/in", output="out")
    assert result.exit_code == 2
    assert one_line(result, "out/in/a.png: would overwrite an input")
    assert snapshot_of_files(here) == before


def test_folder_skips_what_is_done_without_loading_networks(here, calls, monkeypatch):
    photographs(3)
    assert swap(target="photos", output="out").exit_code == 0
    before = snapshot("out")
    monkeypatch.setattr(Networks, "load", None)
    result = swap("--json", target="photos", output="out")
    assert result.exit_code == 0, result.output
    assert [outcome["status"] for outcome in json.loads(result.stdout)] == ["skipped"] * 3
    assert snapshot("out") == before
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("change", "arguments", "others"),
    [
        (lambda: picture("photos/b.png", 9), [], ["b.png"]),
        (lambda: picture("source.png", 9), [], ["a.png", "b.png"]),
        (lambda: Path("out/b.png").write_bytes(b"cut off"), [], ["b.png"]),
        (lambda: Path("out/b.png.json").unlink(), [], ["b.png"]),
        (lambda: Path("out/b.png.json").write_text("{"), [], ["b.png"]),
        (lambda: Path("out/b.png.json").write_text("[]"), [], ["b.png"]),
        (lambda: Path("out/b.png.json").write_text('{"output": 1}'), [], ["b.png"]),
        (lambda: None, ["--tone", "0.5"], ["a.png", "b.png"]),
        (lambda: None, ["--consent", "self"], ["a.png", "b.png"]),
        (lambda: grey_picture("mask.png", 3), ["--mask", "mask.png"], ["a.png", "b.png"]),
        (lambda: None, [], []),
    ],
)
def test_folder_replaces_only_by_overwrite_what_changed(here, calls, change, arguments, others):
    photographs(3)
    Path("photos/c.png").rename("later.png")
    assert swap(target="photos", output="out").exit_code == 0
    change()
    Path("later.png").rename("photos/c.png")
    before = snapshot("out")
    calls.clear()
    result = swap(*arguments, "--json", target="photos", output="out")
    assert result.exit_code == (2 if others else 0)
    if others:
        more = " and 1 more" if len(others) == 2 else ""
        assert one_line(result, f"{more}: already there, but not made of this; --overwrite")
    failed = [one for one in json.loads(result.stdout) if one["status"] == "failed"]
    assert [Path(one["input"]).name for one in failed] == others
    assert [name for name, _ in calls] == ["c.png"]  # which was not there before
    assert before.items() <= snapshot("out").items()
    calls.clear()
    result = swap(*arguments, "--overwrite", target="photos", output="out")
    assert result.exit_code == 0, result.output
    assert sorted(name for name, _ in calls) == ["a.png", "b.png", "c.png"]


def test_what_other_weights_made_is_not_done(here, calls):
    photographs(1)
    assert swap(target="photos", output="out").exit_code == 0
    old = weights.entry_of("facemap").sha256
    text = Path("out/a.png.json").read_text()
    Path("out/a.png.json").write_text(text.replace(old, "0" * 64))
    assert swap(target="photos", output="out").exit_code == 2
    assert swap("--overwrite", target="photos", output="out").exit_code == 0
    assert len(calls) == 2
    assert Path("out/a.png.json").read_text() == text


def test_bad_photographs_do_not_stop_a_folder(here, calls):
    photographs(4)
    Path("photos/b.png").write_bytes(b"")
    picture("photos/c.png", 0, height=1, width=1)
    result = swap("--json", target="photos", output="out")
    assert result.exit_code == 1  # one cannot be read, one has no face
    assert sorted(snapshot("out")) == ["a.png", "a.png.json", "d.png", "d.png.json"]
    errors = [line for line in result.stderr.splitlines() if line.startswith("facelab: ")]
    assert [error.split(":")[1] for error in errors] == [" photos/b.png", " photos/c.png"]
    outcomes = json.loads(result.stdout)
    assert [outcome["exit_code"] for outcome in outcomes] == [0, 1, 3, 0]
    assert outcomes[1]["output"] is None
    assert "zero bytes" in outcomes[1]["error"]
    Path("photos/b.png").unlink()
    assert swap(target="photos", output="out").exit_code == 3
    assert len(calls) == 2  # a and d; in c there was nothing to change either time


def test_different_failures_of_a_folder_are_a_processing_error(here, calls):
    photographs(1)
    picture("photos/small.png", 0, height=20, width=20)  # the mask fits, but there is no face
    grey_picture("mask.png", 0, height=20, width=20)
    result = swap("--json", "--mask", "mask.png", target="photos", output="out")
    assert [outcome["exit_code"] for outcome in json.loads(result.stdout)] == [2, 3]
    assert result.exit_code == 1


def test_a_picture_that_is_gone_is_made_again(here, calls):
    photographs(2)
    assert swap(target="photos", output="out").exit_code == 0
    before = snapshot("out")
    Path("out/b.png").unlink()
    result = swap("--json", target="photos", output="out")
    assert [one["status"] for one in json.loads(result.stdout)] == ["skipped", "done"]
    assert snapshot("out") == before


def test_interrupted_folder_goes_on(here, calls, monkeypatch):
    photographs(6)
    assert swap(target="photos", output="whole").exit_code == 0
    whole, run = snapshot("whole"), RecipeRunner.__call__

    def interrupted(prepared, photograph, name=""):
        if name.endswith("c.png"):
            raise KeyboardInterrupt
        return run(prepared, photograph, name)

    monkeypatch.setattr(RecipeRunner, "__call__", interrupted)
    result = swap(target="photos", output="out")
    assert result.exit_code == 130
    assert one_line(result, "interrupted")
    left = left_over(snapshot("out"), whole)
    calls.clear()
    monkeypatch.setattr(RecipeRunner, "__call__", run)
    assert swap(target="photos", output="out").exit_code == 0
    assert sorted(name for name, *_ in calls) == left
    assert snapshot("out") == whole


def left_over(found, whole):
    """What is not there of six photographs after an interrupt in the third, beside the fourth."""
    names = {name for name in whole if name[0] in "ab"}
    beside = {name for name in whole if name[0] == "d"} & found.keys()
    assert found == {name: whole[name] for name in names | beside}
    assert len(beside) in (0, 2)  # picture and record
    return ["c.png", *([] if beside else ["d.png"]), "e.png", "f.png"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left")])
def test_no_image_without_its_record(here, calls, monkeypatch, kind):
    write = Path.write_bytes

    def fails_at_the_record(path, data):
        if data.startswith(b"{"):
            write(path, data[:10])
            raise kind
        return write(path, data)

    before = snapshot(".")
    monkeypatch.setattr(Path, "write_bytes", fails_at_the_record)
    result = swap()
    assert result.exit_code == (130 if kind is KeyboardInterrupt else 1)
    assert one_line(result)
    assert snapshot(".") == before


# Failures


def test_unexpected_error_is_one_line(here, calls, monkeypatch):
    monkeypatch.setattr(runner, "swap_face", lambda *_: 1 / 0)
    result = swap()
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert one_line(result, "unexpected ZeroDivisionError", "FACELAB_TRACEBACK=1")
    monkeypatch.setenv("FACELAB_TRACEBACK", "1")
    traced = swap().stderr
    assert "Traceback" in traced
    assert traced.endswith(result.stderr)


def test_line_break_in_a_file_name(here, calls):
    result = swap(target="no\nfile.png")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_weights_list():
    result = facelab_("weights", "list")
    assert result.exit_code == 0
    heading, *rows = result.stdout.splitlines()
    assert heading.split()[:3] == ["NAME", "FILE", "LICENCE"]
    for row, (name, entry) in zip(rows, weights.entries().items(), strict=True):
        assert row.startswith(name)
        assert f" {entry.file} " in row
        assert f" {entry.licence} " in row
    assert all("MB" in row for row in rows)


def test_weights_verify():
    result = facelab_("weights", "verify")
    assert result.exit_code == 0
    assert result.stdout.count(": ok") == len(weights.entries())


def test_export_onnx(here):
    """The file's own runtime gives what the shipped network gives, on any number of crops."""
    result = facelab_("weights", "export-onnx", "-o", "facemap.onnx")
    assert result.exit_code == 0
    session = onnxruntime.InferenceSession("facemap.onnx", providers=["CPUExecutionProvider"])
    assert [output.name for output in session.get_outputs()] == ["points", "score"]
    crops = np.random.default_rng(0).random((3, 3, SIDE, SIDE), np.float32)
    with torch.inference_mode():
        wanted, sure = layers.load(FaceMap, "facemap")(torch.from_numpy(crops))
    points, score = session.run(None, {"crops": crops})
    np.testing.assert_allclose(points, wanted.numpy(), atol=0.01)
    np.testing.assert_allclose(score, sure.numpy(), atol=1e-4)
    other = facelab_("weights", "export-onnx", "-o", "b.onnx", "--weights", "no.safetensors")
    assert other.exit_code == 4
    assert not Path("b.onnx").exists()
    assert facelab_("weights", "export-onnx", "-o", "b.safetensors").exit_code == 2


def test_import_prnet(here, monkeypatch):
    def importer(checkout, folder):
        assert checkout == Path("PRNet")
        entry = replace(weights.entry_of("facemesh"), name="prn", licence="MIT; research only")
        folder.mkdir()
        (folder / weights.MANIFEST).write_text(weights.manifest_text([entry]))
        return [folder / "prn.safetensors"]

    monkeypatch.setattr("facelab.reconstruct.import_prnet.import_prnet", importer)
    monkeypatch.setenv("FACELAB_WEIGHTS", str(here / "own"))
    Path("PRNet").mkdir()
    result = facelab_("weights", "import-prnet", "PRNet")
    assert result.exit_code == 0
    assert result.stdout == f"{here / 'own' / 'prn.safetensors'}\n"
    assert result.stderr == "prn: MIT; research only\n"
    result = facelab_("weights", "import-prnet", "PRNet", "-o", "elsewhere")
    assert result.stdout == f"{Path('elsewhere/prn.safetensors')}\n"
    assert f"facelab looks there if FACELAB_WEIGHTS is {here / 'elsewhere'}\n" in result.stderr


def test_import_prnet_of_what_is_not_prnet(here):
    result = facelab_("weights", "import-prnet", "nowhere")
    assert result.exit_code == 2
    assert one_line(result, "nowhere")
    result = facelab_("weights", "import-prnet", here, "-o", "made")
    assert result.exit_code == 4
    assert one_line(result, "256_256_resfcn256_weight.index is missing", "PRNet checkout")
    assert not Path("made").exists()


def test_missing_weights(here, monkeypatch):
    monkeypatch.setattr(weights, "folders", lambda: [here])
    assert facelab_("weights", "list").stdout.count("missing") == len(weights.entries())
    result = facelab_("weights", "verify")
    assert result.exit_code == 4
    assert result.stderr.count("facelab: ") == len(weights.entries())
    assert "sha256" in result.stderr
    result = swap()
    assert result.exit_code == 4
    assert one_line(result, "missing", "Apache-2.0", "$FACELAB_WEIGHTS")


def test_damaged_weights(here, monkeypatch):
    (here / "facemap.safetensors").write_bytes(b"damaged")
    monkeypatch.setenv("FACELAB_WEIGHTS", str(here))
    result = facelab_("weights", "verify")
    assert result.exit_code == 4
    assert one_line(result, "facemap.safetensors is damaged", sha256(b"damaged").hexdigest())
    result = swap()
    assert result.exit_code == 4
    assert one_line(result, "facemap.safetensors is damaged")


def test_own_weights_are_used_and_recorded(here, monkeypatch):
    loaded = []
    monkeypatch.setattr(
        reconstruct, "load_reconstructor", lambda *names: loaded.append(names) or FlatFace()
    )
    Path("own.safetensors").write_bytes(b"weights")
    assert swap("--weights", "own.safetensors").exit_code == 0
    assert loaded == [("blazeface", "map", "onnx", "cpu", Path("own.safetensors"))]
    assert record("out.png")["weights"]["facemap"] == sha256(b"weights").hexdigest()
    missing = swap("--weights", "none.safetensors", "--overwrite")
    assert missing.exit_code == 4
    assert one_line(missing, "none.safetensors: no such file")


INTERRUPTIBLE = """
import sys
from facelab.cli import main
from facelab.recipe import runner
from facelab.recipe.runner import RecipeRunner
from facelab.reconstruct.networks import Networks
from tests.commands import FlatFace

run = RecipeRunner.__call__

def slow(prepared, photograph, name):
    if name.endswith("c.png"):
        print("ready", flush=True)
        sys.stdin.readline()
    return run(prepared, photograph, name)

RecipeRunner.__call__, Networks.load = slow, lambda _: FlatFace()
runner.swap_face = lambda image, where, *_: (1 - image, where)
main(sys.argv[1:])
"""


def test_interrupted_process(here, calls):
    """What is in work is finished, and nothing else begun."""
    photographs(6)
    assert swap(target="photos", output="whole").exit_code == 0
    command = [sys.executable, "-c", INTERRUPTIBLE, "swap", "-s", "source.png", "-t", "photos",
               "-o", "out"]  # fmt: skip
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    pipes["text"] = True
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, preexec_fn=interruptible, **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate("go on\n", timeout=60)
    assert process.returncode == 130
    assert stderr.splitlines()[-1].startswith("facelab: interrupted")
    assert "Traceback" not in stderr
    found, whole = snapshot("out"), snapshot("whole")
    assert found.items() <= whole.items()
    assert {name[0] for name in found} <= set("abcd")
    assert {name[0] for name in found} >= set("ab")
    assert swap(target="photos", output="out").exit_code == 0
    assert snapshot("out") == snapshot("whole")
