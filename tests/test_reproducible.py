"""The same bytes for any threads, cores, workers and batches, by command and library alike."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from facelab.images import Image, decoded, encoded, read, write
from facelab.recipe import read_recipe
from facelab.reconstruct import load_reconstructor
from tests.children import ONE_CORE, ROOT, TORCH_BEFORE, output
from tests.commands import facelab_
from tests.synthetic import astronaut, halved, mona_lisa

SAMPLES = ROOT / "samples"
MONA = SAMPLES / "mona-lisa.jpg"

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

photographs = Path(sys.argv[2])
AUGMENT = ["augment", "--quiet", "-i", photographs, "-n", 4, "--maps", "all",
           "-r", "recipes/augment/wide.yaml"]
"""

PICTURES = """
james, right, mona, crew = (
    photographs / f"{name}.png" for name in ("james-left", "james-right", "mona-lisa", "astronaut")
)
facelab("swap", "--quiet", "-s", james, "-s", right, "-t", mona, "-o", folder / "swap.png")
facelab("swap", "--quiet", "-s", mona, "-t", crew, "--blend", "mixed", "--runtime", "onnx",
        "-o", folder / "swap.jpg")
facelab("edit", "--quiet", mona, "-r", sys.argv[3], "-o", folder / "edit.jpg")
facelab("reconstruct", "--quiet", crew, james, "--write", "all", "-o", folder / "faces")
facelab("reconstruct", "--quiet", mona, "--backend", "mesh", "--write", "npz",
        "-o", folder / "mesh")
tell()
"""

SETS = """
facelab(*AUGMENT, "--workers", sys.argv[3], "--cache", folder / "cache", "-o", folder / "set")
facelab("train", photographs, "--quiet", "--steps", 2, "--batch", 12, "--scenes", 1, "--turns", 2,
        "--workers", int(sys.argv[3]) - 1, "-o", folder / "network")
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
def photographs(tmp_path_factory):
    """A folder of the samples, half as large."""
    folder = tmp_path_factory.mktemp("photographs")
    for path in sorted(SAMPLES.iterdir()):
        if path.suffix in (".jpg", ".png"):
            write(folder / f"{path.stem}.png", Image(halved(path.name)))
    return folder


@pytest.fixture(scope="module")
def pictures(photographs, much, tmp_path_factory):
    """On one core, with one thread."""
    arguments = (tmp_path_factory.mktemp("pictures") / "one", PICTURES, photographs, much)
    return hashes(*arguments, before=ONE_CORE)


def test_pictures_do_not_depend_on_threads(pictures, photographs, much, tmp_path):
    """Nor on cores, nor on torch, which was there before."""
    assert len(pictures) > 30
    arguments = (tmp_path / "other", PICTURES, photographs, much)
    assert hashes(*arguments, before=TORCH_BEFORE, threads="5") == pictures


@pytest.fixture(scope="module")
def two(photographs, tmp_path_factory):
    """A folder of two of them."""
    folder = tmp_path_factory.mktemp("two")
    for name in ("astronaut.png", "mona-lisa.png"):
        shutil.copy(photographs / name, folder)
    return folder


def test_sets_and_networks_do_not_depend_on_who_makes_them(two, tmp_path):
    """One process on one core, processes with threads, and Dask's workers in one process."""
    made = hashes(tmp_path / "one", SETS, two, 1, before=ONE_CORE)
    assert "network/facemap.safetensors" in made
    assert hashes(tmp_path / "two", SETS, two, 2, before=TORCH_BEFORE, threads="3") == made
    found = hashes(tmp_path / "dask", WITHOUT_NANNY, two, threads="2")
    assert found == {name: made[name] for name in made if not name.startswith("network")}


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
    images = [mona_lisa(), astronaut(), mona_lisa()]
    alone = [values(reconstructor(image)) for image in images]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda image: values(reconstructor(image)), images)) == alone


def values(faces):
    return [(face.score, face.positions.values.tobytes()) for face in faces]
