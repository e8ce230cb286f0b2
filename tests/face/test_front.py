"""What stays in front of a face, at the photograph's own edges."""

from __future__ import annotations

import numpy as np

from facelab.constants import PARTS
from facelab.face.front import Front
from facelab.geometry.parsing import SIDE, Parsing
from facelab.types import Crop
from tests.synthetic import frozen, plain

WINDOW = slice(40, 200), slice(30, 220)


def parsed(columns):
    """Hair in the columns of a crop that is the photograph, skin beside it."""
    shares = np.zeros((SIDE, SIDE, len(PARTS)), np.float32)
    shares[..., PARTS.index("skin")] = 1
    shares[:, columns, PARTS.index("skin")] = 0
    shares[:, columns, PARTS.index("hair")] = 1
    return Parsing(frozen(shares), Crop((127.5, 127.5), 256.0, 0.0, SIDE))


def test_what_may_not_be_painted_stays():
    front = Front(parsed(slice(100, 256)), ("skin",))
    out = front.over(plain((256, 256)), WINDOW, None)
    assert out.shape == (160, 190)
    assert out[:, : 95 - 30].max() < 0.01
    assert out[:, 105 - 30 :].min() > 0.99
    assert (
        Front(parsed(slice(100, 256)), ("skin", "hair")).over(plain((256, 256)), WINDOW, None).max()
        < 0.01
    )


def test_the_edge_is_the_photographs():
    image = np.full((256, 256, 3), 0.7, np.float32)
    image[:, 101:] = 0.1  # the parsing is a pixel off
    out = Front(parsed(slice(100, 256)), ("skin",)).over(frozen(image), WINDOW, None)
    rough = Front(parsed(slice(100, 256)), ("skin",)).over(plain((256, 256)), WINDOW, None)
    assert np.diff(out[80])[70] > 2 * np.diff(rough[80])[70]  # from column 100 to 101
