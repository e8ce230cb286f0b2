"""A beard is there as a whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facelab.constants import PARTS
from facelab.face.beard import (
    Beard,
    _bearded,
    _cores,
    _evidence,
    _toward_jaw,
    with_whole_beard,
    without_beards,
)
from facelab.types import Texture
from tests.bearded import ATLAS, BEARD, CHIN, FACE, NONE, SIZE, SKIN, textured, zone

ZONES = tuple(_cores(ATLAS))
LIPS = ATLAS.region("lips", SIZE) > 0.99


def grown(texture):
    return Beard.of(texture, ATLAS).cover


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


def test_stubble_comes_in_toward_the_jaw():
    column = _toward_jaw(ATLAS)[:, SIZE // 2]
    rows = ATLAS.rows("oval", SIZE)
    assert column[180] == 0 and column[rows[1] - 1] > 0.9
    assert (np.diff(column[180 : rows[1] - 1]) >= 0).all()
