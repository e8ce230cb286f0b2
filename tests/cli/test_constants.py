from __future__ import annotations

import ast
from pathlib import Path

import pytest

from facelab import constants
from facelab.face.blend import METHODS
from facelab.images import output_format
from facelab.reconstruct.networks import Networks


def test_constants_import_nothing():
    tree = ast.parse(Path(constants.__file__).read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [node.module for node in imports] == ["__future__"]


def test_every_name_stands_for_something():
    assert tuple(METHODS) == constants.BLEND
    assert set(constants.FACES) == {*constants.ONE_FACE, "all"}
    for suffix in constants.FORMATS:
        output_format(Path(f"out.{suffix}"))


@pytest.mark.parametrize(("backend", "weights"), [("map", "facemap"), ("mesh", "facemesh")])
def test_the_backends_have_their_weights(backend, weights):
    assert backend in constants.BACKENDS
    assert weights in Networks("blazeface", backend).weights
