"""Relit hair keeps the contrast of its strands, and a brow its edge."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.face.hair_contrast import evened

SIDE = 128
BROW = (slice(48, 72), slice(24, 104))
SKIN, HAIR, STRANDS = 0.35, 0.12, 0.01  # grey levels: of strands, by which they are off the hair's


def face():
    """Dark skin with a brow whose columns are darker and lighter by turns."""
    grey = np.full((SIDE, SIDE), SKIN, np.float32)
    grey[BROW] = HAIR + STRANDS * (-1.0) ** np.arange(80)
    hair = np.zeros((SIDE, SIDE), np.float32)
    hair[BROW] = 1
    return np.dstack([grey] * 3), cv2.GaussianBlur(hair, (0, 0), 1.5)


def steeper(by):
    return np.full((SIDE, SIDE), by, np.float32)


def inside(colour):
    return colour[54:66, 30:98, 1]


def test_strands_lose_about_what_relighting_adds():
    colour, hair = face()
    out = evened(colour, hair, steeper(2.5))
    assert inside(out).std() == pytest.approx(inside(colour).std() / 2.5, rel=0.2)
    assert inside(out).mean() == pytest.approx(HAIR, abs=0.005)


def test_the_edge_of_a_brow_stays():
    colour, hair = face()
    out = evened(colour, hair, steeper(2.5))
    step = out[44:48, 40:90].mean() - out[48:52, 40:90].mean()
    assert step > 0.85 * (SKIN - HAIR)


def test_hair_keeps_its_hue():
    colour, hair = face()
    colour *= np.float32([1.0, 0.8, 0.6])
    out = evened(colour, hair, steeper(2.0))
    np.testing.assert_allclose(out / out[..., :1], colour / colour[..., :1], rtol=1e-4)


def plainly_evened(colour, hair, by):
    """The definition, all of it at the size of the colours."""
    size = len(colour)
    radius = round(4 * size / 256)
    window = (2 * radius + 1,) * 2
    grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    mean, square = cv2.blur(grey, window), cv2.blur(grey * grey, window)
    variance = np.maximum(square - mean * mean, 0)
    slope = variance / (variance + 1.3e-3)
    smooth = cv2.blur(slope, window) * grey + cv2.blur(mean - slope * mean, window)
    lost = cv2.resize(hair * (1 - 1 / by), (size, size))
    return np.clip(colour * (1 - lost * (grey - smooth) / np.maximum(grey, 1e-3))[..., None], 0, 1)


@pytest.mark.parametrize("size", [SIDE, 3 * SIDE, 416])
def test_a_small_map_evens_as_the_whole_texture_would(size):
    colour, hair = face()
    rng = np.random.default_rng(1)
    colour = cv2.resize(colour, (size, size), interpolation=cv2.INTER_CUBIC)
    colour = np.clip(colour * rng.normal(1, 0.1, (size, size, 1)), 0, 1).astype(np.float32)
    off = np.abs(evened(colour, hair, steeper(2.5)) - plainly_evened(colour, hair, 2.5))
    assert off.mean() < 0.1 / 255
    assert off.max() < 3 / 255


@given(st.floats(0.0, 1.0))
def test_nothing_changes_where_contrast_falls(by):
    colour, hair = face()
    assert evened(colour, hair, steeper(by)) is colour


def test_nothing_changes_without_hair_or_away_from_it():
    colour, hair = face()
    assert evened(colour, np.zeros_like(hair), steeper(3)) is colour
    out = evened(colour, hair, steeper(3))
    np.testing.assert_array_equal(out[hair == 0], colour[hair == 0])
    assert not np.array_equal(out, colour)
