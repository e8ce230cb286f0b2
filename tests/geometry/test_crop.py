from __future__ import annotations

import numpy as np
import pytest

from facelab.geometry.crop import cut
from facelab.numerics.integers import from_integers
from facelab.types import Crop


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("side", [30.0, 63.7, 150.0, 400.0])
@pytest.mark.parametrize("centre", [(90.3, 70.8), (5.0, 130.0), (300.0, -20.0)])
@pytest.mark.parametrize("roll", [0.0, 40.0])
def test_crops_of_integers_are_those_of_floats(kind, side, centre, roll):
    values = np.random.default_rng(2).integers(0, np.iinfo(kind).max + 1, (140, 200, 3), kind)
    crop = Crop(centre, side, roll, 64)
    found = cut(values, crop)
    assert found.dtype == np.float32 and found.shape == (64, 64, 3)
    np.testing.assert_allclose(found, cut(from_integers(values), crop), atol=1e-4)
