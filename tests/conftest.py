"""Fixtures that several files of tests share, and how all tests run.

Two or more processes run them (`-n` in pyproject.toml), so each has one thread; what says that
bytes do not depend on threads sets their number itself.
"""

from __future__ import annotations

import os

# Processes that tests begin would compile every module anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if "PYTEST_XDIST_WORKER" in os.environ:  # before NumPy, torch and OpenCV are loaded
    for _library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

from pathlib import Path

import pytest
from hypothesis import settings

# On a busy machine a slow example is no failure.
settings.register_profile("facelab", deadline=None)
settings.load_profile("facelab")


# What a fixture stands on is loaded by those that ask for it.


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to stand in, with a source and a target of 40 x 36 pixels."""
    from tests.commands import picture

    monkeypatch.chdir(tmp_path)
    picture("source.png", 1)
    picture("target.png", 2)
    return tmp_path


@pytest.fixture
def calls(monkeypatch):
    """Replace the networks and the swap, which inverts the target; list what went through it."""
    from facelab.recipe import runner
    from facelab.recipe.runner import RecipeRunner
    from facelab.reconstruct.networks import Networks
    from tests.commands import FlatFace

    made, whole = [], RecipeRunner.__call__

    def noted(prepared, photograph, name=""):
        made.append((Path(name).name, prepared))
        return whole(prepared, photograph, name)

    monkeypatch.setattr(Networks, "load", lambda _: FlatFace())
    monkeypatch.setattr(RecipeRunner, "__call__", noted)
    monkeypatch.setattr(runner, "swap_face", lambda image, where, *_: (1 - image, where))
    return made


@pytest.fixture
def tiny(monkeypatch):
    """Recipes know these edits and no others."""
    from facelab.recipe import steps
    from tests.tiny import Borrow, Fill, Shift

    monkeypatch.setattr(steps, "EDITS", (Fill, Borrow, Shift))


# --- Networks ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def detector():
    """The detector that comes along."""
    from facelab.detect.blazeface import BlazeFaceDetector

    return BlazeFaceDetector()


# --- PRNet ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """A checkout of PRNet, with UV data made here; tests leave it as it is."""
    from facelab.reconstruct.import_prnet import UV_DATA
    from tests.prnet import write_uv_data

    checkout = tmp_path_factory.mktemp("published") / "PRNet"
    write_uv_data(checkout / UV_DATA)
    return checkout


@pytest.fixture(scope="session")
def imported(published, tmp_path_factory):
    """A folder of what was imported from it."""
    from facelab.reconstruct.import_prnet import import_prnet
    from tests.prnet import read

    folder = tmp_path_factory.mktemp("imported")
    files = import_prnet(published, folder, read)
    assert [file.name for file in files] == ["prn.safetensors", "prn_atlas.safetensors"]
    return folder


@pytest.fixture
def own(imported, monkeypatch):
    """The folder, in which weights are looked for first."""
    monkeypatch.setenv("FACELAB_WEIGHTS", str(imported))
    return imported


@pytest.fixture
def atlas(own):
    """PRNet's, as a hand-made import has it."""
    from facelab.atlas import prnet

    prnet.cache_clear()
    yield prnet()
    prnet.cache_clear()
