from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.constants import PARTS
from facelab.face import relight as relighting
from facelab.face.relight import relight
from facelab.face.skin import SIZE
from facelab.face.strands import Strands, strands
from facelab.numerics.smoothing import resized
from facelab.types import Texture
from tests.synthetic import ATLAS, frozen, noise, plain

FEW = settings(max_examples=20, deadline=None)
CHANNELS = st.tuples(*[st.floats(0.05, 0.95)] * 3)
GREYS = st.floats(0.1, 0.95)
LIGHT = (0.85, 0.68, 0.58)


def tone(colour):
    return plain((SIZE, SIZE), colour)


def lightness(colour):
    return cv2.cvtColor(np.ascontiguousarray(colour, np.float32), cv2.COLOR_RGB2Lab)[..., 0]


def grey(level):
    """The colour of a lightness, RGB."""
    lab = np.float32([[[level, 0, 0]]])
    return cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)[0, 0]


def moved(level, own, wanted, hair=None):
    """Where a lightness goes, from one grey tone to another."""
    fields = tone(grey(own)), tone(grey(wanted))
    return float(lightness(relight(plain((SIZE, SIZE), grey(level)), *fields, hair))[0, 0])


def brow(darkest):
    whole = frozen(np.ones((256, 256), np.float32))
    return Strands(whole, whole, whole, darkest)


@FEW
@given(st.integers(0, 999), st.sampled_from([64, 128, 256, 300]), st.floats(0, 60))
def test_equal_tones_leave_the_colour_bit_for_bit(seed, size, darkest):
    colour, own = noise(size, size, seed), noise(SIZE // 2, SIZE // 2, seed + 1)
    for hair in (None, brow(darkest)):
        np.testing.assert_array_equal(relight(colour, own, own.copy(), hair), colour)


@FEW
@given(CHANNELS, CHANNELS)
def test_tone_itself_becomes_the_wanted_tone(own, wanted):
    out = relight(plain((256, 256), own), tone(own), tone(wanted))
    np.testing.assert_allclose(out, plain((256, 256), wanted), atol=5e-3)
    assert out.dtype == np.float32


@FEW
@given(GREYS, GREYS)
def test_black_and_white_stay_the_darkest_and_lightest(own, wanted):
    black = relight(plain((128, 128), (0, 0, 0)), tone([own] * 3), tone([wanted] * 3))
    white = relight(plain((128, 128), (1, 1, 1)), tone([own] * 3), tone([wanted] * 3))
    assert black.max() < 1e-4
    assert (white >= np.float32(wanted) - 1e-5).all()


@FEW
@given(GREYS, GREYS, st.none() | st.floats(0, 40))
def test_order_of_lightness_is_kept(own, wanted, darkest):
    steps = np.linspace(0, 1, SIZE, dtype=np.float32)
    colour = frozen(np.broadcast_to(steps[:, None, None], (SIZE, SIZE, 3)))
    hair = None if darkest is None else brow(darkest)
    out = relight(colour, tone([own] * 3), tone([wanted] * 3), hair)
    assert (np.diff(out.mean(axis=2)[:, 0]) >= -5e-3).all()  # OpenCV's tables are no finer
    assert out.min() >= 0
    assert out.max() <= 1


@pytest.mark.parametrize(("own", "wanted"), [(30, 75), (75, 30), (50, 55)])
@pytest.mark.parametrize("step", [-2, 2])
def test_contrast_at_the_tone_is_bounded_both_ways(own, wanted, step):
    change = (moved(own + step, own, wanted) - wanted) / step
    assert 0.55 < change < 1.45  # the plain ratio of the tones is 2.5 and 0.4


@pytest.mark.parametrize("size", [200, 256, 300, 800])
@pytest.mark.parametrize("darkest", [None, 20.0])
def test_strips_are_parts_of_the_whole(size, darkest, monkeypatch):
    colour = noise(size, size, 1)
    own, wanted = (cv2.GaussianBlur(noise(SIZE, SIZE, seed), (0, 0), 8) for seed in (2, 3))
    hair = None if darkest is None else brow(darkest)
    apart = relight(colour, own, wanted, hair)
    monkeypatch.setattr(relighting, "_STRIP", size)
    np.testing.assert_allclose(apart, relight(colour, own, wanted, hair), atol=2e-5)


@pytest.mark.parametrize("size", [256, 300, 801, 832])
def test_windows_are_enlarged_as_whole_maps_are(size):
    planes = tuple(np.ascontiguousarray(noise(256, 256, seed)[..., 0]) for seed in (1, 2))
    whole = [resized(plane, size) for plane in planes]
    parts = slice(0, 64), slice(70, 75), slice(size - 3, size)
    for window in itertools.product(parts, parts):
        for plane, all_of_it in zip(relighting._enlarged(planes, window, size), whole, strict=True):
            np.testing.assert_allclose(plane, all_of_it[window], atol=2e-5)


@pytest.mark.parametrize("size", [300, 640])
def test_what_is_far_beside_the_face_stays_and_the_rest_is_as_without_an_atlas(size):
    colour = noise(size, size, 1)
    whole, part = (
        relight(colour, tone(LIGHT), tone((0.4, 0.3, 0.2)), atlas=atlas) for atlas in (None, ATLAS)
    )
    face = cv2.dilate(ATLAS.region("face", size), np.ones((5, 5), np.uint8)) > 0
    np.testing.assert_allclose(part[face], whole[face], atol=2e-5)
    np.testing.assert_array_equal(part[:4, :4], colour[:4, :4])


@pytest.mark.parametrize("size", [640, 802])
def test_bare_skin_is_moved_as_strands_are(size):
    """Half the grid, for skin, against the whole of it."""
    relief = 0.02 * cv2.GaussianBlur(noise(size, size, 1) - 0.5, (0, 0), 1.5)
    colour = np.float32(LIGHT) + relief
    empty = frozen(np.zeros((256, 256), np.float32))
    bare = Strands(empty, empty, empty, 20.0)
    for wanted in ((0.4, 0.3, 0.2), (0.95, 0.8, 0.75)):
        tones = tone(LIGHT), tone(wanted)
        exact = relight(colour, *tones)
        np.testing.assert_allclose(relight(colour, *tones, bare), exact, atol=0.6 / 255)


def test_strands_are_moved_texel_by_texel():
    """A line one texel wide keeps its own colour, whatever lies beside it."""
    size = 640
    colour = plain((size, size), LIGHT).copy()
    colour[300] = 0.1
    whole, none = (frozen(np.full((256, 256), level, np.float32)) for level in (1, 0))
    case = tone(LIGHT), tone((0.95, 0.8, 0.75)), Strands(whole, whole, none, 10.0)
    alone = relight(plain((size, size), (0.1, 0.1, 0.1)), *case)
    np.testing.assert_array_equal(relight(colour, *case)[300], alone[300])


def test_a_fainter_highlight_keeps_more_of_the_skins_colour():
    """On darker skin the same highlight comes to lie farther from white."""
    own, shine = (80.0, 10, 14), (95.0, 4, 5)
    left = []
    for wanted in ((84.0, 10, 29), (60.0, 10, 29)):
        colours = (np.clip(cv2.cvtColor(np.float32([[one]]), cv2.COLOR_Lab2RGB), 0, 1)[0, 0]
                   for one in (shine, own, wanted))  # fmt: skip
        colour, *tones = colours
        out = relight(plain((256, 256), colour), *(tone(one) for one in tones))
        left.append(cv2.cvtColor(out, cv2.COLOR_RGB2Lab)[0, 0, 2])
    assert left[1] > left[0] + 2


def test_dark_hair_stays_dark_on_light_skin_and_skin_beside_it_is_skin():
    assert moved(14, 32, 76, brow(14)) == pytest.approx(14, abs=0.5)
    assert moved(32, 32, 76, brow(14)) == pytest.approx(76, abs=0.5)
    assert moved(23, 32, 76, brow(14)) == pytest.approx(45, abs=0.5)  # half covered, as in a matte
    assert moved(14, 32, 76) > 30  # as skin in shade it would be grey


def test_light_hair_does_not_glow_on_dark_skin():
    assert moved(60, 75, 35, brow(60)) < 35
    assert moved(12, 75, 35, brow(12)) == pytest.approx(12, abs=0.5)


def test_hair_on_darker_skin_is_as_much_darker_and_no_greyer():
    assert moved(45, 75, 40, brow(45)) == pytest.approx(24, abs=0.5)
    light, dark = np.float32([0.9, 0.72, 0.62]), np.float32([0.5, 0.3, 0.2])
    out = relight(plain((SIZE, SIZE), grey(45)), tone(light), tone(dark), brow(45))
    hair, skin = (cv2.cvtColor(one[:1, :1], cv2.COLOR_RGB2Lab)[0, 0] for one in (out, tone(dark)))
    chroma = hair[1:] @ skin[1:] / np.linalg.norm(skin[1:])  # along the skin's colour
    assert chroma / hair[0] == pytest.approx(np.linalg.norm(skin[1:]) / skin[0], rel=0.02)


@pytest.mark.parametrize("tint", [(0.45, 0.36, 0.42), (0.4, 0.38, 0.48)])
def test_hair_is_never_nearer_to_violet_than_the_skin_it_comes_to_lie_on(tint):
    light, dark = np.float32([0.9, 0.72, 0.62]), np.float32([0.5, 0.3, 0.2])
    for own, wanted in ((light, dark), (dark, light)):
        out = relight(plain((SIZE, SIZE), np.float32(tint)), tone(own), tone(wanted), brow(30))
        (_, *hair), (_, *skin) = (
            cv2.cvtColor(one[:1, :1], cv2.COLOR_RGB2Lab)[0, 0] for one in (out, tone(wanted))
        )
        assert np.arctan2(*hair[::-1]) > np.arctan2(*skin[::-1]) - 0.02


def test_hair_on_lighter_skin_is_no_greyer_but_eyes_stay_white():
    """Sparse brows of dark skin are hardly darker than it, and are hair all the same."""
    light, dark = np.float32([0.9, 0.72, 0.62]), np.float32([0.5, 0.3, 0.2])
    whole, none = (frozen(np.full((256, 256), value, np.float32)) for value in (1, 0))
    level = lightness(tone(dark))[0, 0]
    found = {}
    for kind, hair in {
        "brow": Strands(none, none, whole, 25.0),
        "eye": Strands(none, whole, none, 25.0),
    }.items():
        out = relight(plain((SIZE, SIZE), grey(level)), tone(dark), tone(light), hair)
        found[kind] = cv2.cvtColor(out[:1, :1], cv2.COLOR_RGB2Lab)[0, 0]
    skin = cv2.cvtColor(tone(light)[:1, :1], cv2.COLOR_RGB2Lab)[0, 0]
    assert np.linalg.norm(found["brow"][1:]) == pytest.approx(np.linalg.norm(skin[1:]), rel=0.05)
    assert np.linalg.norm(found["eye"][1:]) < 0.5 * np.linalg.norm(skin[1:])


def test_what_is_grey_on_yellow_skin_does_not_turn_blue():
    yellow, pink = np.float32([0.75, 0.6, 0.25]), np.float32([0.9, 0.78, 0.74])
    line = relight(plain((128, 128), grey(35)), tone(yellow), tone(pink))
    a, b = cv2.cvtColor(line, cv2.COLOR_RGB2Lab)[0, 0, 1:]
    assert abs(a) < 0.5
    assert abs(b) < 0.5


def drawn(brows, level):
    """A skin-coloured texture with brows of a lightness, and its parts."""
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    parts[..., PARTS.index("brows")] = brows
    parts[..., PARTS.index("skin")] = 1 - brows
    colour = np.where(brows[..., None] > 0, grey(level), np.float32(LIGHT))
    return Texture(
        frozen(np.float32(colour)), frozen(np.ones((256, 256), np.float32)), frozen(parts)
    )


def test_strands_are_as_dark_as_the_brows():
    brows = np.zeros((256, 256), np.float32)
    brows[60:72, 60:100] = 1
    found = strands(drawn(brows, 22))
    assert found.darkest == pytest.approx(22, abs=0.2)
    assert found.hair[66, 80] > 0.95
    assert found.hair[120, 80] == 0
    assert strands(drawn(brows, 60)).grown[66, 80] > 0.95  # hardly darker than the skin
    assert strands(drawn(brows, 60)).hair.max() < 0.05


def test_without_parts_nothing_is_known_of_strands():
    assert strands(Texture(tone(LIGHT), frozen(np.ones((SIZE, SIZE), np.float32)))) is None
