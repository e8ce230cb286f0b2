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
from click.testing import CliRunner

import facelab
from facelab import atlas, weights
from facelab.cli import job as job_module
from facelab.cli import main, options
from facelab.cli import networks as networks_module
from facelab.cli import swap as swap_module
from facelab.constants import KEEP
from facelab.face.blend import METHODS
from facelab.images import read
from facelab.models import layers
from facelab.models.facemap import SIDE, FaceMap
from facelab.models.runtime import DEVICES, RUNTIMES
from facelab.provenance import CONSENT
from facelab.recipe.swapping import SENTENCE, SwapResult, SwapSettings
from facelab.reconstruct import BACKENDS, DETECTORS
from facelab.reconstruct.face_selection import choose
from facelab.types import Box, PositionMap, Reconstruction

ROOT = Path(__file__).parent.parent


class FlatFace:
    """Reconstructor: a flat face in the middle of any image of 32 px or more."""

    def __call__(self, image, boxes=None):
        height, width = image.shape[:2]
        if min(height, width) < 32:
            return []
        v, u = np.mgrid[:256, :256].astype(np.float32) / 255
        places = np.dstack([width * (0.2 + 0.6 * u), height * (0.2 + 0.6 * v), 0 * u])
        return [Reconstruction(PositionMap(places, atlas.canonical()), 0.9)]

    def largest(self, image):
        return self(image)


@pytest.fixture
def calls(monkeypatch):
    """Replace the networks and the swap, which inverts the target; list the swap's arguments."""
    made = []

    def invert(target, sources, reconstructor, settings, mask, name):
        made.append((Path(name).name, len(sources), settings, mask))
        faces = choose(target, reconstructor, settings.target_face, settings.target_box, name)
        return SwapResult(1 - target, faces)

    monkeypatch.setattr(networks_module, "load_reconstructor", lambda *_: FlatFace())
    monkeypatch.setattr(job_module, "swap_into", invert)
    return made


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to stand in, with a source and a target of 40 x 36 pixels."""
    monkeypatch.chdir(tmp_path)
    picture("source.png", 1)
    picture("target.png", 2)
    return tmp_path


def picture(path, seed, height=36, width=40):
    Path(path).parent.mkdir(exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    PIL.Image.fromarray(values).save(path)
    return values


def photographs(count, folder="photos"):
    return {
        f"{name}.png": picture(f"{folder}/{name}.png", seed)
        for seed, name in enumerate("abcdefgh"[:count])
    }


def facelab_(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def swap(*arguments, source="source.png", target="target.png", output="out.png"):
    return facelab_("swap", "-s", source, "-t", target, "-o", output, *arguments)


def values(path):
    with PIL.Image.open(path) as file:
        return np.asarray(file)


def record(path):
    return json.loads(Path(f"{path}.json").read_text())


def digest(path):
    return sha256(Path(path).read_bytes()).hexdigest()


def snapshot(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def one_line(result, *parts):
    """The error is one line with a prefix, and says `parts`."""
    lines = [line for line in result.stderr.splitlines() if line.startswith("facelab: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.output
    for part in parts:
        assert part in lines[0]
    return True


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


def test_defaults_are_those_of_the_pipeline(here, calls):
    assert swap().exit_code == 0
    assert calls == [("target.png", 1, SwapSettings(), None)]


def test_every_option_reaches_the_pipeline(here, calls):
    PIL.Image.fromarray(np.full((36, 40), 51, np.uint8)).save("mask.png")
    result = swap(
        *("--blend", "alpha", "--tone", "0.25", "--keep", "mouth,eyes", "--target-face", "all"),
        *("--source-box", "1,2,30,31.5"),
        *("--mask", "mask.png", "--no-occlusion", "--texture-size", "512"),
    )
    assert result.exit_code == 0, result.output
    ((_, _, settings, mask),) = calls
    assert settings == SwapSettings(
        "alpha", 0.25, ("mouth", "eyes"), target_face="all",
        occlusion=False, texture_size=512,
    )  # fmt: skip
    np.testing.assert_allclose(mask, np.full((36, 40), 0.2), rtol=1e-6)


def test_face_and_box_options_reach_the_pipeline(here, calls):
    assert swap("--source-face", "left", "--target-box", "0,0,9,9").exit_code == 0
    assert calls[0][2] == SwapSettings(target_box=Box(0, 0, 9, 9))


@pytest.mark.parametrize(
    ("options", "face", "box"),
    [
        ((), "largest", None),
        (("--source-face", "1"), "1", None),
        (("--source-box", "1,2,30,31.5"), "largest", Box(1, 2, 30, 31.5)),
    ],
)
def test_which_face_of_the_source_is_told_to_who_looks(
    here, calls, monkeypatch, options, face, box
):
    told = []

    def sight(image, reconstructor, *which):
        told.append(which)
        return []

    monkeypatch.setattr(job_module, "sight", sight)
    assert swap(*options).exit_code == 0
    assert told == [(face, box, "source.png")]
    said = json.loads(Path("out.png.json").read_text())["recipe"]
    assert said["source_face"] == face
    assert said["source_box"] == (None if box is None else {"x0": 1, "y0": 2, "x1": 30, "y1": 31.5})


def test_keep_none_and_several_sources(here, calls):
    assert swap("--keep", "none", "-s", "target.png").exit_code == 0
    assert calls[0][1:3] == (2, SwapSettings(keep=()))


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--nonsense"], ["--nonsense", "facelab --help"]),
        (["--blend", "magic"], ["--blend", "'magic'", "poisson", "mixed", "alpha"]),
        (["--tone", "1.5"], ["tone", "1.5", "0 to 1"]),
        (["--tone", "nan"], ["tone", "nan"]),
        (["--tone", "much"], ["--tone", "much"]),
        (["--keep", "nose"], ["keep", "'nose'", "mouth, eyes"]),
        (["--source-face", "all"], ["source_face", "'all'", "largest, left, right"]),
        (["--target-face", "-1"], ["target_face", "'-1'", "index"]),
        (["--source-box", "1,2,3"], ["--source-box", "'1,2,3'", "x0,y0,x1,y1"]),
        (["--target-box", "5,0,5,9"], ["--target-box", "x0 < x1"]),
        (["--target-box", "0,0,inf,9"], ["--target-box", "inf"]),
        (["--target-box", "0,0,9,9", "--target-face", "1"], ["target_box", "target_face"]),
        (["--source-box", "0,0,9,9", "-s", "target.png"], ["--source-box", "one --source"]),
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


@pytest.mark.parametrize("arguments", [[], ["swap"], ["weights"], ["dance"], ["swap", "-s", "a"]])
def test_incomplete_commands(arguments):
    result = facelab_(*arguments)
    assert result.exit_code == 2
    assert one_line(result, "facelab --help")


# One file


def test_one_file(here, calls):
    result = swap("--consent", "written", "--json")
    assert result.exit_code == 0
    np.testing.assert_array_equal(values("out.png"), 255 - values("target.png"))
    (outcome,) = json.loads(result.stdout)
    seconds = outcome.pop("seconds")
    assert set(seconds) == {"read", "swap", "write"}
    assert min(seconds.values()) >= 0
    assert outcome == {
        "target": "target.png",
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
    assert content["recipe"]["tone"] == 0.5
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
    assert swap().exit_code == 0
    assert snapshot(".") == before


def test_another_existing_file_is_replaced(here, calls):
    Path("out.png").write_text("old")
    assert swap().exit_code == 0
    assert len(calls) == 1
    assert values("out.png").shape == (36, 40, 3)


def test_output_into_an_existing_folder(here, calls):
    Path("folder").mkdir()
    assert swap(output="folder").exit_code == 0
    assert sorted(snapshot("folder")) == ["target.png", "target.png.json"]


def test_quiet_says_nothing_but_errors(here, calls):
    result = swap("--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert one_line(swap("--quiet", target="none.png"), "none.png")


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
        ([], {"target": ".", "output": "."}),
        ([], {"target": ".", "output": "../HERE"}),
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
        np.testing.assert_array_equal(values(f"out/{name}"), 255 - original)
    assert [Path(outcome["target"]).name for outcome in json.loads(result.stdout)] == [*originals]
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
    monkeypatch.setattr(networks_module, "load_reconstructor", None)
    result = swap("--json", target="photos", output="out")
    assert result.exit_code == 0, result.output
    assert [outcome["status"] for outcome in json.loads(result.stdout)] == ["skipped"] * 3
    assert snapshot("out") == before
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("change", "arguments", "redone"),
    [
        (lambda: picture("photos/b.png", 9), [], ["b.png"]),
        (lambda: picture("source.png", 9), [], ["a.png", "b.png"]),
        (lambda: Path("out/b.png").write_bytes(b"cut off"), [], ["b.png"]),
        (lambda: Path("out/b.png").unlink(), [], ["b.png"]),
        (lambda: Path("out/b.png.json").unlink(), [], ["b.png"]),
        (lambda: Path("out/b.png.json").write_text("{"), [], ["b.png"]),
        (lambda: Path("out/b.png.json").write_text("[]"), [], ["b.png"]),
        (lambda: Path("out/b.png.json").write_text('{"output": 1}'), [], ["b.png"]),
        (lambda: None, ["--tone", "0.5"], ["a.png", "b.png"]),
        (lambda: None, ["--consent", "self"], ["a.png", "b.png"]),
        (lambda: None, ["--mask", "source.png"], ["a.png", "b.png"]),
        (lambda: None, ["--overwrite"], ["a.png", "b.png"]),
    ],
)
def test_folder_does_again_what_changed(here, calls, change, arguments, redone):
    photographs(2)
    assert swap(target="photos", output="out").exit_code == 0
    calls.clear()
    change()
    assert swap(*arguments, target="photos", output="out").exit_code == 0
    assert [name for name, *_ in calls] == redone


def test_folder_does_again_what_other_weights_made(here, calls, monkeypatch):
    photographs(1)
    assert swap(target="photos", output="out").exit_code == 0
    old = weights.entry_of("facemap").sha256
    text = Path("out/a.png.json").read_text()
    Path("out/a.png.json").write_text(text.replace(old, "0" * 64))
    assert swap(target="photos", output="out").exit_code == 0
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
    assert len(calls) == 4  # a, c, d, and c again


def test_different_failures_of_a_folder_are_a_processing_error(here, calls):
    photographs(1)
    picture("photos/small.png", 0, height=20, width=20)  # the mask fits, but there is no face
    picture("mask.png", 0, height=20, width=20)
    result = swap("--json", "--mask", "mask.png", target="photos", output="out")
    assert [outcome["exit_code"] for outcome in json.loads(result.stdout)] == [2, 3]
    assert result.exit_code == 1


def test_interrupted_folder_goes_on(here, calls, monkeypatch):
    photographs(4)
    assert swap(target="photos", output="whole").exit_code == 0
    whole, invert = snapshot("whole"), job_module.swap_into

    def interrupted(target, sources, reconstructor, settings, mask, name):
        if name.endswith("c.png"):
            raise KeyboardInterrupt
        return invert(target, sources, reconstructor, settings, mask, name)

    monkeypatch.setattr(job_module, "swap_into", interrupted)
    result = swap(target="photos", output="out")
    assert result.exit_code == 130
    assert one_line(result, "interrupted")
    assert snapshot("out") == {name: whole[name] for name in whole if name[0] in "ab"}
    calls.clear()
    monkeypatch.setattr(job_module, "swap_into", invert)
    assert swap(target="photos", output="out").exit_code == 0
    assert [name for name, *_ in calls] == ["c.png", "d.png"]
    assert snapshot("out") == whole


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
    monkeypatch.setattr(job_module, "swap_into", lambda *_: 1 / 0)
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
        networks_module, "load_reconstructor", lambda *names: loaded.append(names) or FlatFace()
    )
    Path("own.safetensors").write_bytes(b"weights")
    assert swap("--weights", "own.safetensors").exit_code == 0
    assert loaded == [("blazeface", "map", "torch", "cpu", Path("own.safetensors"))]
    assert record("out.png")["weights"]["facemap"] == sha256(b"weights").hexdigest()
    missing = swap("--weights", "none.safetensors", "--overwrite")
    assert missing.exit_code == 4
    assert one_line(missing, "none.safetensors: no such file")


INTERRUPTIBLE = """
import sys, time
from facelab.cli import job, main, networks
from facelab.pipeline import SwapResult
from tests.test_cli import FlatFace

def invert(target, sources, reconstructor, settings, mask, name):
    if name.endswith("c.png"):
        print("ready", flush=True)
        time.sleep(60)
    return SwapResult(1 - target, reconstructor(target))

networks.load_reconstructor, job.swap_into = lambda *_: FlatFace(), invert
main(sys.argv[1:])
"""


def interruptible():
    """A shell ignores Ctrl-C for what it runs in the background, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupted_process(here, calls):
    photographs(4)
    assert swap(target="photos", output="whole").exit_code == 0
    command = [sys.executable, "-c", INTERRUPTIBLE, "swap", "-s", "source.png", "-t", "photos",
               "-o", "out"]  # fmt: skip
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, preexec_fn=interruptible, **pipes) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.splitlines()[-1].startswith("facelab: interrupted")
    assert "Traceback" not in stderr
    assert snapshot("out") == {k: v for k, v in snapshot("whole").items() if k[0] in "ab"}
    assert swap(target="photos", output="out").exit_code == 0
    assert snapshot("out") == snapshot("whole")
