"""Anonymise: the features of an average face, one that comes along or several people's."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from facelab.edits.anonymise import Anonymise
from facelab.errors import UsageError
from facelab.face.averages import averages, least_alike
from facelab.recipe import Photographs, check_inputs
from facelab.types import Face, Texture
from tests.editing import SKINS, change, holds, portrait, recoloured
from tests.synthetic import ATLAS, frozen, person

SPOT = np.s_[120:128, 70:78]  # on the image's left cheek
MIDDLE = 124, 74


def spotted(amount=0.3):
    """A portrait with a spot darker by so much."""
    face = portrait()
    marked = face.texture.colour.copy()
    marked[SPOT] -= amount
    return recoloured(face, marked)


def seen(face, confidence):
    texture = face.texture
    return Face(face.positions, Texture(texture.colour, frozen(texture.confidence * confidence)))


def spot_of(people, face=None):
    """How much darker the spot is in the average than the skin beside it."""
    names = tuple("abc"[: len(people)])
    edit = Anonymise(references=names)
    after = edit(face or portrait(), dict(zip(names, people, strict=True))).texture.colour
    return after[124, 90].mean() - after[MIDDLE].mean()


def test_without_people_the_features_are_an_average_faces():
    """Two people who differ in a spot are the same after it."""
    first, second = (Anonymise()(face, {}).texture.colour for face in (portrait(), spotted()))
    assert np.abs(first[SPOT] - second[SPOT]).max() < 0.06
    own = portrait().texture.colour
    assert np.abs(first - own)[ATLAS.region("eyes", 256) > 0.5].mean() > 0.05


def test_without_people_the_skin_keeps_its_tone():
    for skin in SKINS.values():
        away = np.abs(change(Anonymise(), portrait(skin)))[ATLAS.region("cheeks", 256) > 0.99]
        assert away.mean() < 0.06


def test_without_people_the_shape_is_the_averages_as_far_as_it_is_strong():
    face = person(3)
    face = Face(face, portrait().texture)
    whole, half = (
        Anonymise(strength=strength)(face, {}).positions.values - face.positions.values
        for strength in (1, 0.5)
    )
    moved = np.linalg.norm(whole, axis=2)[ATLAS.face].max()
    assert 0.005 < moved / face.positions.box.size < 0.08
    np.testing.assert_allclose(half, whole / 2, atol=1e-3)


def test_the_seed_chooses_among_the_least_alike():
    first, same, other = (Anonymise(seed=seed)(portrait(), {}) for seed in (1, 6, 2))
    np.testing.assert_array_equal(first.texture.colour, same.texture.colour)
    assert np.abs(first.texture.colour - other.texture.colour).max() > 0.02


def test_an_average_face_itself_gets_another_one():
    """And one of its sex."""
    for one in averages()[::5]:
        face = Face(portrait().positions, one.source.texture)
        other = least_alike(face, 5, 0)
        assert other is not one
        assert other.male == one.male


def test_average_faces_are_whole_and_of_both_sexes():
    inside = ATLAS.region("oval", 256) > 0.5
    for one in averages():
        colour = one.source.texture.colour
        assert colour.shape == (256, 256, 3)
        assert colour[inside].min(axis=0).max() < 0.5 < colour[inside].max()
        assert one.points.shape == (468, 3)
    assert len({one.male for one in averages()}) == 2


@pytest.mark.parametrize("skin", SKINS.values(), ids=SKINS)
def test_anonymise_with_people_holds(skin):
    people = {"a": spotted(), "b": portrait(SKINS["dark"])}
    holds(partial(Anonymise, references=("a", "b")), people, skin=skin)


def test_the_average_of_people_has_their_features_and_not_the_own():
    assert abs(spot_of([portrait()], spotted())) < 0.06
    assert spot_of([spotted()]) > 0.2


def test_each_person_counts_alike():
    one = spot_of([spotted()])
    assert spot_of([spotted(), portrait()]) == pytest.approx(one / 2, abs=0.03)
    assert spot_of([spotted(), portrait(), portrait()]) == pytest.approx(one / 3, abs=0.03)


def test_a_better_photograph_does_not_count_more():
    alike = spot_of([spotted(), portrait()])
    assert spot_of([seen(spotted(), 0.4), portrait()]) == pytest.approx(alike, abs=0.01)


def test_what_a_photograph_does_not_show_comes_from_the_others():
    left = np.arange(256)[None, :] > 128
    assert abs(spot_of([seen(spotted(), left), portrait()])) < 0.05


def test_the_order_of_the_people_does_not_matter():
    people = [spotted(), portrait(SKINS["dark"]), portrait()]
    assert spot_of(people) == pytest.approx(spot_of(people[::-1]), abs=1e-5)


def test_people_of_another_skin_leave_the_skin_as_it_is():
    face = portrait()
    difference = change(Anonymise(references=("a",)), face, {"a": portrait(SKINS["dark"])})
    assert np.abs(difference[150:165, 60:75]).mean() < 0.03


def test_every_person_is_needed():
    edit = Anonymise(references=["a", "b"])
    assert edit.needs == [("references", "a"), ("references", "b")]
    with pytest.raises(UsageError, match="no input is called 'b'"):
        check_inputs([edit], {"a": Photographs((Path("a.jpg"),))})
    assert Anonymise(references="a").references == ("a",)
    assert not Anonymise().needs


@pytest.mark.parametrize("wrong", [3, [""], ["a", None]])
def test_what_names_no_people(wrong):
    with pytest.raises(UsageError, match=r"references: .* is not the name of an input"):
        Anonymise(references=wrong)
