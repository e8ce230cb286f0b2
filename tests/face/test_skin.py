from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facelab import atlas as atlases
from facelab.face.skin import SIZE, extended_outward, features, fringe, learn, smooth
from facelab.types import Texture
from tests.synthetic import ATLAS, DARK, SKIN, frozen, noise, painted, patch, plain, texture

FEW = settings(max_examples=15, deadline=None)
UNITS = st.floats(0, 1, width=32)
FACE = ATLAS.region("face", SIZE) == 1
FOREHEAD = ((0.15, 0.24), (0.4, 0.6))
TONES = st.tuples(*[st.floats(0.1, 0.9)] * 3)


def rows_of(name):
    """First and last row of a region's contour, at the side of the skin's maps."""
    v = ATLAS.uv[list(atlases.CONTOURS[name][0]), 1] * SIZE / ATLAS.size
    return round(float(v.min())), round(float(v.max()))


# --- Learning ----------------------------------------------------------------------------------


@FEW
@given(TONES, st.floats(0.2, 1))
def test_one_colour_is_its_own_tone_and_all_skin(colour, confidence):
    skin = learn(texture(256, colour, confidence), ATLAS)
    np.testing.assert_allclose(skin.tone, plain((SIZE, SIZE), colour), atol=2e-3)
    np.testing.assert_allclose(skin.likelihood, skin.seen, atol=2e-3)
    np.testing.assert_allclose(skin.seen, confidence, atol=1e-6)
    assert not skin.not_skin.any()


def test_patch_on_the_forehead_is_other_and_its_tone_skin():
    hidden = patch(256, *FOREHEAD)
    skin = learn(painted(texture(), hidden, DARK), ATLAS)
    small = patch(SIZE, *FOREHEAD)
    assert skin.not_skin[small].mean() > 0.9
    assert not skin.not_skin[SIZE // 2 :].any()
    np.testing.assert_allclose(skin.tone, plain((SIZE, SIZE), SKIN), atol=0.03)


def test_half_dark_face_keeps_both_halves():
    dark = np.arange(256)[None, :].repeat(256, 0) > 128
    shaded = painted(texture(), dark, np.float32(SKIN) * 0.45)
    skin = learn(shaded, ATLAS)
    cheeks = patch(SIZE, (0.5, 0.6), (0.2, 0.35)), patch(SIZE, (0.5, 0.6), (0.65, 0.8))
    lit, unlit = (skin.tone[cheek].mean(axis=0) for cheek in cheeks)
    np.testing.assert_allclose(lit, SKIN, atol=0.1)
    np.testing.assert_allclose(unlit, np.float32(SKIN) * 0.45, atol=0.1)
    assert skin.not_skin[cheeks[0] | cheeks[1]].mean() < 0.1


def test_what_was_not_seen_is_neither_skin_nor_other():
    unseen = patch(256, (0, 1), (0, 0.4))
    colour = painted(texture(), unseen, (0, 1, 0)).colour
    skin = learn(Texture(colour, frozen(~unseen)), ATLAS)
    small = patch(SIZE, (0, 1), (0, 0.38))
    assert not skin.likelihood[small].any()
    assert not skin.not_skin[small].any()
    np.testing.assert_allclose(skin.tone[FACE], plain((SIZE, SIZE), SKIN)[FACE], atol=0.05)


@pytest.mark.parametrize("size", [64, 128, 300])
def test_maps_have_one_side_whatever_the_texture(size):
    skin = learn(texture(size), ATLAS)
    assert skin.tone.shape == (SIZE, SIZE, 3)
    assert {skin.tone.dtype, skin.likelihood.dtype, skin.not_skin.dtype} == {np.dtype(np.float32)}
    assert 0 <= skin.not_skin.min() <= skin.not_skin.max() <= 1


@FEW
@given(st.integers(0, 99))
def test_any_texture_has_a_tone_in_range(seed):
    colour = noise(SIZE, SIZE, seed)
    skin = learn(Texture(colour, frozen(noise(SIZE, SIZE, seed + 1)[..., 0])), ATLAS)
    assert 0 <= skin.tone.min() <= skin.tone.max() <= 1
    assert skin.likelihood.min() >= 0
    assert (skin.likelihood <= skin.seen + 1e-6).all()


def test_smooth_drops_detail_and_keeps_what_varies_slowly():
    v, u = np.indices((SIZE, SIZE)) / SIZE
    slow = np.dstack([0.5 + 0.2 * u, 0.5 - 0.2 * v, 0 * u + 0.4]).astype(np.float32)
    detail = 0.1 * (noise(SIZE, SIZE) - 0.5)
    out = smooth(slow + detail, np.ones((SIZE, SIZE), np.float32))
    inside = slice(30, -30)
    np.testing.assert_allclose(out[inside, inside], slow[inside, inside], atol=0.015)


def test_smooth_leaves_out_what_has_no_weight():
    hidden = patch(SIZE, (0.4, 0.6), (0.4, 0.6))
    values = np.where(hidden[..., None], np.float32(9), plain((SIZE, SIZE), SKIN))
    out = smooth(values, (~hidden).astype(np.float32))
    # Cells at the patch's edge hold both, each by its weight.
    np.testing.assert_allclose(out, plain((SIZE, SIZE), SKIN), atol=1e-3)


def test_features_hold_eyes_brows_and_lips_with_room_around():
    mask = features(ATLAS, SIZE)
    for name in ("eyes", "brows", "lips"):
        region = ATLAS.region(name, SIZE)
        assert (mask >= region - 1e-6).all()
    assert mask.sum() > 1.2 * sum(ATLAS.region(n, SIZE).sum() for n in ("eyes", "brows", "lips"))
    cheeks = patch(SIZE, (0.55, 0.62), (0.2, 0.3)) | patch(SIZE, (0.55, 0.62), (0.7, 0.8))
    assert not mask[cheeks].any()


# --- Hair --------------------------------------------------------------------------------------


def found(*patches):
    return frozen(np.any([patch(SIZE, *one) for one in patches], axis=0))


def test_hair_goes_on_to_the_rim_above_and_at_the_temples():
    out = extended_outward(found(((0.2, 0.24), (0.45, 0.55))), ATLAS)
    above = patch(SIZE, (0, 0.24), (0.46, 0.54))
    assert out[above].all()
    assert not out[rows_of("brows")[0] + 2 :].any()
    temple = ((0.36, 0.4), (0.14, 0.2))
    out = extended_outward(found(temple), ATLAS)
    assert out[patch(SIZE, (0.365, 0.395), (0, 0.2))].all()
    assert not out[:, SIZE // 4 :].any()


def test_hair_does_not_go_on_below_the_eyes():
    cheek = found(((0.6, 0.65), (0.2, 0.3)))
    np.testing.assert_array_equal(extended_outward(cheek, ATLAS), cheek)


def test_specks_are_no_hair():
    specks = np.zeros((SIZE, SIZE), np.float32)
    specks[10:100:9, 8:120:9] = 1
    assert not extended_outward(frozen(specks), ATLAS).any()


@FEW
@given(arrays(np.float32, (8, 8), elements=UNITS))
def test_outward_only_adds_and_is_symmetric(coarse):
    other = frozen(np.kron(coarse, np.ones((16, 16))))
    out = extended_outward(other, ATLAS)
    assert (out >= other).all()
    np.testing.assert_array_equal(extended_outward(frozen(other[:, ::-1]), ATLAS), out[:, ::-1])


def brow(name):
    column, row = ATLAS.uv[list(atlases.CONTOURS[name][0])].mean(axis=0) / ATLAS.size
    return (row - 0.03, row + 0.02), (column - 0.08, column + 0.08)


def test_fringe_reaches_a_brow_only_when_joined():
    rows, columns = brow("right brow")
    hair = ((0, 0.15), (0, 1))
    strand = ((0.15, rows[0] + 0.01), (columns[0] + 0.05, columns[0] + 0.09))
    brows = found((rows, columns)) > 0
    apart, joined = found(hair, (rows, columns)), found(hair, strand, (rows, columns))
    assert not fringe(found(hair), apart, ATLAS)[brows].any()
    reached = fringe(found(hair), joined, ATLAS) > 0
    below = found((rows, strand[1])) > 0
    assert reached[below].all()
    assert reached[found(strand) > 0].all()
    assert not reached[joined == 0].any()


def test_a_brow_that_touches_hair_at_the_temple_stays():
    rows, columns = brow("right brow")
    temple = ((0, 0.5), (0, columns[0] + 0.01))
    other = found(temple, (rows, columns))
    reached = fringe(found(temple), other, ATLAS)
    inner = found((rows, (columns[0] + 0.07, columns[1]))) > 0
    assert not reached[inner].any()
    assert reached[found(temple) > 0][: SIZE // 8].all()


def test_fringe_ends_at_the_eyes():
    everywhere = found(((0, 1), (0, 1)))
    reached = fringe(found(((0, 0.2), (0, 1))), everywhere, ATLAS)
    eyes = rows_of("right eye")[0]
    assert reached[:eyes].all()
    assert not reached[rows_of("right eye")[1] :].any()


def test_no_hair_no_fringe():
    assert not fringe(found(), found(((0, 1), (0, 1))), ATLAS).any()
