"""Lips are lit as lips: near those that were there, and the person's own as far as that goes."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.constants import PARTS
from facelab.face import lip_colour
from facelab.face.lip_colour import relit
from facelab.types import Texture
from tests.synthetic import ATLAS, frozen

SIDE = 256
LIPS = np.zeros((SIDE, SIDE), np.float32)
LIPS[160:190, 90:160] = 1
MIDDLE = slice(165, 185), slice(95, 155)
CORNER = slice(170, 180), slice(80, 88)
LIGHT, DARK = (0.85, 0.65, 0.55), (0.4, 0.25, 0.2)
ROSY, BROWN, PALE = (0.8, 0.4, 0.4), (0.3, 0.17, 0.17), (0.65, 0.42, 0.42)


def face(skin, lips):
    colour = np.where(LIPS[..., None] > 0, np.float32(lips), np.float32(skin))
    parts = np.zeros((SIDE, SIDE, len(PARTS)), np.float32)
    parts[..., PARTS.index("lips")], parts[..., PARTS.index("skin")] = LIPS, 1 - LIPS
    return Texture(frozen(colour), frozen(np.ones((SIDE, SIDE))), frozen(parts))


def field(skin):
    return np.full((128, 128, 3), skin, np.float32)


def lab(colour):
    return cv2.cvtColor(np.float32(colour), cv2.COLOR_RGB2Lab)


def lit(source, target, tone=1.0):
    """Lips of a source (skin, lips) on a target, its skin being relit exactly."""
    first, second = face(*source), face(*target)
    mixed = np.float32(source[0]) + np.float32(tone) * (np.float32(target[0]) - source[0])
    colour = np.where(LIPS[..., None] > 0, first.colour, np.float32(mixed))
    return relit(colour, first, second, field(source[0]), field(target[0]), ATLAS, tone)


def one(colour):
    return lab(np.float32(colour)[None, None])[0, 0]


colours = st.tuples(*[st.floats(0.375, 0.75, width=32)] * 3)


@settings(max_examples=25)
@given(colours, colours, colours, colours)
def test_no_lips_are_far_from_those_that_were_there(skin, lips, other_skin, other_lips):
    out = lab(lit((skin, lips), (other_skin, other_lips)))[MIDDLE]
    away = out - one(other_lips)
    assert away[..., 0].min() > -9.5
    assert away[..., 0].max() < 6.5
    assert np.linalg.norm(away[..., 1:], axis=2).max() < 12.5


@settings(max_examples=25)
@given(colours, colours)
def test_own_face_stays(skin, lips):
    np.testing.assert_allclose(lit((skin, lips), (skin, lips)), face(skin, lips).colour, atol=2e-3)


def test_pale_lips_of_a_dark_face_do_not_glow_on_a_light_one():
    out = lab(lit((DARK, PALE), (LIGHT, ROSY)))[MIDDLE]
    assert one(DARK)[0] < one(PALE)[0]
    assert out[..., 0].max() < one(LIGHT)[0]
    assert out[..., 0].min() > one(ROSY)[0]  # and still are the lighter ones


def test_a_small_difference_is_the_persons():
    darker = np.float32(ROSY) - np.float32(0.02)
    away = lab(lit((LIGHT, darker), (LIGHT, ROSY)))[MIDDLE].mean(axis=(0, 1)) - one(ROSY)
    assert away[0] == pytest.approx((one(darker) - one(ROSY))[0], abs=0.2)


def test_violet_lips_of_a_dark_face_are_not_so_on_a_light_one():
    violet = (0.45, 0.28, 0.33)
    hue = [np.arctan2(*one(lips)[:0:-1]) for lips in (violet, ROSY)]
    out = lab(lit((DARK, violet), (LIGHT, ROSY)))[MIDDLE].mean(axis=(0, 1))
    assert hue[0] < hue[1] - 0.3
    assert np.arctan2(out[2], out[1]) == pytest.approx(hue[1], abs=0.02)


def test_rosy_lips_of_a_light_face_are_not_crimson_on_a_dark_one():
    out = lab(lit((LIGHT, ROSY), (DARK, BROWN)))[MIDDLE].mean(axis=(0, 1))
    chroma = [np.linalg.norm(colour[1:]) for colour in (one(BROWN), out, one(ROSY))]
    assert chroma[1] == pytest.approx(chroma[0], rel=0.02)
    assert chroma[1] < chroma[2]


def test_skin_stays_but_for_the_corners():
    out = lit((LIGHT, ROSY), (DARK, BROWN))
    np.testing.assert_allclose(out[LIPS == 0], np.full_like(out[LIPS == 0], DARK), atol=2e-3)


def test_relief_has_the_strength_of_the_targets():
    """Creases of half the strength on the target's lips, across them."""
    waves = np.sin(np.arange(SIDE) * 1.3)[None, :, None] * LIPS[..., None]
    source, target = face(LIGHT, ROSY), face(LIGHT, ROSY)
    strong, weak = (
        replace(one, colour=frozen(one.colour + np.float32(much) * waves))
        for one, much in ((source, 0.06), (target, 0.045))
    )
    out = relit(strong.colour, strong, weak, field(LIGHT), field(LIGHT), ATLAS)
    spread = [lab(image)[MIDDLE][..., 0].std() for image in (out, weak.colour, strong.colour)]
    assert spread[0] == pytest.approx(spread[1], rel=0.1)
    assert spread[0] < 0.85 * spread[2]


def test_a_corner_is_no_darker_than_the_targets():
    """The dark in which a smile ends, beside lips that do not smile."""
    dark = face(DARK, BROWN)
    shaded = dark.colour.copy()
    shaded[CORNER] = (0.2, 0.12, 0.1)
    source, target = replace(dark, colour=frozen(shaded)), face(LIGHT, ROSY)
    skin = np.where(LIPS[..., None] > 0, dark.colour, np.float32(LIGHT))
    skin[CORNER] = 0.1
    out = lab(relit(skin, source, target, field(DARK), field(LIGHT), ATLAS))
    depth = one(LIGHT)[0] - out[CORNER][..., 0]
    np.testing.assert_array_less(depth, one(LIGHT)[0] - one(ROSY)[0] + 3)


def test_the_hair_of_a_moustache_stays_dark():
    bearded, target = face(LIGHT, ROSY), face(LIGHT, ROSY)
    hair = (slice(152, 158), slice(90, 160))
    colour, parts = bearded.colour.copy(), bearded.parts.copy()
    colour[hair], parts[hair] = 0.1, 0
    parts[(*hair, PARTS.index("beard"))] = 1
    bearded = replace(bearded, colour=frozen(colour), parts=frozen(parts))
    out = relit(colour, bearded, target, field(LIGHT), field(LIGHT), ATLAS)
    np.testing.assert_allclose(out[hair], 0.1, atol=0.02)


def test_no_pale_ring_around_lips():
    """The ridge around a dark face's lips, which a light skin's curve takes far up."""
    ridge = (cv2.dilate(LIPS, np.ones((5, 5))) > 0) & (LIPS == 0)
    source, target = face(DARK, BROWN), face(LIGHT, ROSY)
    skin = np.where(LIPS[..., None] > 0, source.colour, np.float32(LIGHT))
    skin[ridge] = 0.95
    own = source.colour.copy()
    own[ridge] = np.float32(DARK) + 0.05
    out = lab(
        relit(skin, replace(source, colour=frozen(own)), target, field(DARK), field(LIGHT), ATLAS)
    )
    assert lab(skin)[ridge][:, 0].min() > one(LIGHT)[0] + 15
    assert out[ridge][:, 0].max() < one(LIGHT)[0] + 3


def test_glints_are_as_bright_as_the_targets():
    source, target = face(LIGHT, ROSY), face(LIGHT, ROSY)
    lips = np.indices((SIDE, SIDE)).transpose(1, 2, 0)
    glint = np.hypot(*(lips - (184, 125)).transpose(2, 0, 1)) < 4
    bright, faint = (np.where(glint[..., None], np.float32(up), source.colour) for up in (1, 0.6))
    shiny, matt = (
        replace(one, colour=frozen(up)) for one, up in ((source, bright), (target, faint))
    )
    out = lab(relit(bright, shiny, matt, field(LIGHT), field(LIGHT), ATLAS))
    off = [lab(colour)[glint][:, 0].mean() - one(ROSY)[0] for colour in (faint, bright)]
    assert out[glint][:, 0].mean() - one(ROSY)[0] < max(off[0], 0.5 * off[1])


def test_a_photograph_without_colour_gets_none():
    grey = (0.6, 0.6, 0.6), (0.45, 0.45, 0.45)
    out = lit((LIGHT, ROSY), grey)[MIDDLE]
    assert np.ptp(out, axis=2).max() < 0.02


@pytest.mark.parametrize("lost", [0, 1])
def test_what_is_not_known_changes_nothing(lost):
    faces = [face(LIGHT, ROSY), face(DARK, BROWN)]
    colour, skins = faces[0].colour, (field(LIGHT), field(DARK))
    faces[lost] = replace(faces[lost], parts=None)
    assert relit(colour, *faces, *skins, ATLAS) is colour
    faces[lost] = replace(face(LIGHT, ROSY), confidence=frozen(np.zeros((SIDE, SIDE))))
    assert relit(colour, *faces, *skins, ATLAS) is colour


def test_blotches_do_not_come_along():
    """A red patch on a lower lip, as a smile and its gloss leave it."""
    source, target = face(LIGHT, ROSY), face(LIGHT, ROSY)
    blotched = source.colour.copy()
    blotched[182:190, 116:132] = (0.75, 0.25, 0.3)
    source = replace(source, colour=frozen(blotched))
    out = lab(relit(blotched, source, target, field(LIGHT), field(LIGHT), ATLAS))
    before, after = (
        np.linalg.norm(one[184:188, 121:127].mean((0, 1)) - one[184:188, 96:102].mean((0, 1)))
        for one in (lab(blotched), out)
    )
    assert before > 12
    assert after < 0.4 * before


def test_a_line_between_lips_is_no_crease():
    """Closed lips have one, and parted ones none: creases stay as strong as they are."""
    row = round(float(ATLAS.slit.upper[:, 1].mean()))
    waves = 0.03 * np.sin(np.arange(SIDE) * 1.3)[None, :, None] * LIPS[..., None]
    parted = face(LIGHT, ROSY)
    parted = replace(parted, colour=frozen(parted.colour + np.float32(waves)))
    closed = parted.colour.copy()
    closed[row - 1 : row + 2, 90:160] = (0.2, 0.1, 0.1)
    source = replace(parted, colour=frozen(closed))
    out = lab(relit(closed, source, parted, field(LIGHT), field(LIGHT), ATLAS))
    beside = slice(183, 188), slice(100, 150)
    assert out[beside][..., 0].std() == pytest.approx(lab(closed)[beside][..., 0].std(), rel=0.1)


def test_half_the_tone_is_half_the_way():
    whole, half = (lab(lit((LIGHT, ROSY), (DARK, BROWN), tone))[175, 125] for tone in (1.0, 0.5))
    np.testing.assert_allclose(half, (whole + one(ROSY)) / 2, atol=0.5)


@pytest.mark.parametrize("size", [192, 300, 512])
def test_any_size(size):
    source, target = face(LIGHT, ROSY), face(DARK, BROWN)
    large = cv2.resize(source.colour, (size, size), interpolation=cv2.INTER_LINEAR)
    seen = np.ones((size, size), np.float32)
    sized = Texture(frozen(large), frozen(seen), source.parts)
    out = relit(sized.colour, sized, target, field(LIGHT), field(DARK), ATLAS)
    whole = relit(source.colour, source, target, field(LIGHT), field(DARK), ATLAS)
    row, column = (round(at * size / SIDE) for at in (175, 125))
    np.testing.assert_allclose(lab(out)[row, column], lab(whole)[175, 125], atol=1)


def test_what_is_slow_needs_no_full_grid(monkeypatch):
    """Lips whose redness changes along them, against the whole grid."""
    wave = 20 * np.sin(np.arange(72) / 8)[None, :, None] * np.ones((64, 1, 3))
    shown = cv2.ellipse(np.zeros((64, 72), np.uint8), (36, 32), (30, 12), 0, 0, 360, 1, -1) > 0

    def smoothed():
        mouth = lip_colour._Mouth(np.float32(wave), np.zeros((64, 72, 3), np.float32), shown)
        return mouth.difference[shown]

    coarse = smoothed()
    monkeypatch.setattr(lip_colour, "_GRID", 100.0)
    np.testing.assert_allclose(coarse, smoothed(), atol=0.5)
    assert np.ptp(coarse) > 10
