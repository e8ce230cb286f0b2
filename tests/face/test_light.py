from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.face.light import lit_tones, middle
from facelab.face.skin import SIZE, Skin, learn
from facelab.geometry.visibility import normals
from facelab.types import Texture
from tests.synthetic import ATLAS, SKIN, canonical, frozen, plane

FLAT = plane()  # where nothing is shading
WHOLE = frozen(np.ones((SIZE, SIZE), np.float32))


def by_channel(factor):
    factor = np.float32(factor)
    return factor if factor.ndim == 3 else np.broadcast_to(factor, (SIZE, SIZE))[..., None]


def shaded(factor):
    """A texture of one skin under light that varies, and its skin."""
    colour = np.float32(SKIN) * by_channel(factor)
    texture = Texture(frozen(np.clip(colour, 0, 1)), WHOLE)
    tone = learn(texture, ATLAS).tone
    return texture, Skin(tone, WHOLE, WHOLE)


def to_lab(colour):
    return cv2.cvtColor(np.ascontiguousarray(colour), cv2.COLOR_RGB2Lab)


def lightness(colour):
    return to_lab(colour)[..., 0]


def spot(depth, radius, at=(64, 64)):
    v, u = (where - centre for where, centre in zip(np.indices((SIZE, SIZE)), at, strict=True))
    return 1 - depth * np.exp(-(u**2 + v**2) / (2 * radius**2))


def test_equal_faces_have_equal_tones():
    texture, skin = shaded(spot(0.5, 8))
    own, wanted = lit_tones(texture, skin, texture, skin, FLAT)
    np.testing.assert_array_equal(own, wanted)


def test_a_deep_shadow_goes_with_the_tone_and_a_faint_one_stays():
    flat = shaded(1.0)
    followed = []
    for depth in (0.6, 0.08):
        own, _ = lit_tones(*shaded(spot(depth, 8)), *flat, FLAT)
        tone = shaded(spot(depth, 8))[1].tone
        there = (lightness(tone) - lightness(own))[64, 64]
        followed.append(there)
    assert followed[0] > 5
    assert abs(followed[1]) < 0.5


def test_in_another_light_a_shadow_goes_that_would_be_relief():
    """The same dark patch between the features, on a face lit as the target and on another."""
    face = canonical()
    beside = 1 + np.float32(0.5) * normals(face)[::2, ::2, 0]
    patch, left = spot(0.2, 6), []
    for light in (np.ones_like(beside), beside):
        dark, plain = shaded(light * patch), shaded(light)
        target = shaded(1.0)
        own, wanted = zip(*(lit_tones(*one, *target, face) for one in (dark, plain)), strict=True)
        changes = [lightness(b) - lightness(a) for a, b in zip(own, wanted, strict=True)]
        left.append((changes[0] - changes[1])[64, 64])
    assert left[1] > left[0] + 2


@pytest.mark.parametrize(("at", "goes"), [((64, 64), 0), ((90, 28), 0.5), ((22, 64), 0.9)])
@pytest.mark.parametrize("depth", [0.3, -0.3])
def test_only_dark_patches_around_the_features_are_shadow(at, goes, depth):
    """Beside the mouth and on the forehead; relief between the features and highlights stay."""
    texture, skin = shaded(spot(depth, 5, at))
    own, _ = lit_tones(texture, skin, *shaded(1.0), FLAT)
    followed = (lightness(own) - lightness(skin.tone))[at]
    whole = (middle(texture, skin)[0][..., 0] - lightness(skin.tone))[at]
    if depth > 0 and goes:
        assert followed / whole > goes
    else:
        assert abs(followed / whole) < 0.2


def test_blush_is_the_targets():
    """A patch of another colour does not stay, however faint, and the target's takes its place."""
    red = np.ones((SIZE, SIZE, 3), np.float32)
    red[50:78, 50:78] = 1.04, 0.97, 0.97
    flat, blushed = shaded(1.0), shaded(red)
    for source, target in ((blushed, flat), (flat, blushed)):
        own, wanted = lit_tones(*source, *target, FLAT)
        for tone, (texture, _) in ((own, source), (wanted, target)):
            difference = to_lab(tone) - to_lab(texture.colour)
            assert np.abs(difference[60:68, 60:68, 1:]).max() < 0.5


@pytest.mark.parametrize(("lightness", "stays"), [(1.0, True), (0.4, False)])
def test_paint_on_lids_is_the_persons_but_not_in_deep_shade(lightness, stays):
    """A rim around the eyes of another colour stays on the face that has it, and only there."""
    eyes = ATLAS.region("eyes", SIZE)
    rim = cv2.dilate(eyes, np.ones((9, 9), np.uint8))[..., None] > 0
    paint = np.where(rim, np.float32([0.9, 1.0, 1.2]) * lightness, 1).astype(np.float32)
    plain, painted = shaded(1.0), shaded(paint)
    inside = eyes > 0.9
    for source, target in ((painted, plain), (plain, painted)):
        own, wanted = lit_tones(*source, *target, FLAT)
        change = (to_lab(wanted) - to_lab(own))[inside]
        broad = (to_lab(target[1].tone) - to_lab(source[1].tone))[inside]
        apart = (middle(*target)[0] - middle(*source)[0])[inside]
        moved, whole = (np.abs(one[:, 1:]).mean() for one in (change - broad, apart - broad))
        assert whole > 2
        assert (moved < 0.3 * whole) == stays


@pytest.mark.parametrize(("confidence", "stays"), [(1.0, True), (0.2, False)])
def test_a_faint_shadow_is_the_persons_only_where_it_was_seen_well(confidence, stays):
    texture, skin = shaded(spot(0.08, 8))
    seen = Skin(skin.tone, WHOLE, frozen(WHOLE * np.float32(confidence)))
    own, _ = lit_tones(texture, seen, *shaded(1.0), FLAT)
    left = (lightness(own) - lightness(skin.tone))[64, 64]
    assert (abs(left) < 0.5) == stays


def test_broad_shadow_goes_though_it_is_faint():
    across = np.linspace(0.9, 1.1, SIZE)
    own, wanted = lit_tones(*shaded(across), *shaded(1.0), FLAT)
    change = lightness(wanted) - lightness(own)
    assert change[64, 24] > 1
    assert change[64, 104] < -1


def test_a_line_is_no_light():
    """A fold as narrow as three texels is the person's, however dark."""
    factor = np.ones((SIZE, SIZE))
    factor[64:67] = 0.3
    texture, skin = shaded(factor)
    left = middle(texture, skin)[0][..., 0] - lightness(skin.tone)
    line = lightness(texture.colour) - lightness(skin.tone)
    assert np.abs(left[64:67, 30:98]).max() < np.abs(line[64:67, 30:98]).min() * 0.25


def test_the_edge_of_a_half_dark_face_is_kept():
    factor = np.ones((SIZE, SIZE))
    factor[:, 64:] = 0.4
    texture, skin = shaded(factor)
    restored = middle(texture, skin)[0][..., 0]
    step = restored[64, 58] - restored[64, 70]
    whole = lightness(texture.colour)[64, 30] - lightness(texture.colour)[64, 98]
    assert step == pytest.approx(whole, rel=0.1)
    assert lightness(skin.tone)[64, 58] - lightness(skin.tone)[64, 70] < 0.6 * whole


def test_tones_stay_where_either_hides_its_skin():
    texture, _ = shaded(spot(0.6, 8))
    hidden = Skin(shaded(0.8)[1].tone, frozen(np.zeros((SIZE, SIZE), np.float32)), WHOLE)
    own, wanted = lit_tones(texture, hidden, *shaded(1.0), FLAT)
    np.testing.assert_allclose(own, hidden.tone, atol=3e-3)
    np.testing.assert_allclose(wanted, shaded(1.0)[1].tone, atol=3e-3)
