"""The documents' Python runs as it is printed, block after block."""

from __future__ import annotations

import re

import numpy as np
import pytest

import facelab
from tests.front_door import ROOT, lay_out, networks_once

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILES = ("README.md", "docs/python.md", "docs/onnx.md")


def blocks(name):
    """The Python of a document."""
    return BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))


def executed(name):
    """The names that a document's blocks leave behind."""
    scope = {"__name__": "document"}
    for number, block in enumerate(blocks(name), 1):
        exec(compile(block, f"{name}, block {number}", "exec"), scope)
    return scope


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, in which the samples are."""
    monkeypatch.chdir(lay_out(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    networks_once(monkeypatch)
    return tmp_path


def lines_after(name, heading):
    """The lines of code of the first block below some words."""
    text = (ROOT / name).read_text(encoding="utf-8")
    block = BLOCK.search(text, text.index(heading))
    return [line for line in block[1].splitlines() if line.strip()]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of later versions of Python
def test_the_tour_of_python(folder, capsys):
    scope = executed("docs/python.md")
    assert repr(scope["faces"][0]) in (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert scope["landmarks"].shape == (68, 3)
    assert scope["texture"].size == 1024
    assert {path.name for path in (folder / "swaps").glob("*.png")} == {"astronaut.png"}
    assert tuple(scope["batch"].shape) == (4, 3, 256, 256)
    assert tuple(scope["points"].shape) == (4, 68, 3)
    assert scope["loss"].item() < 1
    assert list((folder / "renders").glob("*.render.npz"))
    assert scope["count"] == len(scope["data"]) == 48
    assert b"DigitalSourceType" not in (folder / "same.jpg").read_bytes()
    assert b"DigitalSourceType" in (folder / "darker.jpg").read_bytes()
    printed = capsys.readouterr().out
    assert "look like 0 to 255: divide by 255, or give uint8" in printed
    assert printed.endswith("True\n")
    assert scope["image"].shape == (256, 256, 3)


def test_tasks_are_as_short_as_promised():
    assert len(lines_after("docs/python.md", "in three lines")) == 3
    assert len(lines_after("docs/python.md", "A folder of swaps, in ten lines")) <= 10
    assert len(lines_after("docs/python.md", "here in ten lines")) <= 10
    assert len(lines_after("docs/python.md", "A training script in 30 lines")) <= 30


def test_networks_in_onnx_runtime(folder):
    pytest.importorskip("onnxruntime")
    scope = executed("docs/onnx.md")
    assert "onnxruntime" in repr(scope["model"])
    own = facelab.load_model()("samples/mona-lisa.jpg")[0]
    assert np.abs(own.points468 - scope["face"].points468).max() < 0.05
    seen, known = scope["depth"], own.points468[:, 2]
    assert np.corrcoef(seen, known)[0, 1] > 0.98


def test_the_readme(folder):
    scope = executed("README.md")
    assert len([line for block in blocks("README.md") for line in block.splitlines()]) <= 12
    assert (folder / "out.jpg.json").is_file()
    assert isinstance(scope["faces"][0], facelab.model.FaceObservation)
