from __future__ import annotations

import numpy as np
import pytest

from facelab.face.occlusion import occlusion
from facelab.face.skin import learn
from tests.synthetic import ATLAS, DARK, painted, patch, texture

SIZES = pytest.mark.parametrize("size", [256, 300, 512])


def hidden(view):
    return occlusion(view, learn(view, ATLAS), ATLAS)


@SIZES
def test_bare_skin_is_not_occluded(size):
    mask = hidden(texture(size))
    assert mask.shape == (size, size)
    assert mask.dtype == np.float32
    assert mask.max() < 1e-3


@pytest.mark.parametrize("size", [256, 700])
@pytest.mark.parametrize(
    "where",
    [((0, 0.2), (0, 1)), ((0.3, 0.45), (0, 0.12)), ((0.3, 0.45), (0.88, 1))],
    ids=["forehead", "right temple", "left temple"],
)
def test_hair_is_found_to_its_edge(size, where):
    hair = patch(size, *where)
    mask = hidden(painted(texture(size), hair, DARK))
    face = ATLAS.region("face", size) == 1
    core = patch(size, *[(a - 0.02, b - 0.03) if a == 0 else (a + 0.03, b - 0.03) if b < 1
                         else (a + 0.03, b + 0.02) for a, b in where])  # fmt: skip
    assert mask[core & face].mean() > 0.9
    clear = patch(size, (0.5, 0.95), (0.25, 0.75))
    assert mask[clear].max() < 0.02
    assert 0 <= mask.min() <= mask.max() <= 1


def test_beard_and_features_are_no_occlusion():
    view = texture()
    for name in ("brows", "lips"):
        view = painted(view, ATLAS.region(name, 256) > 0.5, DARK)
    view = painted(view, patch(256, (0.7, 0.76), (0.4, 0.6)), DARK)
    mask = hidden(view)
    assert mask[patch(256, (0.3, 0.84), (0.25, 0.75))].max() < 0.1
