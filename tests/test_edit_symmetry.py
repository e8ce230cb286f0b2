from __future__ import annotations

import numpy as np
import pytest

from facelab.edits.anonymise import Anonymise
from facelab.edits.average import Average
from facelab.edits.cover import Cover
from facelab.edits.symmetrise import Symmetrise
from facelab.types import Face, Texture
from tests.editing import SKINS, change, holds, portrait, recoloured, same_at_any_size
from tests.synthetic import ATLAS

SPOT = slice(120, 128), slice(70, 78)  # on the image's left cheek


def spotted(spot=SPOT, colour=(0.4, 0.1, 0.1)):
    face = portrait()
    marked = face.texture.colour.copy()
    marked[spot] = colour
    return recoloured(face, marked)


@pytest.mark.parametrize("skin", SKINS.values(), ids=SKINS)
@pytest.mark.parametrize("keys", [{"item": "mask"}, {"item": "glasses"}, {"item": "patch"}])
def test_covers_hold(skin, keys):
    holds(Cover, skin=skin, **keys)


@pytest.mark.parametrize("item", ["mask", "glasses", "patch"])
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
    assert 0.01 < covered("oval", item="glasses", colour="#101010") < 0.2


def test_cloth_is_darker_where_the_face_is():
    face = portrait()
    half = np.linspace(0.5, 1.2, 256)[None, :, None]
    lit = recoloured(face, np.clip(face.texture.colour * half, 0, 1))
    cloth = Cover(colour="#ffffff")(lit, {}).texture.colour
    assert cloth[205, 160:175].mean() > cloth[205, 80:95].mean() + 0.1


def test_a_symmetric_face_keeps_its_features():
    difference = np.abs(change(Symmetrise(), portrait())).max(axis=2)
    assert np.quantile(difference, 0.99) < 0.05  # the drawn eyes are whole texels


def test_a_spot_is_halved_and_mirrored():
    face = spotted()
    after = Symmetrise()(face, {}).texture.colour
    own, mirror = after[124, 74], after[124, 255 - 74]
    was, other = face.texture.colour[124, 74], face.texture.colour[124, 255 - 74]
    assert was[1] + 0.1 < own[1] < other[1] - 0.1
    assert was[1] + 0.1 < mirror[1] < other[1] - 0.1


def test_a_half_goes_onto_the_other():
    """The spot lies on the person's right half, at the image's left."""
    both = spotted()
    right = Symmetrise(half="right")(both, {}).texture.colour
    left = Symmetrise(half="left")(both, {}).texture.colour
    assert right[124, 255 - 74, 1] < right[150, 255 - 74, 1] - 0.1  # it has come over
    assert left[124, 74, 1] > both.texture.colour[124, 74, 1] + 0.2  # it is gone
    np.testing.assert_array_equal(right[124, 74], both.texture.colour[124, 74])


def test_symmetrise_is_linear_and_leaves_the_outside_alone():
    face = spotted()
    whole = change(Symmetrise(), face)
    np.testing.assert_allclose(change(Symmetrise(strength=0.25), face), whole / 4, atol=2e-6)
    assert Symmetrise(strength=0)(face, {}) is face
    assert not whole[ATLAS.region("face", 256) == 0].any()


def test_average_lessens_a_spot_of_one_photograph():
    face, other = spotted(), portrait()
    after = Average(reference="b")(face, {"b": other}).texture.colour
    was, clear = face.texture.colour[124, 74, 1], other.texture.colour[124, 74, 1]
    assert after[124, 74, 1] == pytest.approx((was + clear) / 2, abs=0.08)


def test_average_of_a_face_with_itself_is_that_face():
    face = portrait()
    after = Average(reference="b", share=0.5)(face, {"b": portrait()})
    assert np.abs(after.texture.colour - face.texture.colour).max() < 0.03


def test_average_takes_the_photograph_that_shows_a_place():
    face, other = spotted(), portrait()
    blind = face.texture.confidence.copy()
    blind[100:150, 50:100] = 0.0

    unseen = Face(face.positions, Texture(face.texture.colour, blind))
    after = Average(reference="b", share=0.5)(unseen, {"b": other}).texture.colour
    assert after[124, 74, 1] == pytest.approx(other.texture.colour[124, 74, 1], abs=0.05)


def test_anonymise_takes_the_features_away():
    holds(Anonymise)
    face = portrait()
    after = Anonymise()(face, {})
    brows, cheek = ATLAS.region("left brow", 256) > 0.9, np.s_[130:140, 60:70]
    contrast = [
        f.texture.colour[cheek].mean() - f.texture.colour[brows].mean() for f in (face, after)
    ]
    assert contrast[1] < 0.5 * contrast[0]


def test_anonymise_gives_the_features_of_the_others():
    face, other = spotted(), portrait()
    after = Anonymise(reference="crowd")(face, {"crowd": other}).texture.colour
    assert after[124, 74, 1] == pytest.approx(other.texture.colour[124, 74, 1], abs=0.06)
