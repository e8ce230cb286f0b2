"""What the file says of the light that reaches heads, beside what is worked out anew."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from facelab.heads.family import HeadFamily
from facelab.heads.openness import MOUTH, mouth_openness, openness

ROOT = Path(__file__).parents[2]
STEP = 2e-4  # of float16, below 1/2


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    yield importlib.import_module("build_openness")
    sys.modules.pop("build_openness")


@pytest.mark.parametrize("worn", [("", ""), ("hair-long01", "hat-fedora")])
def test_table_is_what_is_worked_out(script, worn):
    known = openness(*worn)
    together = np.concatenate([known.skin, *known.eyes, known.hair])
    np.testing.assert_allclose(together, script.head_openness(*worn), atol=STEP)


def test_mouth_is_what_is_worked_out(script):
    known = mouth_openness()
    together = np.concatenate([known[name] for name in MOUTH])
    np.testing.assert_allclose(together, script.mouth_openness(), atol=STEP)


def test_every_hair_style_and_hat_has_a_table(script):
    family = HeadFamily.load()
    for style in script.names("hair"):
        for hat in script.names("hat"):
            known = openness(style, hat)
            hair = len(family.parts[style].corners) if style else 0
            assert (len(known.skin), len(known.hair)) == (len(family.base), hair)


def test_hair_and_hats_take_light_away():
    bare, covered = openness("", ""), openness("hair-long01", "hat-fedora")
    assert covered.skin[:, 0].mean() < 0.9 * bare.skin[:, 0].mean()
