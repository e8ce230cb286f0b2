"""The ends of a target's brows do not show beside another's."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.face.brow_ends import without_ends
from facelab.numerics.smoothing import resized
from facelab.types import Texture
from tests.synthetic import ATLAS, frozen

SKIN, HAIR, TAIL = 0.6, 0.2, 0.5
BROWS = ATLAS.region("brows", 256)
SIDE = np.flatnonzero((BROWS > 0.5).any(axis=0))  # columns that have a brow
ROW = int(np.flatnonzero(BROWS[:, SIDE[0]] > 0.5).mean())  # of the left brow's outer end


def face(tone, *, brows=BROWS, tail=False, size=256):
    """Skin with brows; the left one goes on in a tail that the parser took for skin."""
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    parts[..., PARTS.index("brows")] = brows
    parts[..., PARTS.index("skin")] = 1 - brows
    colour = SKIN + (HAIR - SKIN) * brows
    if tail:
        colour[ROW - 1 : ROW + 2, SIDE[0] - 8 : SIDE[0]] = TAIL
    colour = resized(np.repeat(colour[..., None], 3, axis=2).astype(np.float32) + tone, size)
    return Texture(frozen(colour), frozen(np.ones((size, size), np.float32)), frozen(parts))


def hidden_from(column, size=256):
    """An opacity that is 0 to the left of a column of 256."""
    shown = np.ones((size, size), np.float32)
    shown[:, : column * size // 256] = 0
    return frozen(shown)


@pytest.mark.parametrize("size", [128, 256, 512])
def test_a_tail_and_the_brow_s_end_are_covered_with_skin(size):
    target, source = face(0, tail=True, size=size), face(0.0, size=size)
    texture, shown = without_ends(source, hidden_from(SIDE[0] + 6, size), target, ATLAS)
    seen = target.colour + shown[..., None] * (texture.colour - target.colour)
    end = slice((SIDE[0] - 5) * size // 256, (SIDE[0] + 3) * size // 256)
    rows = slice((ROW - 2) * size // 256, (ROW + 3) * size // 256)
    assert target.colour[rows, end].min() < TAIL + 0.03
    assert seen[rows, end].min() > SKIN - 0.05


def test_skin_is_carried_on_from_both_sides():
    """Between the source's skin in a lighter tone and the target's, it lies between."""
    target, source = face(0), face(0.1)
    texture, shown = without_ends(source, hidden_from(SIDE[0] + 6), target, ATLAS)
    covered = (BROWS > 0.9) & (hidden_from(SIDE[0] + 6) == 0)
    assert shown[covered].min() > 0.9
    assert texture.colour[covered].min() > SKIN - 0.02
    assert texture.colour[covered].max() < SKIN + 0.12


def test_what_is_far_from_the_ends_stays():
    target, source = face(0, tail=True), face(0.1)
    before = hidden_from(SIDE[0] + 6)
    texture, shown = without_ends(source, before, target, ATLAS)
    assert (shown >= before).all()
    away = np.ones((256, 256), np.bool_)
    away[ROW - 25 : ROW + 25, SIDE[0] - 35 : SIDE[0] + 25] = False
    np.testing.assert_array_equal(shown[away], before[away])
    np.testing.assert_array_equal(texture.colour[away], source.colour[away])
    inside = before == 1
    np.testing.assert_allclose(texture.colour[inside], source.colour[inside], atol=1e-6)


def test_dark_beside_the_nose_is_no_end():
    shade = BROWS.copy()
    middle = slice(SIDE[len(SIDE) // 2 - 1] + 1, SIDE[len(SIDE) // 2])  # between the brows
    shade[ROW - 10 : ROW + 10, middle] = 1
    before = np.ones((256, 256), np.float32)
    before[:, middle] = 0
    source, target = face(0), face(0, brows=shade)
    assert without_ends(source, before, target, ATLAS) == (source, before)


@pytest.mark.parametrize("case", ["whole", "target's own brow", "unknown parts"])
def test_where_there_is_nothing_to_cover_both_stay(case):
    target, source, before = face(0, tail=True), face(0.1), hidden_from(SIDE[0] + 6)
    if case == "whole":
        before = frozen(np.ones((256, 256), np.float32))
    elif case == "unknown parts":
        source = Texture(source.colour, source.confidence)
    else:
        before = frozen(before * (1 - (BROWS > 0)))
    texture, shown = without_ends(source, before, target, ATLAS)
    assert texture is source
    assert shown is before
