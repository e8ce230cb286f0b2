"""Keys that hold places on a face: in Python, in recipes, on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from facelab.cli.keys import explained
from facelab.cli.words import from_words
from facelab.edits.blemish import Blemish
from facelab.errors import UsageError
from facelab.recipe import Recipe, describe, parse_recipe, to_yaml
from facelab.recipe.schema import schema
from tests.schemas import valid

unit = st.floats(0, 1)


def read(text):
    return parse_recipe(text.encode(), "r.yaml", Path())


@given(st.lists(st.tuples(unit, unit), max_size=3))
def test_recipes_hold_places(spots):
    recipe = Recipe(steps=(Blemish(spots=spots),))
    text = to_yaml(recipe, Path())
    assert read(text) == recipe
    assert valid(yaml.safe_load(text), schema())


def test_places_are_read():
    step = read("version: 1\nsteps:\n  - blemish: {spots: [[0.41, 0.62], [1, 0]]}").steps[0]
    assert step.spots == ((0.41, 0.62), (1.0, 0.0))
    assert from_words(["blemish spots=0.41:0.62,1:0"], {}).steps == (step,)


@pytest.mark.parametrize(
    ("spots", "complaint"),
    [
        ("3", "3 is not a list"),
        ("[0.4, 0.6]", "0.4 is not a pair"),
        ("[[0.4, 0.6, 0.1]]", r"is not a pair"),
        ("[[0.4, 1.2]]", "1.2 is not from 0 to 1"),
        ("[[0.4, high]]", "'high' is not a number"),
    ],
)
def test_what_is_no_place(spots, complaint):
    text = f"version: 1\nsteps:\n  - blemish:\n      spots: {spots}"
    with pytest.raises(UsageError, match=rf"r.yaml:4: .*spots: .*{complaint}.*pairs of u and v"):
        read(text)
    assert not valid(yaml.safe_load(text), schema())


@pytest.mark.parametrize("words", ["spots=0.4", "spots=0.4:0.5:0.6", "spots=0.4:x", "spots="])
def test_what_is_no_place_on_the_command_line(words):
    with pytest.raises(UsageError, match=r"--do 1 \(blemish\): spots: .*pairs of u and v"):
        from_words([f"blemish {words}"], {})


def test_places_are_explained():
    assert "spots (pairs of u and v from 0 to 1; default none)" in explained("edit", "blemish")


def test_places_are_written_short():
    step = describe(Recipe(steps=(Blemish(spots=((0.5, 1.0),)),)), str)["steps"][0]
    assert str(step["blemish"]["spots"]) == "[[0.5, 1]]"
