"""A swap shows eyes and brows wholly, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.face.whole_features import without_halves
from tests.synthetic import ATLAS, frozen


@pytest.mark.parametrize("name", ["eyes", "brows"])
@pytest.mark.parametrize("size", [128, 256, 512])
def test_a_feature_of_which_too_little_was_seen_is_left_out(name, size):
    feature = ATLAS.region(name, size) * (np.arange(size)[None] < size // 2)
    columns = np.flatnonzero(feature.any(axis=0))
    middle = columns[2 * len(columns) // 3]
    shown = np.ones((size, size), np.float32)
    shown[:, :middle] = 0  # most of the left one
    out = without_halves(frozen(shown), ATLAS)
    assert out[feature > 0.5].max() < 0.1
    assert (out <= shown).all()
    other = ATLAS.region(name, size) * (np.arange(size)[None] >= size // 2)
    if name == "eyes":
        assert out[other > 0.5].min() > 0.95
    else:  # brows are a pair
        assert out[other > 0.5].max() < 0.1


def test_what_is_seen_in_most_stays():
    shown = frozen(np.full((256, 256), 0.9))
    assert without_halves(shown, ATLAS) is shown
