"""A swap shows eyes and brows wholly, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.constants import PARTS
from facelab.face.whole_features import with_both_brows, without_halves
from facelab.types import Texture
from tests.synthetic import ATLAS, frozen


@pytest.mark.parametrize("name", ["eyes", "brows"])
@pytest.mark.parametrize("size", [128, 256, 512])
def test_a_feature_of_which_too_little_was_seen_is_left_out(name, size):
    feature = ATLAS.region(name, size) * (np.arange(size)[None] < size // 2)
    columns = np.flatnonzero(feature.any(axis=0))
    middle = columns[2 * len(columns) // 3]
    shown = np.ones((size, size), np.float32)
    shown[:, :middle] = 0  # most of the left one
    out = without_halves(frozen(shown), ATLAS)
    assert out[feature > 0.5].max() < 0.1
    assert (out <= shown).all()
    other = ATLAS.region(name, size) * (np.arange(size)[None] >= size // 2)
    if name == "eyes":
        assert out[other > 0.5].min() > 0.95
    else:  # brows are a pair
        assert out[other > 0.5].max() < 0.1


def test_what_is_seen_in_most_stays():
    shown = frozen(np.full((256, 256), 0.9))
    assert without_halves(shown, ATLAS) is shown


@pytest.mark.parametrize(("covered", "kept"), [(0.7, True), (0.85, False)])
def test_targets_brows_stay_if_they_would_show_beside_another_s(covered, kept):
    """A bushy brow reaches up to where the source, under a fringe, showed nothing."""
    shown, brows = np.ones((256, 256), np.float32), ATLAS.region("brows", 256)
    above = np.zeros_like(brows)
    above[20:40] = 1
    shown[20:40] = 0
    brows = brows + above * (1 / covered - 1) * brows.sum() / above.sum()
    out = without_halves(shown, ATLAS, brows)
    assert (out[ATLAS.region("brows", 256) > 0.9].max() < 0.05) == kept


def browed(size, lost, light=0.1):
    """Skin with dark brows, lighter at its left by `light`; the left brow lost in part."""
    brows = ATLAS.region("brows", size)
    side = np.arange(size)[None] < size // 2
    colour = np.repeat((0.6 - 0.4 * brows + light * side)[..., None], 3, axis=2)
    columns = np.flatnonzero((brows * side).any(axis=0))
    end = columns[round(lost * (len(columns) - 1))]
    confidence = np.array(ATLAS.region("face", size))
    hidden = np.zeros_like(confidence, np.bool_)
    hidden[: size // 2, : end + 1] = lost > 0
    colour[hidden] = 0.05  # a fringe
    confidence[hidden] = 0
    parts = np.zeros((256, 256, len(PARTS)), np.float32)
    parts[..., PARTS.index("brows")] = ATLAS.region("brows", 256)
    parts[..., PARTS.index("skin")] = 1 - parts[..., PARTS.index("brows")]
    parts[:128, :64] = 0
    parts[:128, :64, PARTS.index("hair")] = 1
    return Texture(frozen(colour.astype(np.float32)), frozen(confidence), frozen(parts))


@pytest.mark.parametrize("size", [256, 384])
def test_a_hidden_brow_is_the_mirror_of_the_other_in_its_own_light(size):
    out = with_both_brows(browed(size, 0.8), ATLAS)
    brow = ATLAS.region("brows", size) > 0.99
    brow[:, size // 2 :] = False
    np.testing.assert_allclose(out.colour[brow], 0.3, atol=0.03)  # 0.2, and lighter by 0.1
    assert out.confidence[brow].min() > 0.99
    small = ATLAS.region("brows", 256) > 0.99
    assert out.parts[..., PARTS.index("brows")][small].min() > 0.95
    shown = np.ascontiguousarray(out.confidence)
    assert without_halves(shown, ATLAS)[brow].min() > 0.99


def test_the_other_side_and_what_is_far_from_brows_stay():
    texture = browed(256, 0.8)
    out = with_both_brows(texture, ATLAS)
    np.testing.assert_array_equal(out.colour[:, 128:], texture.colour[:, 128:])
    np.testing.assert_array_equal(out.colour[140:], texture.colour[140:])
    assert (out.confidence >= texture.confidence).all()


def test_whole_brows_and_two_hidden_ones_stay_as_they_are():
    whole = browed(256, 0)
    assert with_both_brows(whole, ATLAS) is whole
    hidden = browed(256, 0.8)
    both = np.minimum(hidden.confidence, hidden.confidence[:, ::-1])
    neither = Texture(hidden.colour, np.ascontiguousarray(both), hidden.parts)
    assert with_both_brows(neither, ATLAS) is neither
