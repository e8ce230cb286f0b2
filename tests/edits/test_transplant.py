from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from facelab.edits.edit import Picture
from facelab.edits.transplant import Transplant
from facelab.errors import UsageError
from facelab.types import Face, PositionMap, Texture
from tests.synthetic import (
    ATLAS,
    DARK,
    SKIN,
    canonical,
    frozen,
    mouth,
    painted,
    plain,
    plain_face,
    texture,
)

SIZE = 256
BLUE = (0.1, 0.2, 0.7)
EYES = ATLAS.region("eyes", SIZE) > 0.5


def with_eyes(skin, eyes, size=SIZE, positions=None):
    """A face of one colour but for its eyes."""
    region = ATLAS.region("eyes", size) > 0.5
    return Face(positions or canonical(), painted(texture(size, skin), region, eyes))


def colours(edit, face, other):
    return edit(face, {"other": other}).texture.colour


def noisy(seed, size=SIZE):
    """Skin with pores."""
    grain = np.random.default_rng(seed).normal(0, 0.02, (size, size, 1))
    values = frozen(np.clip(np.float32(SKIN) + grain, 0, 1))
    return Face(canonical(), Texture(values, frozen(np.ones((size, size)))))


EDIT = Transplant(reference="other")


def test_eyes_are_taken_over_and_the_rest_stays_bit_for_bit():
    face = noisy(1)
    out = colours(EDIT, face, with_eyes(SKIN, BLUE))
    np.testing.assert_allclose(out[EYES], np.broadcast_to(BLUE, out[EYES].shape), atol=0.02)
    outside = ATLAS.soft_region("eye areas", SIZE, EDIT.softness) == 0
    np.testing.assert_array_equal(out[outside], face.texture.colour[outside])


@pytest.mark.parametrize(("skin", "other"), [(SKIN, DARK), (DARK, SKIN)])
def test_with_tone_the_skin_keeps_its_own_and_without_it_comes_along(skin, other):
    face, given = with_eyes(skin, BLUE), with_eyes(other, BLUE)
    around = (ATLAS.soft_region("eye areas", SIZE, EDIT.softness) == 1) & ~EYES
    kept = colours(EDIT, face, given)[around]
    brought = colours(replace(EDIT, tone=0.0), face, given)[around]
    np.testing.assert_allclose(kept, np.broadcast_to(skin, kept.shape), atol=0.02)
    np.testing.assert_allclose(brought, np.broadcast_to(other, brought.shape), atol=0.02)


def test_a_face_given_itself_stays():
    face = noisy(2)
    whole = replace(EDIT, regions=("whole",))
    np.testing.assert_allclose(colours(whole, face, face), face.texture.colour, atol=1e-6)


def test_strength_is_linear_and_zero_is_the_face_itself():
    face, other = noisy(3), with_eyes(SKIN, BLUE)
    assert replace(EDIT, strength=0.0)(face, {"other": other}) is face
    half = (colours(EDIT, face, other) + face.texture.colour) / 2
    np.testing.assert_allclose(colours(replace(EDIT, strength=0.5), face, other), half, atol=1e-6)


@pytest.mark.parametrize("region", ["left-eye", "right-brow", "nose", "forehead", "cheeks", "chin"])
def test_only_the_named_region_changes(region):
    face = plain_face(canonical(), SKIN)
    other = Face(canonical(), noisy(4).texture)
    edit = replace(EDIT, regions=region, softness=0.0)
    changed = (colours(edit, face, other) != face.texture.colour).any(axis=2)
    names = {"left-eye": "left eye area", "right-brow": "right brow area"}
    mask = ATLAS.region(names.get(region, region), SIZE)
    assert not changed[mask == 0].any()
    assert changed[mask == 1].mean() > 0.9


def test_several_regions_are_their_union():
    face, other = plain_face(canonical(), SKIN), noisy(5)
    both, eyes, nose = (
        colours(replace(EDIT, regions=regions), face, other) != face.texture.colour
        for regions in (("eyes", "nose"), ("eyes",), ("nose",))
    )
    np.testing.assert_array_equal(both, eyes | nose)


def test_a_reference_of_another_size_gives_the_same():
    face = with_eyes(SKIN, SKIN)
    small, large = (colours(EDIT, face, with_eyes(SKIN, BLUE, size)) for size in (SIZE, 512))
    assert np.abs(small - large).mean() < 2e-3


def test_where_the_reference_is_unseen_the_face_stays():
    seen = np.ones((SIZE, SIZE))
    seen[:, : SIZE // 2] = 0
    whole = with_eyes(SKIN, BLUE).texture.colour
    nonsense = np.where(seen[..., None] > 0, whole, np.float32([0, 1, 0]))
    other = Face(canonical(), Texture(frozen(nonsense), frozen(seen)))
    face = with_eyes(SKIN, SKIN)
    out = colours(EDIT, face, other)
    right, left = (ATLAS.region(f"{side} eye", SIZE) > 0.9 for side in ("right", "left"))
    np.testing.assert_array_equal(out[right], face.texture.colour[right])
    assert np.abs(out[left] - np.float32(BLUE)).mean() < 0.05
    assert out[..., 1].max() < max(SKIN[1], BLUE[1]) + 0.05


def test_a_texture_of_twice_the_side_shows_the_same():
    small, large = (
        colours(EDIT, with_eyes(SKIN, SKIN, size), with_eyes(SKIN, BLUE, size))
        for size in (512, 1024)
    )
    reduced = cv2.resize(large, (512, 512), interpolation=cv2.INTER_AREA)
    assert np.abs(reduced - small).mean() < 2e-3


@pytest.mark.parametrize("opening", [0, 15])
def test_lips_are_taken_over(opening):
    face = plain_face(mouth(opening), SKIN)
    other = plain_face(canonical(), DARK)
    out = colours(replace(EDIT, regions=("mouth",), tone=0.0), face, other)
    lips = (ATLAS.region("lips", SIZE) == 1) & (ATLAS.soft_region("mouth", SIZE, 0.04) == 0)
    assert np.abs(out[lips] - np.float32(DARK)).max() < 0.05


def test_positions_and_confidence_are_the_faces_own():
    face = noisy(6)
    out = EDIT(face, {"other": plain_face(mouth(5), DARK)})
    assert out.positions is face.positions
    assert out.texture.confidence is face.texture.confidence


def test_a_picture_is_no_reference():
    art = Picture(plain((8, 8)), frozen(np.ones((8, 8))))
    with pytest.raises(UsageError, match="transplant: other is a picture"):
        EDIT(noisy(7), {"other": art})


def test_another_atlas_is_refused():
    strange = replace(ATLAS, name="strange")
    other = Face(PositionMap(canonical().values, strange), texture())
    with pytest.raises(
        UsageError, match="other is laid out in the atlas strange, the face in canonical"
    ):
        EDIT(noisy(8), {"other": other})


def test_a_forehead_ends_softly_at_the_oval():
    face, other = plain_face(canonical(), SKIN), plain_face(canonical(), DARK)
    changed = np.abs(
        colours(replace(EDIT, regions="whole", tone=0.0, softness=0.0), face, other) - SKIN
    )
    column = changed[:128, 128].max(axis=1)
    assert 0 < column[column > 0][0] < 0.1 < column.max()
    assert np.diff(column).max() < 0.2
