"""Every recipe that ships runs on a sample, says what it is for, and repeats itself."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from facelab.images import read
from facelab.recipe import read_recipe
from facelab.reconstruct.networks import Networks
from tests.children import ROOT
from tests.commands import facelab_

FOLDER = ROOT / "recipes"
RECIPES = sorted(FOLDER.glob("*.yaml"))

loaded = cache(Networks.load)


@pytest.fixture(autouse=True)
def networks_once(monkeypatch):
    monkeypatch.setattr(Networks, "load", loaded)


def test_there_are_as_many_as_were_promised():
    assert len(RECIPES) >= 10
    assert {picture.name for picture in FOLDER.glob("*.png")} == {"domino.png", "star.png"}


def sample(path):
    """A photograph for a recipe: not the one that it takes a face from."""
    astronaut = "astronaut" not in path.read_text(encoding="utf-8")
    return ROOT / "samples" / ("astronaut.png" if astronaut else "mona-lisa.jpg")


def run(path, output):
    """Run a recipe; return its picture and its record."""
    result = facelab_("edit", sample(path), "-r", path, "-o", output)
    assert result.exit_code == 0, result.output
    return output.read_bytes(), json.loads(Path(f"{output}.json").read_text())


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The picture that each recipe makes, made once."""
    folder = tmp_path_factory.mktemp("outputs")
    return cache(lambda path: (output := folder / f"{path.stem}.png", *run(path, output)))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipe(path, outputs):
    assert path.read_text(encoding="utf-8").startswith("# ")
    assert read_recipe(path).name
    output, _, record = outputs(path)
    assert record["recipe"]["recipe"]["name"] == read_recipe(path).name
    before = read(sample(path)).pixels
    difference = np.abs(read(output).pixels - before).max(axis=2)
    assert (difference > 2 / 255).any()
    assert not difference[len(difference) * 3 // 4 :].any()  # far below the face


@pytest.mark.parametrize("name", ["age-hints", "friendlier", "partial-swap"])
def test_the_same_recipe_gives_the_same_bytes(name, outputs, tmp_path):
    path = FOLDER / f"{name}.yaml"
    (_, *first), second = outputs(path), run(path, tmp_path / "again.png")
    assert first[0] == second[0]
    assert first[1]["output"]["sha256"] == second[1]["output"]["sha256"]


def test_pictures_are_those_that_the_script_draws(tmp_path):
    command = [sys.executable, ROOT / "scripts" / "make_paint.py", tmp_path]
    subprocess.run(command, check=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    for made in tmp_path.iterdir():
        np.testing.assert_allclose(
            read(made).pixels, read(FOLDER / made.name).pixels, atol=1.01 / 255
        )
