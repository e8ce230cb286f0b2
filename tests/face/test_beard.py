"""A beard has no gaps."""

from __future__ import annotations

import numpy as np

from facelab.constants import PARTS
from facelab.face.beard import with_whole_beard
from facelab.geometry.parsing import SIDE, Parsing
from facelab.types import Crop
from tests.synthetic import frozen


def parsed(beard):
    shares = np.zeros((SIDE, SIDE, len(PARTS)), np.float32)
    shares[..., PARTS.index("beard")] = beard
    shares[..., PARTS.index("skin")] = 1 - beard
    return Parsing(frozen(shares), Crop((128.0, 128.0), 256.0, 0.0, SIDE))


def test_gaps_are_filled_and_shares_stay_shares():
    beard = np.zeros((SIDE, SIDE), np.float32)
    beard[180:220, 80:120] = beard[180:220, 130:170] = 0.8
    out = with_whole_beard(parsed(beard))
    assert out.share("beard")[190:210, 120:130].min() > 0.9
    assert out.share("beard")[:160].max() < 1e-3
    np.testing.assert_allclose(out.shares.sum(axis=2), 1, atol=1e-6)


def test_a_few_dark_pixels_are_no_beard():
    beard = np.zeros((SIDE, SIDE), np.float32)
    beard[200:210, 100:110] = 1
    parsing = parsed(beard)
    assert with_whole_beard(parsing) is parsing
