from __future__ import annotations

import numpy as np
import pytest

from facelab.edits.average import Average
from facelab.edits.symmetrise import Symmetrise
from facelab.types import Face, Texture
from tests.editing import change, portrait, recoloured
from tests.synthetic import ATLAS

SPOT = slice(120, 128), slice(70, 78)  # on the image's left cheek


def spotted(spot=SPOT, colour=(0.4, 0.1, 0.1)):
    face = portrait()
    marked = face.texture.colour.copy()
    marked[spot] = colour
    return recoloured(face, marked)


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


def test_a_half_seen_at_a_grazing_angle_stays_where_it_is():
    face = spotted()
    grazing = np.where(np.arange(256) < 128, 0.2, 1).astype(np.float32)
    texture = Texture(face.texture.colour, face.texture.confidence * grazing)
    assert not change(Symmetrise(), Face(face.positions, texture))[124, [74, 255 - 74]].any()


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
