from __future__ import annotations

import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.face.mouth import Lips
from facelab.face.teeth import lips_alone
from facelab.types import PositionMap, Texture
from tests.synthetic import ATLAS, frozen, mouth, painted, texture

SIDE = 256
LIP, TEETH, DARK = (0.65, 0.32, 0.3), (0.85, 0.8, 0.7), (0.1, 0.05, 0.05)


def large(opening):
    """A face twice as large, its mouth open by so many pixels."""
    return PositionMap(frozen(mouth(opening / 2).values * np.float32([1.2, 1.2, 1.2])), ATLAS)


@pytest.mark.parametrize("size", [256, 512, 700])
def test_a_texture_loses_its_teeth(size):
    slit = ATLAS.region("mouth", size) > 0
    view = painted(texture(size, LIP), slit, TEETH)
    alone = lips_alone(view, Lips.of(large(14)), ATLAS)
    columns = slice(round(0.44 * size), round(0.56 * size))
    assert np.abs(alone.colour - np.float32(LIP))[:, columns].max() < 0.02
    upper = Lips.of(large(14)).upper
    assert lips_alone(view, Lips(upper, upper), ATLAS) is view


def test_a_tooth_beyond_the_slit_goes_and_a_dark_corner_stays():
    positions = large(14)
    place = Lips.of(positions)
    colour = np.full((SIDE, SIDE, 3), LIP, np.float32)
    parts = np.zeros((SIDE, SIDE, len(PARTS)), np.float32)
    parts[..., PARTS.index("lips")] = 1
    slit = ATLAS.slit
    scale = SIDE / ATLAS.size
    row, column = (int(at * scale) for at in (slit.upper_texels[0], slit.columns[0] - 4))
    tooth, corner = (slice(row + k, row + k + 3) for k in (0, 5))
    for rows, shown in ((tooth, TEETH), (corner, DARK)):
        colour[rows, column : column + 3] = shown
        parts[rows, column : column + 3] = np.eye(len(PARTS))[PARTS.index("mouth")]
    seen = Texture(frozen(colour), frozen(np.ones((SIDE, SIDE))), frozen(parts))
    out = lips_alone(seen, place, ATLAS).colour
    np.testing.assert_allclose(
        out[tooth, column : column + 3], np.broadcast_to(LIP, (3, 3, 3)), atol=0.15
    )
    np.testing.assert_allclose(
        out[corner, column : column + 3][2], np.broadcast_to(DARK, (3, 3)), atol=0.02
    )
