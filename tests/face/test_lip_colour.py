"""Lips come near the colour of the lips that were there."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.face.lip_colour import near
from facelab.types import Texture
from tests.synthetic import frozen

LIPS = np.zeros((256, 256), np.float32)
LIPS[160:190, 90:160] = 1


def face(skin, lips):
    colour = np.where(LIPS[..., None] > 0, np.float32(lips), np.float32(skin))
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    parts[..., PARTS.index("lips")], parts[..., PARTS.index("skin")] = LIPS, 1 - LIPS
    return Texture(frozen(colour), frozen(np.ones((256, 256))), frozen(parts))


def lab(colour):
    return cv2.cvtColor(np.float32(colour)[None, None], cv2.COLOR_RGB2Lab)[0, 0]


ROSY, DARK = face((0.8, 0.6, 0.5), (0.8, 0.4, 0.4)), face((0.4, 0.25, 0.2), (0.35, 0.2, 0.2))


def test_lips_come_near_and_skin_stays():
    out = near(ROSY.colour, ROSY, DARK)
    np.testing.assert_array_equal(out[LIPS == 0], ROSY.colour[LIPS == 0])
    way = lab((0.35, 0.2, 0.2)) - lab(out[175, 120])
    whole = lab((0.35, 0.2, 0.2)) - lab((0.8, 0.4, 0.4))
    assert np.linalg.norm(way) == pytest.approx(8, abs=0.5)
    assert way @ whole > 0.99 * np.linalg.norm(way) * np.linalg.norm(whole)


def test_like_lips_stay():
    np.testing.assert_allclose(near(ROSY.colour, ROSY, ROSY), ROSY.colour, atol=1e-6)


@pytest.mark.parametrize("lost", [0, 1])
def test_what_is_not_known_changes_nothing(lost):
    faces = [ROSY, DARK]
    faces[lost] = replace(faces[lost], parts=None)
    assert near(ROSY.colour, *faces) is ROSY.colour
    faces[lost] = replace([ROSY, DARK][lost], confidence=frozen(np.zeros((256, 256))))
    assert near(ROSY.colour, *faces) is ROSY.colour


def test_half_the_tone_is_half_the_way():
    whole, half = (near(ROSY.colour, ROSY, DARK, tone)[175, 120] for tone in (1.0, 0.5))
    np.testing.assert_allclose(lab(half), (lab(whole) + lab((0.8, 0.4, 0.4))) / 2, atol=0.5)
    np.testing.assert_array_equal(near(ROSY.colour, ROSY, DARK, 0.0), ROSY.colour)
