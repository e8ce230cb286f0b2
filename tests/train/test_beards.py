"""Beards of photographs: told by zones, whole, and by hairs alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.atlas import canonical
from facelab.edits.cielab import to_rgb
from facelab.heads.skin_bank import skin_bank
from facelab.numerics.smoothing import resized
from facelab.train.parse.beards import TEXELS, beard_of
from facelab.types import Texture

SKIN = np.array([66.0, 14.0, 18.0], np.float32)  # CIELAB
_ROWS = np.arange(TEXELS)[:, None]
_LIP = (canonical().landmarks68[51, 1] + 0.5) * TEXELS / canonical().size
MOUSTACHE = resized(skin_bank().beard, TEXELS) * (_ROWS < _LIP)
MOUSTACHE = MOUSTACHE * (np.abs(np.arange(TEXELS) - 127.5) < 35)
DENSE = cv2.erode((MOUSTACHE > 0.8).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def face(where, darker=0.0, paler=0.0, rougher=0.0, light=1.0):
    """A face whose skin is darker, less colourful and rougher in some places."""
    noise = np.random.default_rng(0).standard_normal((TEXELS, TEXELS)).astype(np.float32)
    fine = cv2.GaussianBlur(noise, (0, 0), 0.8)
    lab = np.tile(SKIN, (TEXELS, TEXELS, 1))
    lab[..., 0] += fine * (1 + rougher * where) - darker * where
    lab[..., 1:] *= (1 - paler * where)[..., None]
    lab[..., 0] *= light
    return Texture(to_rgb(lab), np.full((TEXELS, TEXELS), 0.8, np.float32))


def moustache(**other):
    return face(MOUSTACHE, darker=22, paler=0.5, rougher=4, **other)


def test_skin_has_no_beard():
    assert beard_of(face(MOUSTACHE)).max() < 0.01


def test_a_moustache_is_found_whole_and_alone():
    found = beard_of(moustache())
    assert found[DENSE].min() > 0.4
    assert found[round(float(_LIP)) + 12 :].max() < 0.05


def test_a_shadow_is_no_moustache():
    assert beard_of(face(MOUSTACHE, darker=16)).max() < 0.05


@pytest.mark.parametrize("light", [0.6, 1.2])
def test_light_changes_nothing(light):
    np.testing.assert_allclose(beard_of(moustache(light=light)), beard_of(moustache()), atol=0.1)


def test_bald_spots_are_filled():
    hole = np.ones((TEXELS, TEXELS), np.float32)
    hole[:, 108:114] = 0
    found = beard_of(face(MOUSTACHE * hole, darker=25, paler=0.6, rougher=5))
    assert found[DENSE].min() > 0.4


def test_a_mirrored_face_has_a_mirrored_beard():
    seen = moustache()
    other = Texture(seen.colour[:, ::-1].copy(), seen.confidence[:, ::-1].copy())
    np.testing.assert_allclose(beard_of(other), beard_of(seen)[:, ::-1], atol=0.02)


def test_what_is_not_seen_is_not_told():
    seen = moustache()
    assert beard_of(Texture(seen.colour, np.zeros_like(seen.confidence))).max() == 0
