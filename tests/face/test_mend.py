"""Thin lines are painted over, and nothing beside them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.face.mend import carried_on, line_texels
from facelab.numerics.smoothing import smoothstep, spread
from facelab.types import Texture
from tests.synthetic import frozen

SKIN = np.float32((0.7, 0.5, 0.4))
NONE = np.zeros((256, 256), np.float32)


def seen(colour):
    return Texture(frozen(np.array(colour)), frozen(np.ones(colour.shape[:2], np.float32)))


def band(first, last):
    mask = np.zeros((256, 256), np.float32)
    mask[first:last] = 1
    return frozen(mask)


def lined(colour, first=100, last=104):
    texture = np.tile(SKIN, (256, 256, 1))
    texture[first:last] = colour
    return frozen(texture)


@pytest.mark.parametrize("colour", [0.1, 0.95])
def test_a_line_goes_and_the_skin_goes_on_under_it(colour):
    texture = lined(colour)
    line = line_texels(texture, band(95, 110), NONE)
    out = carried_on(seen(texture), line)
    assert line[101:103].min() > 0.99
    np.testing.assert_allclose(out[101:103], np.broadcast_to(SKIN, (2, 256, 3)), atol=0.02)


def test_skin_around_a_line_keeps_its_pores():
    rng = np.random.default_rng(5)
    texture = lined(0.1) + rng.normal(0, 0.004, (256, 256, 1)).astype(np.float32)
    out = carried_on(seen(texture), line_texels(texture, band(80, 125), NONE))
    np.testing.assert_array_equal(out[80:94], texture[80:94])
    np.testing.assert_array_equal(out[112:], texture[112:])


def test_texture_beside_a_wire_is_none_of_it():
    """Folds half as distinct as the wire that crosses them stay."""
    texture = lined(0.1, 100, 102)
    texture = np.array(texture)
    texture[105:107] = SKIN - 0.06
    line = line_texels(frozen(texture), band(95, 110), NONE)
    assert line[100:102].min() > 0.99
    assert line[105:107].max() < 0.01


def test_a_brow_is_not_carried_on_under_a_line_below_it():
    brow = band(80, 96)
    texture = np.tile(SKIN, (256, 256, 1))
    texture[80:96] = 0.15
    texture[97:103] = 0.9
    line = band(96, 104)
    under = slice(100, 103)
    assert carried_on(seen(texture), line)[under].mean() < SKIN.mean() - 0.08
    out = carried_on(seen(texture), line, brow)
    np.testing.assert_allclose(out[under], np.broadcast_to(SKIN, (3, 256, 3)), atol=0.03)


def plainly_carried_on(colour, line, features):
    """The definition, at the texture's own side."""
    size = len(colour)
    line, features = (
        cv2.resize(one, (size, size)) for one in (line, cv2.dilate(features, disk(2)))
    )
    known = 1 - smoothstep(line, 0, 0.5)
    filling = spread(colour, known)
    skin = spread(colour, known * (1 - smoothstep(features, 0.05, 0.3)))
    filling = skin + features[..., None] * (filling - skin)
    return colour + line[..., None] * (filling - colour)


def disk(radius):
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)


@pytest.mark.parametrize("size", [256, 640])
def test_a_small_map_carries_on_as_the_whole_texture_would(size):
    """On a face as smooth as skin is, to a grey level; what is finer stays beside the line."""
    rng = np.random.default_rng(1)
    colour = rng.random((12, 12, 3), dtype=np.float32)
    colour = np.clip(cv2.resize(colour, (size, size), interpolation=cv2.INTER_CUBIC), 0, 1)
    colour = colour + rng.normal(0, 0.01, colour.shape).astype(np.float32)
    line = cv2.GaussianBlur(np.array(band(100, 106)), (0, 0), 1)
    out = carried_on(seen(colour), line, band(60, 90))
    wanted = plainly_carried_on(colour, line, band(60, 90))
    assert np.abs(out - wanted).mean() < 0.1 / 255
    assert np.abs(out - wanted).max() < 8 / 255
    np.testing.assert_array_equal(out[: size // 4], colour[: size // 4])


def test_a_line_across_a_brow_is_filled_with_brow():
    texture = np.tile(np.float32(0.15), (256, 256, 3))
    texture[100:103] = 0.9
    out = carried_on(seen(texture), band(99, 104), band(60, 140))
    np.testing.assert_allclose(out[100:103], 0.15, atol=0.02)


def plainly_found(colour, found, hairy):
    """The definition: all of the map, in floating point."""
    lab = cv2.cvtColor(colour, cv2.COLOR_RGB2Lab)
    wires, rims = (
        (
            cv2.morphologyEx(lab, cv2.MORPH_TOPHAT, disk(radius))
            + cv2.morphologyEx(lab, cv2.MORPH_BLACKHAT, disk(radius)) * (1 - hairy)[..., None]
        ).sum(axis=2)
        for radius in (3, 7)
    )
    thick = cv2.dilate(cv2.erode(found, disk(3)), disk(7))
    near = smoothstep(cv2.dilate(found, disk(2)), 0.1, 0.5)
    distinct = (wires + smoothstep(thick, 0.1, 0.5) * (rims - wires)) * near
    most = np.maximum(cv2.dilate(distinct, disk(7)), 4)
    line = smoothstep(distinct, 4, 10) * smoothstep(distinct / most, 0.2, 0.4)
    line = cv2.dilate(line, disk(1))
    return line * (1 - smoothstep(line.mean(), 0.15, 0.25))


def test_lines_are_found_in_integers_and_a_window_as_in_all_of_the_map():
    rng = np.random.default_rng(2)
    colour = rng.random((9, 9, 3), dtype=np.float32)
    colour = np.clip(cv2.resize(colour, (256, 256), interpolation=cv2.INTER_CUBIC), 0, 1)
    cv2.line(colour, (20, 30), (200, 60), (0.1, 0.1, 0.1), 11)
    cv2.line(colour, (30, 200), (240, 120), (0.9, 0.9, 1.0), 2)
    found = np.zeros((256, 256), np.float32)
    cv2.line(found, (20, 30), (200, 60), 1, 13)
    cv2.line(found, (30, 200), (240, 120), 1, 4)
    found = cv2.GaussianBlur(found, (0, 0), 1)
    hairy = np.array(band(20, 50)) * np.float32(0.5)
    out, wanted = line_texels(colour, found, hairy), plainly_found(colour, found, hairy)
    assert (wanted > 0.9).mean() > 0.02
    np.testing.assert_allclose(out, wanted, atol=0.02)


def test_lines_where_none_were_found_and_wide_bands_stay():
    assert line_texels(lined(0.1), NONE, NONE).max() == 0
    assert line_texels(lined(0.1, 90, 120), band(95, 110), NONE)[100:108].max() == 0


def test_dark_lines_over_a_brow_are_its_own_and_bright_ones_are_not():
    brow = band(60, 140)
    assert line_texels(lined(0.1), band(95, 110), brow)[100:104].max() == 0
    assert line_texels(lined(0.95), band(95, 110), brow)[101:103].min() > 0.99


def test_lines_all_over_as_a_painting_s_cracks_are_the_surface():
    texture = np.tile(SKIN, (256, 256, 1))
    texture[::12] = 0.1
    assert line_texels(frozen(texture), frozen(np.ones((256, 256), np.float32)), NONE).max() == 0
