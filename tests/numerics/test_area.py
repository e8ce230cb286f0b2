from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.numerics import area
from facelab.numerics.area import by_area
from facelab.numerics.integers import from_integers


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(50, 30), (75, 44), (149, 97), (150, 98), (150, 40), (4, 200)])
def test_frames_of_integers_are_reduced_as_those_of_floats_are(monkeypatch, kind, size):
    monkeypatch.setattr(area, "_STRIP", 1000)
    values = np.random.default_rng(1).integers(0, np.iinfo(kind).max + 1, (98, 150, 3), kind)
    whole = cv2.resize(from_integers(values), size, interpolation=cv2.INTER_AREA)
    found = by_area(values, size)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, whole, atol=1e-5)
    np.testing.assert_array_equal(by_area(from_integers(values), size), whole)
