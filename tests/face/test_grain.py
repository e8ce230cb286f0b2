from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.face import grain
from facelab.face.grain import match_grain
from tests.synthetic import frozen, noise

SIZE = 300.0
SHAPE = (160, 160)
ALL, NONE = frozen(np.ones(SHAPE, np.float32)), frozen(np.zeros(SHAPE, np.float32))


def skin(amount, seed=0, level=0.6):
    """Skin of one tone with grain of an amount."""
    grain = np.float32(amount) * (noise(*SHAPE, seed)[..., :1] - np.float32(0.5))
    return frozen(np.float32(level) + np.repeat(grain, 3, axis=2))


def loudness(image):
    image = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    fine = image - cv2.GaussianBlur(image, (0, 0), 1.5)
    return float(fine[20:-20, 20:-20].std())


@pytest.mark.parametrize("own", [0.0, 0.05, 0.1, 0.3])
def test_painted_skin_gets_the_photographs_grain(own):
    photo = skin(0.1, seed=1)
    out = match_grain(skin(own, seed=2), photo, ALL, NONE, SIZE)
    assert loudness(out) == pytest.approx(loudness(photo), rel=0.2)
    assert out.dtype == np.float32


def test_tone_of_the_painted_face_stays():
    out = match_grain(skin(0.02, seed=2, level=0.3), skin(0.1, seed=1, level=0.8), ALL, NONE, SIZE)
    assert out.mean() == pytest.approx(0.3, abs=0.005)


def test_same_photograph_changes_nothing():
    photo = skin(0.1)
    np.testing.assert_allclose(match_grain(photo, photo, ALL, NONE, SIZE), photo, atol=1e-3)


def test_no_grain_where_no_skin_is():
    half = np.zeros(SHAPE, np.float32)
    half[:, :80] = 1
    painted = skin(0.0)
    out = match_grain(painted, skin(0.2, seed=1), frozen(half), NONE, SIZE)
    np.testing.assert_array_equal(out[:, 80:], painted[:, 80:])
    assert loudness(out[:, :80]) > 0.01


def test_a_fold_of_the_target_is_not_lent():
    """A dark line across the photograph's skin comes through no stronger than its grain."""
    line = skin(0.04, seed=1).copy()
    line[80:82] -= np.float32(0.4)
    out = match_grain(skin(0.0), frozen(line), ALL, NONE, SIZE)
    assert 0.6 - out[80:82].mean() < 0.33 * 0.4


def test_eyes_stay_sharp_where_the_photographs_are():
    """A smooth cheek in a sharp photograph does not soften the painted eyes."""
    eyes = np.zeros(SHAPE, np.float32)
    eyes[60:100, 40:120] = 1
    bare = frozen(1 - cv2.dilate(eyes, np.ones((9, 9), np.uint8)))
    photo, painted = skin(0.02, seed=1).copy(), skin(0.1, seed=2).copy()
    for image in (photo, painted):
        image[60:100:4] -= np.float32(0.4) * eyes[60:100:4, :, None]
    out = match_grain(frozen(painted), frozen(photo), bare, frozen(eyes), SIZE)
    inside = (slice(66, 94), slice(46, 114))
    assert out[inside].std() == pytest.approx(painted[inside].std(), rel=0.1)
    assert out[:, :35].std() < 0.5 * painted[:, :35].std()


def test_nothing_to_compare_changes_nothing():
    painted = skin(0.1)
    out = match_grain(painted, skin(0.3, seed=1), NONE, NONE, SIZE)
    np.testing.assert_array_equal(out, painted)


@pytest.mark.parametrize("sigma", [0.7, 1.6, 3.5, 9.0])
@pytest.mark.parametrize("shape", [(160, 160), (161, 203)])
def test_what_is_finer_than_a_gaussian_needs_no_full_grid(sigma, shape):
    image = 0.1 * noise(*shape) + 0.5 * cv2.GaussianBlur(noise(*shape, seed=1), (0, 0), 2 * sigma)
    luma = cv2.cvtColor(np.float32(image), cv2.COLOR_RGB2GRAY)
    exact = luma - cv2.GaussianBlur(luma, (0, 0), sigma)
    off = grain._residual(np.float32(image), sigma) - exact
    assert np.sqrt((off**2).mean()) < 0.03 * np.sqrt((exact**2).mean())


def test_a_grid_of_squares_gives_what_varies_slowly_back():
    rows, columns = np.mgrid[:101, :67].astype(np.float32)
    slope = 0.01 * rows - 0.02 * columns
    for step in (1, 2, 5):
        back = grain._enlarged(grain._reduced(slope, step), step, slope)
        inside = slice(step, -2 * step)
        np.testing.assert_allclose(back[inside, inside], slope[inside, inside], atol=1e-5)


def test_the_deviation_around_a_pixel_needs_no_full_grid():
    fine = np.float32(0.1) * (noise(*SHAPE)[..., 0] - np.float32(0.5))
    fine[:, 80:] *= np.float32(0.2)
    bare = np.float32(noise(*SHAPE, seed=1)[..., 0] > 0.3)
    energy, weight = (cv2.GaussianBlur(one, (0, 0), 12) for one in (bare * fine * fine, bare))
    found = grain._enlarged(grain._deviation(fine, bare, 12, 6), 6, fine)
    np.testing.assert_allclose(found, np.sqrt(energy / weight), rtol=0.12)
