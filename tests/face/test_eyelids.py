from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.face.eyelids import even_lids
from facelab.types import PositionMap
from tests.synthetic import ATLAS, canonical, frozen, plane

EYES, BROWS = (ATLAS.region(name, 256) > 0.5 for name in ("eyes", "brows"))


def lid(positions, side):
    """The rows from the brow down to the eye in the middle of an eye, ``(n, 3)``."""
    half = slice(0, 128) if side == "right" else slice(128, 256)
    column = half.start + round(np.flatnonzero(EYES[:, half].any(axis=0)).mean())
    brow = np.flatnonzero(BROWS[:, column])[-1]
    return positions.values[brow : np.flatnonzero(EYES[:, column])[0] + 1, column]


def hooded():
    """A face whose lids are folded: their lower rows lie on a few pixels."""
    values = canonical().values.copy()
    brow, eye = ATLAS.rows("brows", 256)[1], ATLAS.rows("eyes", 256)[0]
    rows = np.arange(brow, eye)
    share = ((rows - brow) / (eye - brow))[:, None, None]
    top, bottom = values[brow], values[eye]
    values[rows] = top + share**0.7 * (bottom - top)
    return PositionMap(frozen(values), ATLAS)


def test_rows_of_a_hooded_lid_become_even():
    for side in ("left", "right"):
        folded, even = (
            np.linalg.norm(np.diff(lid(positions, side)[:, :2], axis=0), axis=1)
            for positions in (hooded(), even_lids(hooded()))
        )
        assert folded[-6:].mean() < 0.85 * folded[:6].mean()
        assert even[-6:].mean() == pytest.approx(even[:6].mean(), rel=0.05)


def test_only_lids_move_and_even_ones_stay():
    before, after = hooded(), even_lids(hooded())
    change = np.linalg.norm(after.values - before.values, axis=2)
    rows = np.flatnonzero(change.max(axis=1) > 1e-3)
    assert ATLAS.rows("brows", 256)[0] < rows[0] < rows[-1] < ATLAS.rows("eyes", 256)[1]
    flat = plane()
    np.testing.assert_allclose(even_lids(flat).values, flat.values, atol=1e-3)


def test_a_lid_ends_where_it_did():
    for side in ("left", "right"):
        before, after = lid(hooded(), side), lid(even_lids(hooded()), side)
        np.testing.assert_allclose(after[[0, -1]], before[[0, -1]], atol=0.6)


def test_lids_equal_a_loop_over_columns():
    before, after = hooded(), even_lids(hooded())
    moved = before.values.copy()
    for column in np.flatnonzero(EYES.any(axis=0) & BROWS.any(axis=0)):
        brow = np.flatnonzero(BROWS[:, column])[-1]
        rows = slice(brow, np.flatnonzero(EYES[:, column])[0] + 1)
        line = before.values[rows, column]
        steps = np.linalg.norm(np.diff(line[:, :2], axis=0, prepend=line[:1, :2]), axis=1)
        along = np.cumsum(steps)
        even = np.linspace(0, along[-1], len(line))
        moved[rows, column] = np.column_stack([np.interp(even, along, axis) for axis in line.T])
    expected = before.values + cv2.GaussianBlur(moved - before.values, (0, 0), 1.0)
    for side in ("left", "right"):  # in the middle, where rows move wholly
        at = lid(after, side), lid(PositionMap(frozen(expected), ATLAS), side)
        np.testing.assert_allclose(*at, atol=1e-3)
