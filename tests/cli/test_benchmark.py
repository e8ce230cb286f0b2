"""The command, with reconstructors that need no network, and once with FaceMesh."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import facelab.reconstruct
from facelab import weights
from facelab.benchmark import METHODS, PARTS, methods
from facelab.cli.benchmark import accuracy_command
from facelab.images import read
from tests.commands import facelab_, one_line, picture
from tests.judged import Middle, head_model, labels_file, matlab, shorten
from tests.synthetic import SAMPLES


@pytest.fixture(autouse=True)
def stand(here, monkeypatch):
    """A folder with photographs; no networks, and little of each part."""
    shorten(monkeypatch)
    picture("faces/a.png", 1, 120, 120)
    picture("faces/small.png", 2, 20, 20)


@pytest.fixture
def stubs(monkeypatch):
    """A face in the middle of every picture; which backends were asked for."""
    asked = []

    def load(*_, backend="mesh", **more):
        asked.append((backend, more.get("weights")))
        return Middle()

    monkeypatch.setattr(facelab.reconstruct, "load_reconstructor", load)
    monkeypatch.setattr(facelab.reconstruct, "load_segmenter", lambda: None)
    monkeypatch.setattr(methods, "load_reconstructor", load)
    return asked


def accuracy(*arguments, photographs="faces", names="mesh"):
    given = () if photographs is None else ("--photographs", photographs)
    chosen = () if names is None else ("--methods", names)
    return facelab_("benchmark", "accuracy", *given, *chosen, *arguments)


# --- What is measured --------------------------------------------------------------------------


def test_facemesh_on_a_photograph():
    """From end to end: a real network and a photograph, figures within reason, the same again."""
    Path("james").mkdir()
    shutil.copy(SAMPLES / "james-left.jpg", "james")
    files = ("-o", "out.md", "--json", "out.json")
    result = accuracy(*files, photographs="james")
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "rendered: 1 photograph(s), mesh" in result.stderr
    tables = Path("out.md").read_text()
    assert "| Rendered heads | mesh |" in tables
    assert "| Consistency | mesh |" in tables
    told = json.loads(Path("out.json").read_text())
    assert set(told["parts"]) == {"rendered", "consistency"}
    for way in ("boxes", "detected"):
        front = told["parts"]["rendered"][way]["target"]["0"]["mesh"]
        assert front["lost"] == 0
        assert 0 < front["mean"]["landmarks 2D"] < 10
        assert 0 < front["mean"]["geodesic"] < 15
        changed = told["parts"]["consistency"][way]["change"]["grey"]["mesh"]
        assert changed["lost"] == 0
        assert changed["mean"]["landmarks 2D"] < 5
    before = Path("out.md").read_bytes(), Path("out.json").read_bytes()
    assert accuracy(*files, photographs="james").exit_code == 2  # they are there
    assert accuracy(*files, "--overwrite", photographs="james").exit_code == 0
    assert (Path("out.md").read_bytes(), Path("out.json").read_bytes()) == before


def test_tables_are_printed(stubs):
    result = accuracy()
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("| Rendered heads | mesh |\n|---|---|\n")
    assert "\n\n| Consistency | mesh |\n" in result.stdout
    assert "skipped small.png: no face" in result.stderr
    assert "consistency: 1 photograph(s), mesh" in result.stderr


def test_quiet(stubs):
    result = accuracy("--quiet", "-o", "out.md")
    assert (result.exit_code, result.output) == (0, "")
    assert Path("out.md").is_file()


def test_seed_decides_what_is_drawn(stubs):
    runs = [accuracy("--quiet", "--seed", seed, "--parts", "rendered") for seed in (1, 1, 2)]
    one, again, other = (run.stdout for run in runs)
    assert one == again
    assert one != other


def test_figures_say_what_they_are_of(stubs):
    assert accuracy("--seed", 7, "--json", "out.json").exit_code == 0
    told = json.loads(Path("out.json").read_text())
    assert (told["seed"], told["facelab"]) == (7, facelab.__version__)
    assert told["methods"] == {"mesh": "a stub"}
    assert told["skipped"]["small.png"].startswith("no face")
    assert told["parts"]["rendered"]["photographs"] == 1
    assert str(Path.cwd()) not in json.dumps(told)


def test_labelled(stubs):
    Path("set").mkdir()
    labels_file(Path("set"))
    result = accuracy("--labelled", "set", "--parts", "labelled", photographs=None)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("| Landmarks at the true box, % of")
    assert "| **mesh, 1 of 1 found** |" in result.stdout
    assert "found by the detector" not in result.stdout
    both = accuracy("--labelled", "set", "--parts", "labelled", "--detect", photographs=None)
    assert "found by the detector" in both.stdout


def test_worst(stubs):
    Path("set").mkdir()
    labels_file(Path("set"))
    options = ("--labelled", "set", "--worst", "worst.png", "--quiet")
    assert accuracy(*options, photographs=None).exit_code == 0
    assert read("worst.png").srgb.max() > 0.5
    assert accuracy(*options, photographs=None).exit_code == 2  # it is there
    assert one_line(accuracy("--worst", "other.png"), "--worst is for labelled photographs")
    assert "does not end in .png" in accuracy(*options[:2], "--worst", "worst.md").stderr


@pytest.mark.parametrize(("photographs", "parts"), [("faces", len(PARTS)), (None, 1)])
def test_what_is_measured_with_labels_unless_told(stubs, monkeypatch, photographs, parts):
    """Labels join the parts made of photographs that are given; alone they need no samples."""
    monkeypatch.setattr(facelab, "__file__", "no/facelab/__init__.py")
    Path("set").mkdir()
    labels_file(Path("set"))
    result = accuracy("--labelled", "set", "--quiet", photographs=photographs)
    assert result.exit_code == 0, result.output
    starts = [line for line in result.stdout.splitlines() if line.endswith("| mesh |")]
    assert len(starts) == parts - 1
    assert "| Landmarks at the true box" in result.stdout


def test_first_pixel(stubs):
    Path("set").mkdir()
    labels_file(Path("set"))
    options = ("--labelled", "set", "--parts", "labelled", "--quiet")
    zero, one = (
        accuracy(*options, "--first-pixel", first, photographs=None).stdout for first in (0, 1)
    )
    assert zero != one
    assert zero == accuracy(*options, photographs=None).stdout


def test_count(stubs):
    for seed in range(3, 6):
        picture(f"faces/{seed}.png", seed, 120, 120)
    Path("faces/small.png").unlink()
    result = accuracy("--count", 2, "--parts", "consistency")
    assert "consistency: 2 photograph(s)" in result.stderr


def head_file(path="head.safetensors"):
    model = head_model()
    save_file(
        {
            "base": model.base,
            "modes": model.modes,
            "triangles": model.triangles,
            "points": model.points,
            "point_modes": model.point_modes,
            "deviations": model.deviations,
            "expressions": np.array(model.expressions, np.int32),
        },
        path,
    )
    return path


def test_fit_with_a_head(stubs):
    result = accuracy("--head", head_file(), "--parts", "consistency", names="mesh, fit")
    assert result.exit_code == 0, result.output
    assert "| Consistency | mesh | fit |" in result.stdout


@pytest.mark.parametrize("name", ["map", "prn"])
def test_networks_by_name(stubs, name):
    result = accuracy("--parts", "consistency", names=name)
    assert result.exit_code == 0, result.output
    assert f"| Consistency | {name} |" in result.stdout
    assert stubs == [("mesh", None), (name, None)]


def test_weights_of_one_s_own(stubs):
    options = ("--parts", "consistency", "--weights", "own.safetensors")
    assert accuracy(*options, names="map").exit_code == 0
    assert stubs[-1] == ("map", Path("own.safetensors"))


def test_what_is_compared_unless_told(stubs):
    assert "| Consistency | map | mesh |" in accuracy("--parts", "consistency", names=None).stdout
    result = accuracy("--parts", "consistency", "--head", head_file(), names=None)
    assert "| Consistency | map | mesh | fit |" in result.stdout


def test_samples_unless_told(stubs, monkeypatch):
    monkeypatch.setattr(facelab, "__file__", "no/facelab/__init__.py")
    result = accuracy(photographs=None)
    assert result.exit_code == 2
    assert one_line(result, "no samples come with an installed facelab; give --photographs FOLDER")


def test_help_names_parts_and_methods():
    result = facelab_("benchmark", "accuracy", "--help")
    assert result.exit_code == 0
    helped = {option.name: getattr(option, "help", "") for option in accuracy_command.params}
    assert all(name in helped["parts"] for name in PARTS)
    assert all(name in helped["methods"] for name in METHODS)
    assert all(f"{name}:" in " ".join(result.output.split()) for name in PARTS)


# --- What is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "parts"),
    [
        (("--methods", "mesh,net"), 2, ("--methods", "'net' is none of map, mesh, fit, prn")),
        (("--methods", ""), 2, ("'' is none of",)),
        (("--parts", "speed"), 2, ("'speed' is none of rendered, consistency, labelled",)),
        (("--methods", "fit"), 2, ("needs a head model; give --head MODEL.safetensors",)),
        (("--parts", "labelled"), 2, ("give --labelled FOLDER",)),
        (("--labelled", "faces", "--parts", "rendered"), 2, ("--parts leaves labelled out",)),
        (("--labelled", "faces", "--parts", "labelled"), 2, ("--photographs is given",)),
        (("--detect",), 2, ("--detect is for labelled photographs",)),
        (("--weights", "w"), 2, ("w: weights are for the method map",)),
        (("--head", "faces/a.png"), 2, ("faces/a.png: not a head model",)),
        (("--head", "none"), 2, ("none: no such file",)),
        (("-o", "faces/a.png"), 2, ("'faces/a.png' does not end in .md",)),
        (("--json", "out.md"), 2, ("'out.md' does not end in .json",)),
        (("-o", "no/out.md"), 1, ("no: no such folder; create it first",)),
        (("--count", "0"), 2, ("--count",)),
        (("--seed", "-1"), 2, ("--seed",)),
        (("--first-pixel", "2"), 2, ("--first-pixel",)),
    ],
)
def test_options_that_do_not_fit(stubs, options, code, parts):
    result = accuracy(*options, names=None if "--methods" in options else "mesh")
    assert result.exit_code == code
    assert one_line(result, *parts)
    assert result.stdout == ""


def folder(name, **files):
    Path(name).mkdir()
    for stem, data in files.items():
        Path(name, f"{stem}.mat").write_bytes(data)
        picture(f"{name}/{stem}.jpg", 1)
    return name


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        ({}, ("set: no photograph is in it", "give another folder")),
        ({".a": b""}, ("set: no photograph is in it (2 not taken: 2 hidden)",)),
        ({"a": b"damaged"}, ("a.mat: not a MATLAB file", "replace or remove it")),
    ],
)
def test_labelled_folders_with_nothing_to_measure(stubs, files, parts):
    folder("set", **files)
    options = ("--labelled", "set", "--parts", "labelled", "-o", "out.md", "--json", "out.json")
    result = accuracy(*options, photographs=None)
    assert result.exit_code == 2
    assert one_line(result, *parts)
    assert not Path("out.md").exists()
    assert not Path("out.json").exists()


def test_labels_without_landmarks(stubs):
    folder("set", a=matlab(Pose_Para=np.zeros((1, 7))))
    result = accuracy("--labelled", "set", "--parts", "labelled", photographs=None)
    assert result.exit_code == 2
    assert one_line(result, "set/a.mat: no pt3d_68 in it; give labels of AFLW2000-3D")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nobody", "nobody: is not a folder"),
        ("empty", "empty: no photograph is in it"),
    ],
)
def test_folders_without_photographs(stubs, name, message):
    Path("empty").mkdir()
    result = accuracy(photographs=name)
    assert result.exit_code == 2
    assert one_line(result, message)


def test_no_face_in_any_photograph(stubs):
    Path("faces/a.png").unlink()
    result = accuracy("-o", "out.md")
    assert result.exit_code == 3
    assert one_line(result, "small.png: no face")
    assert not Path("out.md").exists()


def test_missing_weights(monkeypatch):
    monkeypatch.setattr(weights, "SHIPPED", [])
    monkeypatch.setenv("XDG_DATA_HOME", "nowhere")
    result = accuracy()
    assert result.exit_code == 4
    assert one_line(result)
