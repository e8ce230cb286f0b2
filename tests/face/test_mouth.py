from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.face.mouth import Interior, Lips, _interval, _smooth, fit_lips, with_margin
from facelab.types import PositionMap
from tests.synthetic import ATLAS, SKIN, frozen, mouth, plain

SHAPE = (300, 300)
SIDE = 256
LIP, TEETH, DARK = (0.65, 0.32, 0.3), (0.85, 0.8, 0.7), (0.1, 0.05, 0.05)
ENDS = 8  # columns at a mouth's corners, where edges return to the positions
WHOLE = slice(0, SHAPE[0]), slice(0, SHAPE[1])


def large(opening):
    """A face twice as large, its mouth open by so many pixels."""
    return PositionMap(frozen(mouth(opening / 2).values * np.float32([1.2, 1.2, 1.2])), ATLAS)


def photograph(positions, upper, lower, inside):
    """Lips where `positions` has them, and between given edges what is inside."""
    image = plain(SHAPE, SKIN).copy()
    lips = ATLAS.region("lips", ATLAS.size) > 0.5
    outline = cv2.convexHull(np.ascontiguousarray(positions.values[lips][:, :2]))
    cv2.fillPoly(image, [np.rint(16 * outline).astype(np.int32)], LIP, cv2.LINE_AA, 4)
    between = np.rint(16 * np.concatenate([upper, lower[::-1]])).astype(np.int32)
    cv2.fillPoly(image, [between], inside, cv2.LINE_AA, 4)
    return frozen(image)


def moved(lips, up, down):
    """The edges, so many pixels higher and lower in the middle, and none at the corners."""
    share = np.sin(np.linspace(0, np.pi, len(lips.upper)))[:, None]
    return lips.upper - share * [0, up], lips.lower + share * [0, down]


@pytest.mark.parametrize("inside", [TEETH, DARK], ids=["teeth", "dark"])
@pytest.mark.parametrize(("up", "down"), [(0, 0), (-2, -2), (2, -2), (-3, 1)])
@pytest.mark.parametrize("light", [1.0, 0.5])
def test_lips_end_where_teeth_or_dark_begin(inside, up, down, light):
    positions = large(14)
    upper, lower = moved(Lips.of(positions), up, down)
    image = np.float32(light) * photograph(positions, upper, lower, inside)
    found = Lips.of(fit_lips(image, positions))
    for edge, true in ((found.upper, upper), (found.lower, lower)):
        assert np.abs(edge - true)[ENDS:-ENDS, 1].mean() < 1.0


@pytest.mark.parametrize("opening", [4, 10])
def test_closed_lips_meet_in_their_dark_line(opening):
    positions = large(opening)
    lips = Lips.of(positions)
    middle = (lips.upper + lips.lower) / 2 + np.float32([0, 1])
    half = np.float32([0, 0.7])
    image = photograph(positions, middle - half, middle + half, (0.4, 0.2, 0.18))
    found = Lips.of(fit_lips(image, positions))
    assert lips.apart[ENDS:-ENDS].mean() > 0.9
    assert found.gaps[ENDS:-ENDS].max() < 2.5
    assert np.abs(found.upper - middle)[ENDS:-ENDS, 1].mean() < 1.5


def test_only_lips_move():
    positions = large(14)
    image = photograph(positions, *moved(Lips.of(positions), -3, -3), TEETH)
    after = fit_lips(image, positions)
    around = cv2.dilate((ATLAS.region("lips", 256) > 0).astype(np.uint8), np.ones((3, 9))) > 0
    np.testing.assert_array_equal(after.values[~around], positions.values[~around])
    np.testing.assert_array_equal(after.values[..., 2], positions.values[..., 2])
    assert (after.values != positions.values).any()


def test_a_margin_leaves_room_beside_teeth_alone():
    positions = large(14)
    image = photograph(positions, *moved(Lips.of(positions), 0, 0), TEETH)
    exact = fit_lips(image, positions)
    lips, narrower = Lips.of(exact), Lips.of(with_margin(exact))
    assert (narrower.gaps - lips.gaps)[ENDS:-ENDS].min() > 0.03 * lips.width
    shut = Lips(lips.upper, lips.upper + np.float32([0, 0.2]))
    np.testing.assert_array_equal(shut.narrowed(0.02).gaps, shut.gaps)


def test_an_image_without_colours_is_no_trouble():
    for value in (0.0, 0.5, 1.0):
        values = fit_lips(plain(SHAPE, (value,) * 3), large(10)).values
        assert np.isfinite(values).all()


def test_a_mouth_beyond_the_image_is_no_trouble():
    away = PositionMap(frozen(large(10).values + np.float32([900, -900, 0])), ATLAS)
    assert np.isfinite(fit_lips(plain(SHAPE), away).values).all()


# --- What lies between the lips ----------------------------------------------------------------


def test_the_interior_is_the_area_between_the_edges():
    lips = Lips.of(large(14))
    matte = Interior(lips, np.ones(len(lips.upper), np.float32)).over(WHOLE)
    steps = np.linalg.norm(np.diff((lips.upper + lips.lower) / 2, axis=0), axis=1)
    area = (steps * (lips.gaps[1:] + lips.gaps[:-1]) / 2).sum()
    assert 0 <= matte.min() <= matte.max() <= 1 + 1e-6
    assert matte.sum() == pytest.approx(area, rel=0.05)


def test_a_window_shows_its_part():
    lips = Lips.of(large(14))
    interior = Interior(lips, np.ones(len(lips.upper), np.float32))
    x, y = np.rint(lips.upper.mean(axis=0)).astype(int)
    part = slice(y - 40, y + 50), slice(x - 60, x + 70)
    np.testing.assert_allclose(interior.over(part), interior.over(WHOLE)[part], atol=1e-6)


@pytest.mark.parametrize(("own", "other", "kept"), [(14, 14, 1), (14, 0, 1), (0, 14, 1), (0, 0, 0)])
def test_the_interior_stays_unless_all_lips_touch(own, other, kept):
    shut = Lips.of(large(14))
    shut = Lips(shut.upper, shut.upper + np.float32([0, 0.2]))
    lips = [shut if opening == 0 else Lips.of(large(opening)) for opening in (own, other)]
    share = Interior.kept(lips[0], lips[1:]).share
    assert np.abs(share[ENDS:-ENDS] - kept).max() < 0.05


def test_the_interval_with_the_greatest_sum_is_found():
    """As by trying all of them."""
    evidence = np.random.default_rng(5).normal(-0.1, 1, (12, 40)).astype(np.float32)
    first, last = [], []
    for column in evidence.T:
        intervals = [(i, j) for i in range(12) for j in range(i + 1, 13)]
        best = max(intervals, key=lambda one: column[one[0] : one[1]].sum(dtype=np.float64))
        first.append(best[0] / 12)
        last.append(best[1] / 12)
    for found, expected in zip(_interval(evidence), (first, last), strict=True):
        np.testing.assert_allclose(found, _smooth(np.array(expected)), atol=1e-6)
