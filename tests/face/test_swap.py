from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facelab.face.skin import SIZE, learn
from facelab.face.swap import Source, fuse, relight, swap
from facelab.types import Face, Texture
from tests.synthetic import (
    ATLAS,
    DARK,
    SKIN,
    frozen,
    noise,
    painted,
    patch,
    plain,
    plain_face,
    plane,
    texture,
)

FEW = settings(max_examples=20, deadline=None)
CHANNELS = st.tuples(*[st.floats(0.05, 0.95)] * 3)
FACE = ATLAS.region("face", 256) == 1


def tone(colour):
    return plain((SIZE, SIZE), colour)


def skin_like(size=256, colour=SKIN, seed=0, contrast=0.05):
    """Skin with detail, the same on both sides of the face."""
    grain = noise(size, size, seed) - 0.5
    grain = (grain + grain[:, ::-1]) * contrast
    return Texture(frozen(np.float32(colour) + grain), frozen(np.ones((size, size))))


# --- Relighting --------------------------------------------------------------------------------


@FEW
@given(st.integers(0, 999), st.sampled_from([64, 128, 256, 300]))
def test_equal_tones_leave_the_colour_bit_for_bit(seed, size):
    colour, own = noise(size, size, seed), noise(SIZE // 2, SIZE // 2, seed + 1)
    np.testing.assert_array_equal(relight(colour, own, own.copy()), colour)


@FEW
@given(CHANNELS, CHANNELS)
def test_tone_itself_becomes_the_wanted_tone(own, wanted):
    out = relight(plain((256, 256), own), tone(own), tone(wanted))
    np.testing.assert_allclose(out, plain((256, 256), wanted), atol=1e-5)
    assert out.dtype == np.float32


@FEW
@given(st.floats(0.4, 0.6), st.floats(-0.03, 0.03))
def test_black_stays_black_and_white_white_where_contrast_hardly_grows(own, step):
    """Far from the bounds on contrast, the curve goes through both ends."""
    fields = tone([own] * 3), tone([own + step] * 3)
    assert relight(plain((256, 256), (0, 0, 0)), *fields).max() < 1e-5
    assert relight(plain((256, 256), (1, 1, 1)), *fields).min() > 1 - 1e-5


@FEW
@given(CHANNELS, CHANNELS)
def test_black_and_white_stay_the_darkest_and_lightest(own, wanted):
    fields = tone(own), tone(wanted)
    black = relight(plain((128, 128), (0, 0, 0)), *fields)
    white = relight(plain((128, 128), (1, 1, 1)), *fields)
    assert (black <= np.float32(wanted) + 1e-5).all()
    assert (white >= np.float32(wanted) - 1e-5).all()


@FEW
@given(CHANNELS, CHANNELS)
def test_order_of_colours_is_kept(own, wanted):
    steps = np.linspace(0, 1, SIZE, dtype=np.float32)
    colour = frozen(np.broadcast_to(steps[:, None, None], (SIZE, SIZE, 3)))
    out = relight(colour, tone(own), tone(wanted))
    assert (np.diff(out, axis=0) >= -1e-6).all()
    assert out.min() >= 0
    assert out.max() <= 1


def test_contrast_of_dark_skin_does_not_explode_on_light():
    own, wanted = np.float32([0.1, 0.08, 0.07]), np.float32(SKIN)
    pores = frozen(np.broadcast_to(own * np.float32(0.7), (128, 128, 3)))
    out = relight(pores, tone(own), tone(wanted))
    growth = np.mean(wanted - out[0, 0]) / np.mean(own * 0.3)
    assert 0.5 < growth < 3  # the plain ratio of the tones is 7.6


def test_bound_keeps_the_hue_of_the_change():
    own, wanted = np.float32([0.1, 0.1, 0.1]), np.float32([0.8, 0.4, 0.4])
    pores = frozen(np.broadcast_to(own * np.float32(0.9), (128, 128, 3)))
    darker = wanted - relight(pores, tone(own), tone(wanted))[0, 0]
    assert darker[0] / darker[1] == pytest.approx(2, rel=0.02)
    assert darker[1] == pytest.approx(darker[2])


def test_highlights_of_light_skin_do_not_explode_on_dark():
    own, wanted = np.float32([0.9, 0.9, 0.9]), np.float32([0.2, 0.2, 0.2])
    shine = frozen(np.broadcast_to(np.float32(0.95), (128, 128, 3)))
    out = relight(shine, tone(own), tone(wanted))
    assert 0.2 < out.mean() < 0.2 + 3 * 0.05  # the plain ratio is 8


# --- Swapping ----------------------------------------------------------------------------------


def test_no_tone_leaves_the_sources_colours():
    source = fuse([skin_like(colour=DARK)], ATLAS)
    target = plain_face(plane())
    after = swap(source, target, learn(target.texture, ATLAS), tone=0)
    np.testing.assert_array_equal(after.texture.colour, source.texture.colour)


def test_swap_has_the_targets_positions_and_tone_and_the_sources_detail():
    source = fuse([skin_like(colour=(0.6, 0.5, 0.45))], ATLAS)
    target = plain_face(plane())
    after = swap(source, target, learn(target.texture, ATLAS))
    assert after.positions is target.positions
    np.testing.assert_array_equal(after.texture.confidence, source.texture.confidence)
    np.testing.assert_allclose(after.texture.colour[FACE].mean(axis=0), SKIN, atol=0.02)
    detail, own = (t.colour - t.colour.mean() for t in (after.texture, source.texture))
    assert np.corrcoef(detail[FACE].ravel(), own[FACE].ravel())[0, 1] > 0.8


def test_tone_between_is_between():
    source = fuse([skin_like(colour=DARK)], ATLAS)
    target = plain_face(plane())
    skin = learn(target.texture, ATLAS)
    means = [swap(source, target, skin, share).texture.colour[FACE].mean() for share in (0, 0.5, 1)]
    assert means[1] == pytest.approx((means[0] + means[2]) / 2, abs=0.03)
    assert means[2] - means[0] > 0.3


def test_shading_is_the_targets():
    source = fuse([skin_like()], ATLAS)
    u = np.indices((256, 256))[1] / 255
    shaded = Texture(frozen(np.float32(SKIN) * (0.6 + 0.4 * u)[..., None]), texture().confidence)
    target = Face(plane(), shaded)
    after = swap(source, target, learn(shaded, ATLAS)).texture.colour
    cheeks = patch(256, (0.5, 0.6), (0.15, 0.3)), patch(256, (0.5, 0.6), (0.7, 0.85))
    for cheek in cheeks:
        np.testing.assert_allclose(after[cheek].mean(), shaded.colour[cheek].mean(), atol=0.03)


def test_own_face_is_left_bit_for_bit():
    own = skin_like()
    target = Face(plane(), own)
    after = swap(fuse([own], ATLAS), target, learn(own, ATLAS))
    np.testing.assert_array_equal(after.texture.colour, own.colour)


# --- Fusing ------------------------------------------------------------------------------------


def test_one_view_without_flaws_is_itself():
    view = skin_like()
    source = fuse([view], ATLAS)
    assert isinstance(source, Source)
    np.testing.assert_array_equal(source.texture.colour, view.colour)
    np.testing.assert_array_equal(source.texture.confidence, view.confidence)


def seen_where(view, seen):
    """The view with confidence only where `seen`, and green elsewhere."""
    colour = np.where(seen[..., None], view.colour, np.float32([0, 1, 0]))
    return Texture(frozen(colour), frozen(view.confidence * seen))


def test_two_halves_make_the_whole():
    # Without symmetry: what is restored was seen, not mirrored.
    grain = 0.1 * (noise(256, 256) - 0.5)
    whole = Texture(frozen(np.float32(SKIN) + grain), texture().confidence)
    halves = [seen_where(whole, patch(256, (0, 1), columns)) for columns in ((0, 0.55), (0.45, 1))]
    fused = fuse(halves, ATLAS).texture
    difference = np.abs(fused.colour - whole.colour)[FACE]
    assert difference.mean() < 0.005
    assert np.quantile(difference, 0.99) < 0.03
    assert (fused.confidence[FACE] > 0.9).mean() > 0.95


def test_views_are_brought_to_one_tone():
    light, dark = skin_like(contrast=0), skin_like(colour=np.float32(SKIN) * 0.7, contrast=0)
    left, right = patch(256, (0, 1), (0, 0.55)), patch(256, (0, 1), (0.45, 1))
    fused = fuse([seen_where(light, left), seen_where(dark, right)], ATLAS).texture
    row = fused.colour[128, 40:216].mean(axis=1)
    assert np.abs(np.diff(row)).max() < 0.02  # no seam in the middle


def test_better_view_wins():
    good = skin_like()
    poor = Texture(frozen(np.float32(SKIN) + 0.1 * (noise(256, 256, 5) - 0.5)),
                   frozen(np.full((256, 256), 0.3)))  # fmt: skip
    for views in ([good, poor], [poor, good]):
        fused = fuse(views, ATLAS).texture
        assert np.abs(fused.colour - good.colour)[FACE].mean() < 0.005
        assert (fused.confidence[FACE] == 1).all()


def test_hair_on_the_forehead_of_a_source_is_completed_with_skin():
    hair = patch(256, (0, 0.22), (0, 1))
    source = fuse([painted(skin_like(), hair, DARK)], ATLAS)
    filled = hair & FACE
    assert not source.texture.confidence[filled].any()
    np.testing.assert_allclose(source.texture.colour[filled].mean(axis=0), SKIN, atol=0.05)
    assert source.texture.colour[filled].min() > 0.3


def test_features_are_no_flaws():
    """Dark brows and red lips amid skin are the person's own."""
    view = skin_like(contrast=0)
    for name, colour in (("brows", DARK), ("lips", (0.7, 0.25, 0.25))):
        view = painted(view, ATLAS.region(name, 256) > 0.5, colour)
    source = fuse([view], ATLAS).texture
    np.testing.assert_array_equal(source.colour[FACE], view.colour[FACE])
    assert source.confidence[FACE].all()


@pytest.mark.parametrize("sizes", [[], [64, 128]])
def test_views_must_be_of_one_size(sizes):
    with pytest.raises(ValueError, match="textures of one size"):
        fuse([texture(size) for size in sizes], ATLAS)
