"""Covers: what they hide, their shadow, and how cloth spans the mouth."""

from __future__ import annotations

import numpy as np
import pytest

from facelab.edits.cover import Cover
from facelab.types import Face
from tests.editing import SKINS, change, holds, portrait, recoloured, same_at_any_size
from tests.synthetic import ATLAS, canonical, mouth, mouth_opening, plain_face, texture

ITEMS = ("mask", "glasses", "sunglasses", "patch")
AROUND_THE_MOUTH = ATLAS.soft_region("mouth area", 256, 0.08) > 0


@pytest.mark.parametrize("skin", SKINS.values(), ids=SKINS)
@pytest.mark.parametrize("item", ["glasses", "sunglasses", "patch"])
def test_covers_hold(skin, item):
    holds(Cover, skin=skin, item=item)


@pytest.mark.parametrize("skin", SKINS.values(), ids=SKINS)
def test_a_mask_recolours_linearly_and_inside_the_face(skin):
    face = portrait(skin)
    assert Cover(strength=0)(face, {}) is face
    whole, half = (change(Cover(strength=strength), face) for strength in (1, 0.5))
    np.testing.assert_allclose(half, whole / 2, atol=2e-6)
    assert np.abs(whole).max() > 0.1
    assert not whole[ATLAS.region("face", 256) == 0].any()


@pytest.mark.parametrize("item", ITEMS)
def test_covers_are_the_same_at_any_size(item):
    same_at_any_size(Cover, mean=0.02, item=item)


def covered(region, threshold=0.5, **keys):
    """The share of a region that a cover changes plainly."""
    difference = np.abs(change(Cover(**keys), portrait())).max(axis=2)
    inside = ATLAS.region(region, 256) > threshold
    return (difference[inside] > 0.05).mean()


def test_each_cover_hides_what_it_should():
    assert covered("lips", item="mask") > 0.95
    assert covered("eyes", item="mask") == 0
    assert covered("right eye", item="patch", colour="#101010") > 0.9
    assert covered("left eye", item="patch", colour="#101010") < 0.2
    assert covered("eyes", item="glasses", colour="#101010") < 0.1
    assert covered("eyes", item="sunglasses", colour="#101010") > 0.95
    assert 0.01 < covered("oval", item="glasses", colour="#101010") < 0.2


def test_cloth_is_darker_where_the_face_is():
    face = portrait()
    half = np.linspace(0.5, 1.2, 256)[None, :, None]
    lit = recoloured(face, np.clip(face.texture.colour * half, 0, 1))
    cloth = Cover(colour="#ffffff")(lit, {}).texture.colour
    assert cloth[205, 160:175].mean() > cloth[205, 80:95].mean() + 0.1


@pytest.mark.parametrize("item", ["glasses", "sunglasses", "patch"])
def test_a_shadow_falls_below_and_not_above(item):
    """White things on skin: what gets darker is shadow."""
    darker = (
        change(Cover(item=item, colour="#ffffff", frame="#ffffff"), portrait(size=512)) < -0.01
    ).all(axis=2)
    lighter = (
        change(Cover(item=item, colour="#ffffff", frame="#ffffff"), portrait(size=512)) > 0.05
    ).all(axis=2)
    columns = np.flatnonzero(darker.any(axis=0) & lighter.any(axis=0))
    lowest = [[np.flatnonzero(what[:, u])[-1] for u in columns] for what in (darker, lighter)]
    assert len(columns) > 50
    assert np.mean(np.subtract(*lowest)) > 1
    assert not darker[: np.flatnonzero(lighter.any(axis=1))[0]].any()


def test_a_mask_spans_an_open_mouth():
    face = plain_face(mouth(15))
    after = Cover()(face, {}).positions
    assert mouth_opening(after) < 0.3 * mouth_opening(face.positions)
    halfway = Cover(strength=0.5)(face, {}).positions
    np.testing.assert_allclose(
        halfway.values, (face.positions.values + after.values) / 2, atol=0.01
    )
    moved = (after.values != face.positions.values).any(axis=2)
    assert not moved[~AROUND_THE_MOUTH].any()


def test_a_mask_on_the_canonical_face_moves_it_hardly():
    face = Face(canonical(), texture())
    moved = np.linalg.norm(Cover()(face, {}).positions.values - face.positions.values, axis=2)
    assert moved.max() < 0.03 * face.positions.box.size


def test_the_stretched_cloth_does_not_fold():
    """Rows go down in the image as they do in the atlas."""
    down = np.diff(Cover()(plain_face(mouth(15)), {}).positions.values[..., 1], axis=0)
    assert down[AROUND_THE_MOUTH[:-1]].min() > 0


@pytest.mark.parametrize("item", ["glasses", "sunglasses", "patch"])
def test_only_a_mask_moves_the_face(item):
    face = plain_face(mouth(15))
    assert Cover(item=item)(face, {}).positions is face.positions
