"""Dark photographs are brought to light and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.face.exposure import brought_out, exposed, exposure
from facelab.face.skin import SIZE, Skin
from facelab.types import Texture
from tests.synthetic import frozen


def skin(level):
    tone = np.broadcast_to(np.float32((1.2, 0.95, 0.8)) * level, (SIZE, SIZE, 3))
    ones = np.ones((SIZE, SIZE), np.float32)
    return Skin(frozen(np.ascontiguousarray(tone)), frozen(ones), frozen(ones))


@pytest.mark.parametrize("level", [0.3, 0.5, 0.8])
def test_skin_in_plain_light_stays(level):
    colour = np.random.default_rng(1).random((8, 8, 3), np.float32)
    assert exposure(skin(level)) == 1
    assert exposed(colour, 1) is colour
    texture = Texture(colour, frozen(np.ones((8, 8))))
    assert brought_out(texture, 1) is texture
    np.testing.assert_array_equal(brought_out(texture, 2).colour, exposed(colour, 2))


@pytest.mark.parametrize("level", [0.05, 0.1, 0.2])
def test_dark_skin_is_brought_to_that_of_plain_light(level):
    dark = skin(level)
    light = Skin(exposed(dark.tone, exposure(dark)), dark.likelihood, dark.seen)
    assert exposure(dark) > 1
    assert exposure(light) == pytest.approx(1, abs=1e-3)


@given(st.floats(1.01, 30))
def test_there_and_back_is_the_same(factor):
    colour = np.linspace(0, exposed(np.ones((1, 3), np.float32), 1 / factor).max(), 50)
    colour = np.repeat(colour[:, None], 3, axis=1).astype(np.float32)
    np.testing.assert_allclose(exposed(exposed(colour, factor), 1 / factor), colour, atol=1e-5)
    assert (np.diff(exposed(colour, factor), axis=0) >= 0).all()
