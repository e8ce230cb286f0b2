"""The same bytes for any threads, cores, workers and batches, by command and library alike."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from facelab.images import decoded, encoded, read
from facelab.recipe import read_recipe
from facelab.reconstruct import load_reconstructor
from tests.children import ONE_CORE, ROOT, TORCH_BEFORE, output
from tests.test_cli import facelab_

SAMPLES = ROOT / "samples"
JAMES, MONA = SAMPLES / "james-left.jpg", SAMPLES / "mona-lisa.jpg"

MUCH = """
version: 1
name: much
steps:
  - blemish: {strength: 1}
  - foundation: {strength: 0.7}
  - relight: {azimuth: 40, elevation: 30, strength: 0.8}
  - eyeshadow: {strength: 1}
  - lipstick: {strength: 1}
  - wrinkles: {strength: 0.6}
  - freckles: {strength: 0.8}
  - cover: {item: glasses}
  - reshape: {smile: 0.5, slim: 0.4}
  - turn: {yaw: 6}
"""

HASHED = """
import hashlib, json, os, sys
from pathlib import Path
from facelab.cli import main

folder = Path(sys.argv[1])

def facelab(*arguments):
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as end:
        assert not end.code, (arguments, end.code)

def tell():
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    hashes = {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    print(json.dumps(hashes))

AUGMENT = ["augment", "--quiet", "-i", "samples", "-n", 4, "--maps", "all",
           "-r", "recipes/augment/wide.yaml"]
"""

PICTURES = """
james, mona, crew = "samples/james-left.jpg", "samples/mona-lisa.jpg", "samples/astronaut.png"
facelab("swap", "--quiet", "-s", james, "-s", "samples/james-right.jpg", "-t", mona,
        "-o", folder / "swap.png")
facelab("swap", "--quiet", "-s", mona, "-t", crew, "--blend", "mixed", "--runtime", "onnx",
        "-o", folder / "swap.jpg")
facelab("edit", "--quiet", mona, "-r", sys.argv[2], "-o", folder / "edit.jpg")
facelab("reconstruct", "--quiet", crew, james, "--write", "all", "-o", folder / "faces")
facelab("reconstruct", "--quiet", mona, "--backend", "mesh", "--write", "npz",
        "-o", folder / "mesh")
tell()
"""

SETS = """
facelab(*AUGMENT, "--workers", sys.argv[2], "--cache", folder / "cache", "-o", folder / "set")
facelab("train", "samples", "--quiet", "--steps", 2, "--batch", 12, "--scenes", 1, "--turns", 2,
        "--workers", int(sys.argv[2]) - 1, "-o", folder / "network")
tell()
"""

WITHOUT_NANNY = """
from distributed import LocalCluster
with LocalCluster(2, processes=False, threads_per_worker=1, dashboard_address=None) as cluster:
    facelab(*AUGMENT, "--cache", folder / "cache", "-o", folder / "set",
            "--engine", "dask", "--scheduler", cluster.scheduler_address)
tell()
"""


def hashes(folder, code, *arguments, before="", threads="1"):
    """The sha256 of every file that commands write in a process of their own."""
    folder.mkdir()
    environment = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    printed = output(before + HASHED + code, folder, *arguments, **environment)
    return json.loads(printed.splitlines()[-1])


@pytest.fixture(scope="module")
def much(tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "much.yaml"
    path.write_text(MUCH)
    return path


@pytest.fixture(scope="module")
def pictures(much, tmp_path_factory):
    return hashes(tmp_path_factory.mktemp("pictures") / "alone", PICTURES, much)


@pytest.mark.parametrize(
    ("before", "threads"),
    [("", "2"), (ONE_CORE, "3"), (TORCH_BEFORE, "5")],
    ids=["two threads", "one core", "torch before"],
)
def test_pictures_do_not_depend_on_threads(pictures, much, tmp_path, before, threads):
    assert len(pictures) > 30
    assert hashes(tmp_path / "other", PICTURES, much, before=before, threads=threads) == pictures


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    return hashes(tmp_path_factory.mktemp("sets") / "alone", SETS, 1)


@pytest.mark.parametrize(
    ("before", "threads", "workers"),
    [(TORCH_BEFORE, "2", 2), (ONE_CORE, "2", 3)],
    ids=["two workers", "three workers on one core"],
)
def test_sets_and_networks_do_not_depend_on_workers(sets, tmp_path, before, threads, workers):
    assert "network/facemap.safetensors" in sets
    found = hashes(tmp_path / "other", SETS, workers, before=before, threads=threads)
    assert found == sets


def test_a_set_does_not_depend_on_who_makes_it(sets, tmp_path):
    found = hashes(tmp_path / "other", WITHOUT_NANNY, threads="2")
    assert found == {name: sets[name] for name in sets if not name.startswith("network")}


def test_the_library_does_what_the_command_does(much, tmp_path):
    result = facelab_("edit", MONA, "-r", much, "-o", tmp_path / "out.png")
    assert result.exit_code == 0, result.output
    done = read_recipe(much)(read(MONA).pixels)
    written = decoded("out.png", encoded("out.png", done.image))
    np.testing.assert_array_equal(read(tmp_path / "out.png").pixels, written.pixels)


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
@pytest.mark.parametrize("backend", ["map", "mesh"])
def test_a_face_does_not_depend_on_those_beside_it(backend, runtime):
    reconstructor = load_reconstructor(backend=backend, runtime=runtime)
    images = [read(path).pixels for path in (MONA, JAMES, MONA, SAMPLES / "astronaut.png")]
    alone = [values(reconstructor(image)) for image in images]
    assert list(map(values, reconstructor.batch(images))) == alone
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda image: values(reconstructor(image)), images)) == alone


def values(faces):
    return [(face.score, face.positions.values.tobytes()) for face in faces]
