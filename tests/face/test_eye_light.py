"""Eyes keep what they reflect and take the light that the other photograph's whites tell."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.face.eye_light import lit
from facelab.types import Texture
from tests.synthetic import ATLAS, frozen

EYES = ATLAS.region("eyes", 256) > 0.5
LEFT = np.arange(256)[None] > 127
LIGHT, DARK, GREY = (80, 14, 20), (35, 14, 20), (60, 0, 0)  # skins, CIELAB
WHITE = (60, 4, 6)
IRIS = np.zeros((256, 256), bool)
for _half in (~LEFT, LEFT):
    _column = round(np.nonzero(EYES & _half)[1].mean())
    IRIS |= EYES & (abs(np.arange(256) - _column) < 5)


def rgb(lab):
    return cv2.cvtColor(np.float32(lab).reshape(1, -1, 3), cv2.COLOR_Lab2RGB)[0]


def lab(colour, where):
    return np.median(cv2.cvtColor(colour[where][None], cv2.COLOR_RGB2Lab)[0], axis=0)


def face(skin, white=WHITE, iris=(20, 8, 12), left=None):
    """A face with another white on its left, if that is given."""
    colour = np.tile(rgb(skin), (256, 256, 1))
    colour[EYES], colour[EYES & LEFT] = rgb(white), rgb(white if left is None else left)
    colour[IRIS] = rgb(iris)
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    parts[..., PARTS.index("eyes")], parts[..., PARTS.index("skin")] = EYES, ~EYES
    return Texture(frozen(colour), frozen(np.ones((256, 256))), frozen(parts))


def swapped(source, target, skins=(LIGHT, DARK), amount=1.0):
    """On skin that has been relit to white, to see what is eye."""
    tones = tuple(np.tile(rgb(skin), (128, 128, 1)) for skin in skins)
    return lit(frozen(np.ones((256, 256, 3))), source, target, tones, ATLAS, amount)


INNER = cv2.erode(EYES.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0


def test_like_whites_leave_the_eye_as_it_was_whatever_the_skins():
    source = face(LIGHT)
    out = swapped(source, face(DARK))
    np.testing.assert_allclose(out[INNER], source.colour[INNER], atol=0.02)
    beside = ~cv2.dilate(EYES.astype(np.uint8), np.ones((13, 13), np.uint8)).astype(bool)
    assert out[beside].min() > 0.99


def test_whites_take_the_others_tint_and_come_near_their_lightness_and_irises_stay():
    source = face(LIGHT)
    out = swapped(source, face(DARK, (40, 4, 20)))
    white, iris = (lab(out, INNER & where) for where in (~IRIS, IRIS))
    assert white[0] == pytest.approx(42, abs=0.5)  # no less than 0.7 of its own
    assert white[1:] == pytest.approx([4, 20], abs=0.5)
    assert iris[0] == pytest.approx(18, abs=0.5)  # a third as light, it moves by a third of that


def test_whites_that_are_darker_in_the_tone_of_the_skin_come_up_and_brown_stays_brown():
    tones = tuple(np.tile(rgb(skin), (128, 128, 1)) for skin in (LIGHT, DARK))
    toned = np.where(IRIS[..., None], rgb((5, 2, 3)), rgb((40, 4, 6)))
    out = lit(frozen(toned), face(LIGHT), face(DARK, (50, 4, 6)), tones, ATLAS)
    white, iris = (lab(out, INNER & where) for where in (~IRIS, IRIS))
    assert white[0] == pytest.approx(50, abs=0.5)
    assert 5 + 4 < iris[0] < 18 - 4  # darker than its own 18, but not the black of the toned one


def mixed(share):
    """A dark face whose lower lids are as much white of the eye as `share` says."""
    source = face(DARK)
    lid = cv2.dilate(EYES.astype(np.uint8), np.ones((5, 1), np.uint8)).astype(bool) & ~EYES
    colour = source.colour.copy()
    colour[lid] = rgb(share * np.float32(WHITE) + (1 - share) * np.float32(DARK))
    return replace(source, colour=frozen(colour)), lid


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_no_lid_of_dark_skin_glows_on_light_skin(share):
    """Relighting made white of what is lighter than dark skin: all is white here."""
    source, lid = mixed(share)
    out = swapped(source, face(LIGHT, (65, 4, 6)), (DARK, LIGHT))
    lightest = cv2.cvtColor(out[lid][None], cv2.COLOR_RGB2Lab)[0, :, 0].max()
    assert lightest <= LIGHT[0] + 6 + 0.5
    if share == 1:
        assert lab(out, lid) == pytest.approx([65, 4, 6], abs=1.5)


def test_a_lid_as_light_as_it_was_is_no_glow():
    source = mixed(0.5)[0]
    out = lit(source.colour, source, source, (np.tile(rgb(DARK), (128, 128, 1)),) * 2, ATLAS)
    np.testing.assert_allclose(out, source.colour, atol=0.02)


def test_light_from_one_side_comes_over():
    """Whites of 47.5 in the mean and 12.5 off it: 10 of that are free."""
    out = swapped(face(LIGHT), face(DARK, WHITE, left=(35, 4, 6)))
    right, left = (lab(out, INNER & ~IRIS & half)[0] for half in (~LEFT, LEFT))
    assert right == pytest.approx(47.5 + 2.5, abs=0.5)
    assert left == pytest.approx(47.5 - 2.5, abs=0.5)


def test_black_stays_black_and_reflections_stay_bright():
    source = face(LIGHT, iris=(0, 0, 0))
    colour = source.colour.copy()
    rows, columns = (round(at.mean()) for at in np.nonzero(IRIS & LEFT))
    colour[rows - 1 : rows + 2, columns - 1 : columns + 2] = rgb((98, 0, 0))
    out = swapped(replace(source, colour=frozen(colour)), face(DARK, (80, 4, 6)))
    assert lab(out, INNER & IRIS)[0] < 1
    assert out[rows, columns].min() > 0.9


def test_a_grey_photograph_takes_the_colours():
    out = swapped(face(LIGHT, iris=(40, 0, -25)), face(GREY, (60, 0, 0)), (LIGHT, GREY))
    chroma = np.ptp(out[INNER], axis=1)
    assert chroma.max() < 0.02


def test_the_other_eye_tells_the_light_where_one_is_closed():
    target = face(DARK, (40, 4, 6))
    closed = target.parts.copy()
    closed[LEFT[0][None].repeat(256, 0), PARTS.index("eyes")] = 0
    out = swapped(face(LIGHT), replace(target, parts=frozen(closed)))
    right, left = (lab(out, INNER & ~IRIS & half)[0] for half in (~LEFT, LEFT))
    assert left == pytest.approx(right, abs=0.5)
    assert left < 46


@pytest.mark.parametrize("lost", ["parts", "confidence", "open"])
def test_a_source_without_eyes_stays(lost):
    source = face(LIGHT)
    colour = frozen(np.ones((256, 256, 3)))
    if lost == "parts":
        source = replace(source, parts=None)
    elif lost == "confidence":
        source = replace(source, confidence=frozen(np.zeros((256, 256))))
    else:
        source = replace(source, parts=frozen(np.zeros_like(source.parts)))
    np.testing.assert_array_equal(swapped(source, face(DARK)), colour)


def test_a_target_without_eyes_leaves_them_in_their_own_light():
    source, target = face(LIGHT), face(DARK, (40, 4, 6))
    target = replace(target, parts=frozen(np.zeros_like(target.parts)))
    out = swapped(source, target)
    np.testing.assert_allclose(out[INNER], source.colour[INNER], atol=0.02)


def test_half_the_amount_is_half_the_way():
    lightness = [
        lab(swapped(face(LIGHT), face(DARK, (44, 4, 6)), amount=amount), INNER & ~IRIS)[0]
        for amount in (0.0, 0.5, 1.0)
    ]
    assert lightness[0] == pytest.approx(60, abs=0.5)
    assert lightness[1] == pytest.approx((lightness[0] + lightness[2]) / 2, abs=0.5)
