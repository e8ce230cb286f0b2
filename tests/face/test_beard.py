"""A beard is there as a whole or not at all."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.atlas import canonical
from facelab.constants import PARTS
from facelab.face.beard import (
    Beard,
    _bearded,
    _cores,
    _evidence,
    _toward_jaw,
    _whole,
    shaved,
    with_shade,
    with_stubble,
    with_whole_beard,
    without_beards,
)
from facelab.numerics.smoothing import resized
from facelab.types import Texture
from tests.synthetic import frozen

ATLAS, SIZE = canonical(), 256
SKIN, BEARD = PARTS.index("skin"), PARTS.index("beard")
ZONES = tuple(_cores(ATLAS))
FACE = ATLAS.region("face", SIZE)


def textured(hair=0.0, where=None, tone=0.7, parsed=0.0, seen=FACE):
    """Skin of one tone, darker by `hair` in every fourth row and column of a mask."""
    where = np.zeros((SIZE, SIZE), np.float32) if where is None else where
    dots = np.zeros((SIZE, SIZE), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            dots[row::5, column::5] = 1
    colour = tone * (1 - hair * dots * where)[..., None] * np.array([1, 0.8, 0.7], np.float32)
    parts = np.zeros((SIZE, SIZE, len(PARTS)), np.float32)
    parts[..., BEARD] = parsed * where
    parts[..., SKIN] = 1 - parts[..., BEARD]
    return Texture(frozen(colour.astype(np.float32)), frozen(seen.copy()), frozen(parts))


def grown(texture):
    return Beard.of(texture, ATLAS).cover


def zone(*names):
    return np.maximum.reduce([_whole(ATLAS)[name] for name in names])


def half(mask):
    out = mask.copy()
    out[:, SIZE // 2 :] = 0
    return out


@pytest.mark.parametrize("tone", [0.2, 0.5, 0.8])
def test_stubble_that_the_parser_does_not_see_is_a_beard_on_any_skin(tone):
    stubbly = textured(0.3, zone("chin", "jaw"), tone)
    np.testing.assert_allclose(grown(stubbly), zone("chin", "jaw"), atol=1e-6)


def test_a_moustache_stands_alone_and_a_jaw_does_not():
    np.testing.assert_allclose(
        grown(textured(0.5, zone("moustache"))), zone("moustache"), atol=1e-6
    )
    assert not grown(textured(0.5, half(_cores(ATLAS)["jaw"]))).any()


def test_half_a_moustache_is_all_of_it_or_none():
    for hair in np.linspace(0, 0.9, 10):
        out = grown(textured(hair, half(zone("moustache"))))
        np.testing.assert_allclose(out, out[:, ::-1], atol=1e-6)
        assert not out.any() or out.max() > 0.99


def test_what_the_parser_sees_has_no_gaps():
    patches = zone("chin", "jaw", "moustache") * (np.arange(SIZE) % 16 < 8)
    out = grown(textured(0.0, patches, parsed=0.9))
    np.testing.assert_allclose(out, zone("chin", "jaw", "moustache"), atol=1e-6)


def test_a_few_texels_of_beard_are_skin():
    speck = np.zeros((SIZE, SIZE), np.float32)
    speck[212:218, 120:126] = 1
    texture = textured(0.0, speck, parsed=1.0)
    beard = Beard.of(texture, ATLAS)
    assert not beard.cover.any()
    assert with_whole_beard(texture, beard).parts[..., SKIN].min() == 1


def test_shadows_and_rough_skin_are_no_beard():
    v, u = np.mgrid[:SIZE, :SIZE].astype(np.float32) / SIZE
    shade = np.clip(1 - np.hypot((u - 0.5) / 0.2, (v - 0.64) / 0.06), 0, 1)
    dark = textured()
    shaded = Texture(dark.colour * (1 - 0.5 * shade)[..., None], dark.confidence, dark.parts)
    assert not grown(shaded).any()
    assert not grown(textured(0.3, np.ones_like(FACE))).any()


def test_an_unseen_side_tells_nothing():
    seen = half(FACE)
    hidden = textured(0.5, zone("moustache", "chin") - half(zone("moustache", "chin")), seen=seen)
    assert not grown(hidden).any()
    shown = textured(0.5, half(zone("moustache", "chin")), seen=seen)
    out = grown(shown)
    np.testing.assert_allclose(out, out[:, ::-1], atol=1e-6)
    assert out[zone("moustache", "chin") > 0.99].min() > 0.99
    unseen = textured(0.5, zone("chin"), seen=np.zeros_like(FACE))
    assert not grown(unseen).any()


def test_a_mirrored_face_has_the_same_beard():
    texture = textured(0.4, half(zone("chin", "moustache")))
    mirrored = Texture(*(np.ascontiguousarray(a[:, ::-1]) for a in (
        texture.colour, texture.confidence, texture.parts)))  # fmt: skip
    one, other = (_evidence(face, ATLAS) for face in (texture, mirrored))
    assert one == pytest.approx(other, rel=0.02)
    np.testing.assert_allclose(grown(mirrored), grown(texture)[:, ::-1], atol=1e-6)


@given(
    st.dictionaries(st.sampled_from(ZONES), st.floats(-1, 3), max_size=3),
    st.sampled_from(ZONES),
    st.floats(0, 2),
)
def test_more_evidence_never_takes_a_beard_away(evidence, name, more):
    stronger = {**evidence, name: evidence.get(name, 0) + more}
    assert _bearded(evidence) <= _bearded(stronger)
    assert "jaw" not in _bearded(evidence) or "chin" in _bearded(evidence)


def test_shares_stay_shares_and_other_parts_as_they_are():
    texture = textured(0.6, zone("chin"), parsed=0.9)
    parts = texture.parts.copy()
    parts[:100, :, PARTS.index("hair")], parts[:100, :, SKIN] = 1, 0
    texture = Texture(texture.colour, texture.confidence, parts)
    out = with_whole_beard(texture, Beard.of(texture, ATLAS)).parts
    np.testing.assert_allclose(out.sum(axis=2), 1, atol=1e-6)
    hair = Beard.of(texture, ATLAS).hair
    assert hair[zone("chin") > 0.9].min() > 0.9
    np.testing.assert_allclose(out[120:, :, BEARD], hair[120:], atol=1e-6)
    others = [i for i in range(len(PARTS)) if i not in (SKIN, BEARD)]
    np.testing.assert_array_equal(out[..., others], parts[..., others])


def test_stubble_reads_as_skin():
    texture = textured(0.0, zone("chin"), parsed=0.5)
    stubble = Beard(zone("chin"), np.zeros_like(FACE))
    assert not with_whole_beard(texture, stubble).parts[..., BEARD].any()


def test_without_parts_nothing_is_known():
    texture = textured(0.9, zone("chin"))
    plain = Texture(texture.colour, texture.confidence)
    beard = Beard.of(plain, ATLAS)
    assert not beard.cover.any() and not beard.dense
    assert with_whole_beard(plain, beard) is plain
    assert shaved(plain, beard, ATLAS) is plain


NONE = Beard(np.zeros_like(FACE), np.zeros_like(FACE))
CHIN = _whole(ATLAS)["chin"]
LIPS = ATLAS.region("lips", SIZE) > 0.99


@pytest.mark.parametrize(
    ("own", "kept"),
    [
        (NONE, NONE.cover),
        (Beard(CHIN, NONE.hair), CHIN * _toward_jaw(ATLAS)),
        (Beard(CHIN, CHIN), CHIN),
        (Beard(CHIN, CHIN / 2), CHIN * np.maximum(_toward_jaw(ATLAS), 0.5)),
    ],
)
def test_what_the_photograph_keeps(own, kept):
    out = 1 - without_beards(np.ones_like(FACE), own, ATLAS)
    away = ATLAS.soft_region("lips", SIZE, 0.02) == 0
    np.testing.assert_allclose(out[away], kept[away], atol=1e-6)
    assert out[LIPS].max() < 0.55  # half, at their edge


@pytest.mark.parametrize(("hair", "parsed"), [(0.3, 0.0), (0.6, 0.2), (0.8, 0.6)])
@pytest.mark.parametrize("tone", [0.3, 0.8])
def test_a_shaven_face_is_bare(hair, parsed, tone):
    where = zone("moustache", "chin", "jaw")
    texture = textured(hair, where, tone, parsed)
    out = shaved(texture, Beard.of(texture, ATLAS), ATLAS)
    assert not grown(out).any()
    core = (where > 0.9) & (ATLAS.soft_region("lips", SIZE, 0.04) == 0) & (FACE > 0)
    bare = textured(tone=tone).colour
    before, after = (np.abs(face.colour - bare)[core].mean() for face in (texture, out))
    assert after < 0.1 * before
    assert out.parts[..., BEARD].max() == 0
    np.testing.assert_allclose(out.parts.sum(axis=2), 1, atol=1e-6)


def test_shaving_leaves_the_rest_as_it_is():
    texture = textured(0.5, zone("moustache"))
    out = shaved(texture, Beard.of(texture, ATLAS), ATLAS)
    away = zone("moustache") == 0
    np.testing.assert_array_equal(out.colour[away], texture.colour[away])
    np.testing.assert_array_equal(out.confidence, texture.confidence)
    bare = textured()
    assert shaved(bare, Beard.of(bare, ATLAS), ATLAS) is bare


def test_a_shaven_face_keeps_its_shape():
    v = np.mgrid[:SIZE, :SIZE][0].astype(np.float32) / SIZE
    fold = (1 - 0.3 * np.exp(-(((v - 0.78) / 0.03) ** 2)))[..., None]
    bearded, bare = textured(0.4, zone("chin")), textured()
    lit = Texture(bearded.colour * fold, bearded.confidence, bearded.parts)
    out = shaved(lit, Beard(CHIN, NONE.hair), ATLAS).colour[:, SIZE // 2]
    assert out[200].mean() < 0.85 * bare.colour[230, 0].mean()
    np.testing.assert_allclose(out[230], bare.colour[230, 0], atol=0.05)


def test_a_full_beard_is_left_out():
    texture = textured(0.8, zone("moustache", "chin", "jaw"), parsed=0.95)
    beard = Beard.of(texture, ATLAS)
    assert beard.full and beard.dense
    out = shaved(texture, beard, ATLAS)
    lips = ATLAS.soft_region("lips", SIZE, 3 / 256)
    np.testing.assert_allclose(out.confidence, FACE * (1 - beard.hair * (1 - lips)), atol=1e-6)
    assert out.confidence[215, SIZE // 2] < 0.05


@pytest.mark.parametrize("tone", [0.3, 0.7])
def test_stubble_grows_on_another_face(tone):
    where = zone("moustache", "chin", "jaw")
    face, bare = textured(0.3, where, tone), textured(tone=tone)
    out = with_stubble(bare, face, Beard(where, NONE.hair), ATLAS)
    inside, outside = (where * FACE > 0.99), where == 0
    put_on, there = ((one - bare.colour)[inside].ravel() for one in (out.colour, face.colour))
    assert np.corrcoef(put_on, there)[0, 1] > 0.8
    assert put_on.std() > 0.7 * there.std()
    assert abs(put_on.mean()) < 0.3 * abs(there.mean())  # the shade is the tone's
    np.testing.assert_array_equal(out.colour[outside], bare.colour[outside])


@pytest.mark.parametrize("size", [256, 320])
def test_shaved_skin_is_shaded_as_the_faces(size):
    """A dark smear where a moustache was; pores stay."""
    gone, core = zone("moustache"), _cores(ATLAS)["moustache"] > 0.9
    pores = 0.02 * np.sin(np.arange(SIZE) * 1.2)[None, :, None]
    bare = textured()
    smeared = (bare.colour * (1 - 0.3 * gone[..., None]) + pores).astype(np.float32)
    large = Texture(frozen(resized(smeared, size)), frozen(resized(FACE, size)), bare.parts)
    shaded = with_shade(large, bare, [Beard(gone, NONE.hair)], NONE, ATLAS).colour
    out = resized(shaded, SIZE)
    off = [abs(float((one - bare.colour)[core].mean())) for one in (smeared, out)]
    assert off[0] > 0.15
    assert off[1] < 0.5 * off[0]
    left = out - cv2.GaussianBlur(out, (0, 0), 3)
    came = smeared - cv2.GaussianBlur(smeared, (0, 0), 3)
    assert left[core].std() == pytest.approx(came[core].std(), rel=0.35)
    outside = resized(gone, size) == 0
    np.testing.assert_array_equal(shaded[outside], large.colour[outside])


def test_a_face_with_a_beard_of_its_own_tells_no_shade():
    gone = zone("moustache")
    dark, bearded = textured(tone=0.4), textured(0.5, gone)
    shaved_off, own = [Beard(gone, NONE.hair)], Beard.of(bearded, ATLAS)
    out = with_shade(dark, bearded, shaved_off, own, ATLAS)
    np.testing.assert_allclose(out.colour[gone > 0.999], dark.colour[gone > 0.999], atol=1e-3)
    assert with_shade(dark, bearded, [NONE], own, ATLAS) is dark


def test_no_stubble_grows_where_there_is_none_or_none_was_seen():
    bare, where = textured(), zone("chin", "jaw")
    assert with_stubble(bare, textured(0.3, where), NONE, ATLAS) is bare
    unseen = textured(0.3, where, seen=np.zeros_like(FACE))
    out = with_stubble(bare, unseen, Beard(where, NONE.hair), ATLAS)
    np.testing.assert_array_equal(out.colour, bare.colour)


def test_stubble_comes_in_toward_the_jaw():
    column = _toward_jaw(ATLAS)[:, SIZE // 2]
    rows = ATLAS.rows("oval", SIZE)
    assert column[180] == 0 and column[rows[1] - 1] > 0.9
    assert (np.diff(column[180 : rows[1] - 1]) >= 0).all()
