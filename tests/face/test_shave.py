"""A shaven face shows skin, with its shape and its light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facelab.face.beard import Beard, _cores, cheeks, hidden
from facelab.face.quality import share
from facelab.face.shave import bare_skin, shaved, with_shade
from facelab.numerics.morphology import disk
from facelab.numerics.normalised import weighted_mean
from facelab.numerics.smoothing import resized, spread
from facelab.types import Texture
from tests.bearded import ATLAS, BEARD, CHIN, FACE, NONE, SIZE, textured, zone
from tests.synthetic import frozen


@pytest.mark.parametrize(("hair", "parsed"), [(0.3, 0.0), (0.6, 0.2), (0.8, 0.6)])
@pytest.mark.parametrize("tone", [0.3, 0.8])
def test_a_shaven_face_is_bare(hair, parsed, tone):
    where = zone("moustache", "chin", "jaw")
    texture = textured(hair, where, tone, parsed)
    out = shaved(texture, Beard.of(texture, ATLAS), ATLAS)
    assert not Beard.of(out, ATLAS).cover.any()
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
    np.testing.assert_allclose(out.colour[away], texture.colour[away], atol=1e-6)
    np.testing.assert_array_equal(out.confidence, texture.confidence)
    bare = textured()
    assert shaved(bare, Beard.of(bare, ATLAS), ATLAS) is bare
    unknown = Texture(texture.colour, texture.confidence)
    assert shaved(unknown, Beard.of(texture, ATLAS), ATLAS) is unknown


def test_a_shaven_face_keeps_its_shape():
    v = np.mgrid[:SIZE, :SIZE][0].astype(np.float32) / SIZE
    fold = (1 - 0.3 * np.exp(-(((v - 0.78) / 0.03) ** 2)))[..., None]
    bearded, bare = textured(0.4, zone("chin")), textured()
    lit = Texture(bearded.colour * fold, bearded.confidence, bearded.parts)
    out = shaved(lit, Beard(CHIN, NONE.hair), ATLAS).colour[:, SIZE // 2]
    assert out[200].mean() < 0.86 * bare.colour[230, 0].mean()
    np.testing.assert_allclose(out[230], bare.colour[230, 0], atol=0.05)


def test_a_full_beard_is_left_out():
    texture = textured(0.8, zone("moustache", "chin", "jaw"), parsed=0.95)
    beard = Beard.of(texture, ATLAS)
    assert beard.full and beard.dense
    out = shaved(texture, beard, ATLAS)
    lips = ATLAS.soft_region("lips", SIZE, 3 / 256)
    np.testing.assert_allclose(out.confidence, FACE * (1 - beard.hair * (1 - lips)), atol=1e-6)
    assert out.confidence[215, SIZE // 2] < 0.05


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


def plainly_bare(texture, beard):
    """The definition, with all maps at the side at which hair is closed."""
    skin, thick = share(texture, SIZE, "skin") * texture.confidence, hidden(texture, SIZE)
    where = np.maximum(beard.cover, thick)
    cheek = cheeks(ATLAS, SIZE) * skin * (1 - where)
    lab = cv2.cvtColor(texture.colour, cv2.COLOR_RGB2Lab)
    closed = cv2.morphologyEx(lab[..., 0], cv2.MORPH_CLOSE, disk(4))
    lab[..., 0] = closed - weighted_mean(closed - lab[..., 0], cheek)
    lab = cv2.GaussianBlur(lab, (0, 0), 2)
    low = blurred(lab, texture.confidence * (1 - ATLAS.soft_region("lips", SIZE, 3 / 256)), 4)
    light = low[..., :1]
    around, beside = (spread(light, skin * (1 - one)) - light for one in (where, thick))
    shade = where * np.maximum(blurred(around, where * skin, 9)[..., 0], 0)
    lab[..., 0] += shade + thick * (beside[..., 0] - shade)
    for i in (1, 2):
        lab[..., i] += where * (weighted_mean(lab[..., i], cheek) - low[..., i])
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1)


def blurred(values, weight, sigma):
    weight = weight[..., None] + 1e-3
    total, weights = (
        cv2.GaussianBlur(one, (0, 0), sigma).reshape(one.shape) for one in (values * weight, weight)
    )
    return total / weights


@pytest.mark.parametrize(("hair", "parsed"), [(0.3, 0.0), (0.7, 0.8)])
def test_a_map_of_half_the_side_shaves_as_the_whole_one(hair, parsed):
    """To a few grey levels, on a face with folds, uneven light and a mouth."""
    rng = np.random.default_rng(3)
    where = zone("moustache", "chin", "jaw")
    plain = textured(hair, where, parsed=parsed)
    light = cv2.resize(rng.uniform(0.7, 1.2, (10, 10)).astype(np.float32), (SIZE, SIZE))
    colour = plain.colour * light[..., None]
    colour *= 1 - ATLAS.region("lips", SIZE)[..., None] * np.float32((0.1, 0.4, 0.4))
    texture = Texture(frozen(np.clip(colour, 0, 1)), plain.confidence, plain.parts)
    beard = Beard.of(texture, ATLAS)
    off = np.abs(bare_skin(texture, beard, ATLAS) - plainly_bare(texture, beard))
    away = (FACE > 0) & (ATLAS.soft_region("lips", SIZE, 0.04) == 0)
    assert off[away].mean() < 0.3 / 255
    assert off[away].max() < 4 / 255
