from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import webbrowser
from pathlib import Path

import numpy as np
import pytest

from facelab import weights
from facelab.augment import lock
from facelab.augment.maps import MAPS
from facelab.cli import augment as augment_module
from facelab.cli.augment import augment_command
from facelab.provenance import file_sha256
from facelab.reconstruct.networks import Networks
from tests.children import ROOT
from tests.commands import FlatFace, facelab_, interruptible, nothing_known, one_line, picture
from tests.heads import head_file
from tests.making import content

RECIPE = """\
version: 1
name: turned
seed: 3
output: {format: png}
steps:
  - mirror: {chance: 0.5}
  - noise: {read: {uniform: [0, 0.1]}}
"""
PAINTED = """\
version: 1
inputs: {stars: {picture: paint.png}}
steps:
  - overlay: {reference: stars}
"""


@pytest.fixture(autouse=True)
def stand(here, monkeypatch):
    """A folder with a recipe and the photographs of three people; no networks."""
    monkeypatch.setattr(Networks, "load", lambda _: FlatFace())
    monkeypatch.setattr("facelab.augment.request.load_photograph_classifier", nothing_known)
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    Path("recipe.yaml").write_text(RECIPE)
    Path("faces").mkdir()
    for seed, name in enumerate(("anna", "bert", "cleo")):
        picture(f"faces/{name}.png", seed)


def augment(*arguments, recipe="recipe.yaml", faces="faces", output="out", count=4, workers=1):
    given = () if workers is None else ("--workers", workers)
    return facelab_(
        "augment", "-r", recipe, "-i", faces, "-o", output, "-n", count, *given, *arguments
    )


def card(folder="out"):
    return json.loads(Path(folder, "dataset.json").read_text())


# --- What is made ------------------------------------------------------------------------------


def test_images_with_labels():
    result = augment()
    assert result.exit_code == 0, result.output
    assert "out: 4 samples of 3 photograph(s), 4 of them made now" in result.stderr
    assert sorted(path.name for path in Path("out/images").iterdir()) == [
        f"{index:09d}.png" for index in range(4)
    ]
    assert card()["recipe"]["name"] == "turned"
    assert card()["seed"] == 3
    assert {network["name"] for network in card()["networks"]} >= {"facemap", "blazeface_short"}


def test_options_go_into_the_card():
    options = ("--seed", "9", "--consent", "licensed", "--licence", "CC-BY", "--maps", "depth, uv",
               "--format", "coco")  # fmt: skip
    assert augment(*options).exit_code == 0
    photographs = card()["photographs"]
    assert (photographs["consent"], photographs["licence"]) == ("licensed", "CC-BY")
    assert (card()["seed"], card()["format"], list(card()["maps"])) == (9, "coco", ["depth", "uv"])
    assert Path("out/annotations").is_dir()


def test_no_maps():
    assert augment("--maps", "none").exit_code == 0
    assert not Path("out/maps").exists()


def test_json():
    Path("faces/broken.png").write_text("broken")
    result = augment("--json", "--quiet")
    assert result.exit_code == 0
    assert result.stderr == ""
    told = json.loads(result.stdout)
    assert (told["output"], told["samples"], told["made"], told["photographs"]) == ("out", 4, 4, 3)
    assert sum(told["splits"].values()) == 4
    assert list(told["skipped"]) == ["broken.png"]
    assert json.loads(augment("--json", "--quiet").stdout)["made"] == 0


def test_skipped_photographs_are_told():
    Path("faces/broken.png").write_text("broken")
    picture("faces/small.png", 7, 20, 20)
    result = augment()
    assert result.exit_code == 0
    assert "skipped broken.png: not a JPEG" in result.stderr
    assert "skipped small.png: no face" in result.stderr
    assert set(card()["photographs"]["skipped"]) == {"broken.png", "small.png"}


def test_faces_that_were_found_are_kept(monkeypatch):
    def missing(*_):
        raise AssertionError("the networks are not needed")

    assert augment().exit_code == 0
    assert len(list(Path("cache/facelab/faces").iterdir())) == 3
    monkeypatch.setattr(Networks, "load", missing)
    assert augment(output="again").exit_code == 0
    assert augment("--cache", "elsewhere", output="third").exit_code == 1
    assert content("again") == content("out")


def test_files_of_the_recipe_are_named_without_folders():
    secret = Path("secret")
    picture("secret/paint.png", 8)
    Path("recipe.yaml").write_text(PAINTED.replace("paint.png", f"{secret.resolve()}/paint.png"))
    result = augment()
    assert result.exit_code == 0, result.output
    assert card()["recipe"]["inputs"] == {"stars": {"picture": "paint.png"}}
    for name, data in content("out").items():
        assert str(secret.resolve()).encode() not in data, name


def test_a_changed_file_of_the_recipe_is_another_data_set():
    picture("paint.png", 8)
    Path("recipe.yaml").write_text(PAINTED)
    assert augment().exit_code == 0
    picture("paint.png", 9)
    result = augment()
    assert result.exit_code == 2
    assert one_line(result, "out: holds another data set (inputs differ)")


def test_help_names_every_map():
    (maps,) = (option for option in augment_command.params if option.name == "maps")
    assert maps.help.endswith(f": {', '.join(MAPS)}.")


# --- What is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "parts"),
    [
        (("--scheduler", "tcp://10.0.0.1:8786"), 2, ("--scheduler goes with --engine dask",)),
        (("--engine", "dask", "--scheduler", "x"), 2, ("--workers: the scheduler has its own",)),
        (("--maps", "heat"), 2, ("maps: 'heat' is unknown; use some of depth",)),
        (("--format", "imagenet"), 2, ("--format", "webdataset")),
    ],
)
def test_options_that_do_not_fit(options, code, parts):
    result = augment(*options)
    assert result.exit_code == code
    assert one_line(result, *parts)
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        ({"faces": "nobody"}, 2, ("nobody: is not a folder",)),
        ({"output": "faces/out"}, 2, ("faces/out: the photographs of faces are in the way",)),
        ({"output": "."}, 2, ("the photographs of faces are in the way",)),
        ({"output": "no/such/out"}, 1, ("no/such/out", "cannot be made a folder")),
        ({"output": "odd://out"}, 2, ("odd://out: fsspec cannot open it",)),
        ({"recipe": "none.yaml"}, 2, ("none.yaml",)),
        ({"count": 0}, 2, ("0",)),
    ],
)
def test_arguments_that_do_not_fit(arguments, code, parts):
    result = augment(**arguments)
    assert result.exit_code == code
    assert one_line(result, *parts)


def test_an_impossible_range():
    Path("recipe.yaml").write_text(RECIPE.replace("[0, 0.1]", "[0.3, 0.1]"))
    result = augment()
    assert result.exit_code == 2
    assert one_line(result, "recipe.yaml:7: step 2 (noise): read: uniform: 0.3 is above 0.1")
    assert not Path("out").exists()


def test_no_face_in_any_photograph():
    for path in Path("faces").iterdir():
        path.unlink()
    picture("faces/small.png", 7, 20, 20)
    result = augment()
    assert result.exit_code == 3
    assert one_line(result, "faces: none of 1 photograph(s) can be used (small.png: no face")


def test_another_data_set_is_refused():
    assert augment().exit_code == 0
    before = content("out")
    result = augment("--seed", "4", "--consent", "self")
    assert result.exit_code == 2
    assert one_line(result, "out: holds another data set (seed, consent differ)")
    assert content("out") == before


def test_missing_weights(monkeypatch):
    monkeypatch.setattr(weights, "SHIPPED", [])
    monkeypatch.setenv("XDG_DATA_HOME", "nowhere")
    assert augment().exit_code == 4


# --- Stopped, and what is shown ----------------------------------------------------------------


def test_interrupted_processes():
    """Ctrl-C in a terminal reaches the whole process group."""
    assert (
        augment("--maps", "none", output="whole", count=12).exit_code == 0
    )  # fills the cache, too
    command = [sys.executable, str(ROOT / "cli.py"), "augment", "-r", "recipe.yaml", "-i", "faces",
               "-o", "out", "-n", "12", "--maps", "none", "--workers", "2"]  # fmt: skip
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=interruptible,
    ) as process:
        while process.poll() is None and not list(Path("out").glob("labels/*.json")):
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1].startswith("facelab: interrupted; finished files are complete")
    assert not list(Path("out").rglob("*.part"))
    assert 0 < len(list(Path("out").glob("labels/*.json"))) < 12
    assert augment("--maps", "none", count=12).exit_code == 0
    assert content("out") == content("whole")


def test_networks_have_caches_of_their_own():
    assert augment().exit_code == 0
    assert augment("--runtime", "torch", output="other").exit_code == 0
    assert len(list(Path("cache/facelab/faces").iterdir())) == 6


def test_another_version_looks_for_itself(monkeypatch):
    assert augment().exit_code == 0
    monkeypatch.setattr("facelab.__version__", "99")
    assert augment(output="other").exit_code == 0
    assert len(list(Path("cache/facelab/faces").iterdir())) == 6


def test_workers_may_stand_in_another_folder(here, monkeypatch):
    jobs = []
    monkeypatch.setattr("facelab.augment.run.run", lambda job, *_: jobs.append(job))
    monkeypatch.setattr(augment_module, "_tell", lambda *_: None)
    picture("paint.png", 8)
    Path("recipe.yaml").write_text(PAINTED)
    assert augment("--cache", "kept").exit_code == 0
    (job,) = jobs
    sources, template = (
        job.generator_of.keywords["portraits"],
        job.generator_of.keywords["template"],
    )
    assert sources.cache == here / "kept"
    assert template.inputs["stars"].file == here / "paint.png"
    assert job.store.root == str(here / "out")


def test_with_a_head_profiles_have_other_shapes(here, monkeypatch):
    """They cannot without; what was found with a head is kept apart from what was found without."""
    everybody = lambda image: np.ones(image.shape[:2], np.float32)  # noqa: E731
    monkeypatch.setattr("facelab.augment.request.load_segmenter", lambda *_: everybody)
    head_file(here / "head.safetensors")
    recipe = "version: 1\nsteps:\n  - profile: {yaw: 30, identity: 1.0, expression: 1.0}\n"
    Path("recipe.yaml").write_text(recipe)
    assert one_line(augment(output="without"), "need a head model; give --head")
    assert augment("--head", "head.safetensors").exit_code == 0
    plan = json.loads(Path("out", lock.NAME).read_text())
    assert plan["head"] == file_sha256(here / "head.safetensors")
    Path("recipe.yaml").write_text(recipe.replace("identity: 1.0, ", ""))
    assert augment("--head", "head.safetensors", output="other").exit_code == 0
    first, second = (min(Path(name, "images").iterdir()) for name in ("out", "other"))
    assert first.read_bytes() != second.read_bytes()


def test_a_head_that_is_none_is_said_before_anything_is_made(here):
    (here / "bad.safetensors").write_bytes(b"?")
    assert one_line(augment("--head", "bad.safetensors"), "bad.safetensors: not a head model")
    assert one_line(augment("--head", "bad.safetensors", "--backend", "prn"), "not prn")


def test_the_plan_says_which_networks():
    assert augment().exit_code == 0
    plan = json.loads(Path("out", lock.NAME).read_text())
    for name in ("facemap", "multiclass"):  # the face, and what is around it
        assert plan["networks"]["weights"][name] == weights.entry_of(name).sha256


# --- What is looked at -------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch):
    """The pages that were opened in a browser."""
    pages = []
    monkeypatch.setattr(webbrowser, "open", pages.append)
    monkeypatch.setenv("DISPLAY", ":0")
    return pages


def test_a_review_opens_in_the_browser(opened):
    augment()
    result = facelab_("augment", "--review", "out")
    page = Path("out/review.html").resolve()
    assert result.exit_code == 0
    assert result.stdout == f"{page}\n"
    assert opened == [page.as_uri()]
    assert "nobody has looked at it yet" in result.stderr


def test_without_a_browser_the_path_is_told(opened, monkeypatch):
    augment()
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    result = facelab_("augment", "--review", "out")
    assert result.stdout.strip() == str(Path("out/review.html").resolve())
    assert opened == []


def test_a_review_tells_what_was_thrown_away_and_drawn_again(opened):
    bounds = RECIPE.replace("steps:", "refuse: {small: 1000}\nsteps:")
    Path("recipe.yaml").write_text(bounds)
    augment()
    said = [{"index": k, "yaw": 30.0 * k, "reason": "hair" if k else None} for k in range(3)]
    Path("out/review.json").write_text(json.dumps(said))
    result = facelab_("augment", "--review", "out")
    assert result.stderr.splitlines() == [
        "4 of 4 drawn again: small (20)",
        "|yaw| 0-20: 0 of 1 thrown away",
        "|yaw| 20-40: 1 of 1 thrown away: hair (1)",
        "|yaw| 60-90: 1 of 1 thrown away: hair (1)",
        "|yaw| all: 2 of 3 thrown away: hair (2)",
    ]
    assert "Looked through" in Path("out/report.html").read_text("utf-8")
    assert card()["redrawn"] == {"samples": 4, "reasons": {"small": 20}}
    assert augment().exit_code == 0  # it is the same data set still


def test_a_review_of_nothing_is_a_usage_error(opened):
    result = facelab_("augment", "--review", "nowhere")
    assert (result.exit_code, opened) == (2, [])
    assert one_line(result)
    assert "nowhere: there is no dataset.json; make the data set" in result.stderr
