from __future__ import annotations

import numpy as np
import pytest

from facelab.face.skin import learn
from facelab.face.swap import Source, fuse, swap
from facelab.types import Face, Texture
from tests.synthetic import (
    ATLAS,
    DARK,
    SKIN,
    frozen,
    noise,
    painted,
    patch,
    plain_face,
    plane,
    texture,
)

FACE = ATLAS.region("face", 256) == 1


def skin_like(size=256, colour=SKIN, seed=0, contrast=0.05):
    """Skin with detail, the same on both sides of the face."""
    grain = noise(size, size, seed) - 0.5
    grain = (grain + grain[:, ::-1]) * contrast
    return Texture(frozen(np.float32(colour) + grain), frozen(np.ones((size, size))))


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
