"""Imports run downward, torch stays in one room, and only the command line prints or exits."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import facelab

PACKAGE = Path(facelab.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

# A module imports from lower lines only; a package's own modules import each other freely.
LAYERS = """
    _version lazy recent errors constants plugins
    recipe_files
    files
    numerics
    weights
    atlas
    types
    images geometry
    provenance models
    detect
    reconstruct
    video
    face
    edits
    heads
    export
    model
    recipe
    augment
    train
    benchmark
    verification page
    cli
    __main__
"""
# Rooms and modules below that a room may not know all the same.
FORBIDDEN = {
    "edits": {"numerics.raster", "numerics.poisson", "face.blend", "images", "models", "detect",
              "reconstruct"},
}  # fmt: skip
LAYER = {
    name: depth for depth, line in enumerate(LAYERS.strip().splitlines()) for name in line.split()
}

# What does not give the same bytes for any number of threads, and the one file that may call it.
UNSTEADY = {
    "np.dot": "", "np.vdot": "", "np.inner": "", "np.matmul": "", "np.tensordot": "",
    "np.convolve": "", "np.correlate": "", "np.linalg.lstsq": "edits/relight.py",
    "cv2.distanceTransform": "numerics/distance.py",
    "torch.set_num_threads": "models/torch_runtime.py",
}  # fmt: skip

TORCH = ("models", "reconstruct", "train")

PRINTS_AND_EXITS = {"print", "click.echo", "sys.exit", "exit", "quit"}


def room(path):
    """The module or package directly below facelab that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(tree):
    """The dotted names of everything that a syntax tree imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules_imported(tree):
    """Room and, where that is told, module of facelab that a syntax tree imports from."""
    parts = [name.split(".") for name in imported(tree)]
    return {".".join(name[1:3]) for name in parts if name[0] == "facelab" and len(name) > 1}


def offences(tree, own):
    """What a file of the room `own` may not do."""
    for module in modules_imported(tree):
        other = module.split(".")[0]
        upward = other != own and LAYER[other] >= LAYER[own]
        if upward or {other, module} & FORBIDDEN.get(own, set()):
            yield f"{own} imports {module}"
    if own not in TORCH and any(name.split(".")[0] == "torch" for name in imported(tree)):
        yield f"torch is imported outside {TORCH}"
    if own != "cli":
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in PRINTS_AND_EXITS:
                yield f"line {node.lineno} calls {ast.unparse(node.func)}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_file_keeps_the_architecture(path):
    if path == PACKAGE / "__init__.py":
        return  # gives the public names, from any layer
    assert list(offences(ast.parse(path.read_text(encoding="utf-8")), room(path))) == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_unsteady_is_called(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    name = path.relative_to(PACKAGE).as_posix()
    assert {call for call in called & UNSTEADY.keys() if UNSTEADY[call] != name} <= set()


@pytest.mark.parametrize(
    ("own", "code", "offence"),
    [
        ("images", "from facelab.geometry.pose import estimate", "images imports geometry.pose"),
        ("images", "from facelab import geometry", "images imports geometry"),
        ("edits", "def f():\n    import facelab.recipe", "edits imports recipe"),
        ("edits", "from facelab.images import read", "edits imports images"),
        ("edits", "from facelab.numerics import raster", "edits imports numerics.raster"),
        ("edits", "from facelab.face.blend import alpha", "edits imports face.blend"),
        ("face", "from torch import nn", "torch"),
        ("images", "print(1)", "line 1 calls print"),
        ("face", "import sys\nsys.exit(1)", "line 2 calls sys.exit"),
    ],
)
def test_an_offence_is_seen(own, code, offence):
    assert any(offence in found for found in offences(ast.parse(code), own))


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ("geometry", "from facelab.numerics import raster\nfrom facelab.types import Box"),
        ("reconstruct", "import torch\nfrom facelab.geometry.crop import cut"),
        ("cli", "import sys\nimport facelab\nprint(facelab.__version__)\nsys.exit(0)"),
    ],
)
def test_what_is_allowed_is_no_offence(own, code):
    assert list(offences(ast.parse(code), own)) == []


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("facelab.cli", {"numpy", "cv2", "torch"}),
        ("facelab.recipe.runner", {"torch", "onnxruntime", "scipy"}),
        ("facelab.augment.generate", {"torch", "onnxruntime"}),
    ],
)
def test_loads_lazily(module, absent):
    code = f"import sys, {module}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not absent & set(run.stdout.split())


def test_a_swap_loads_what_it_needs_and_no_more(tmp_path):
    """Torch alone takes longer to load than the whole of it takes."""
    samples = PACKAGE.parent / "samples"
    code = (
        "import sys; from facelab.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "print(*sys.modules)"
    )
    command = ["swap", "--quiet", "-s", samples / "astronaut.png", "-t", samples / "mona-lisa.jpg",
               "-o", tmp_path / "out.png"]  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    assert {"onnxruntime", "facelab.models.graph"} <= loaded
    assert not loaded & {
        *("torch", "scipy", "onnx", "insightface", "skimage", "jinja2", "fsspec"),
        *("filelock", "requests", "tqdm", "multiprocessing", "urllib.request", "unittest"),
        *("facelab.train", "facelab.augment.run"),
    }


def test_public_names_exist_and_are_sorted():
    names = getattr(facelab, "__all__", [])
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(hasattr(facelab, name) for name in names)


def test_the_page_names_what_is_there():
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`(facelab/[\w/]+\.py)`((?:,? `\w+`)*)", page)
    assert len(named) > 10
    for file, names in named:
        tree = ast.parse((PACKAGE.parent / file).read_text(encoding="utf-8"))
        defined = {
            node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        assert set(re.findall(r"`(\w+)`", names)) <= defined, file
    rooms = set(re.findall(r"`(\w+)`", page.partition("## The rooms")[2]))
    told = {room(path) for path in SOURCES if path.parent != PACKAGE}
    assert told <= rooms
