"""The command line that the page shows does what the page does."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest

from facelab.cli.words import from_words
from facelab.page.command import command_lines
from facelab.page.wishes import Wish
from facelab.recipe import Photographs, Recipe, make_step
from facelab.recipe.recipe import PictureFile


def lines(*recipes, consent="unspecified", photograph="a photo.jpg"):
    opened = SimpleNamespace(file=Path("/somewhere") / photograph)
    return [
        shlex.split(line) for line in command_lines(Wish(opened, recipes, {}), "o.png", consent)
    ]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("lipstick", {"colour": "#a01030", "strength": 0.35}),
        ("tone", {"regions": ["face", "lips"], "exposure": -1.25}),
        ("blemish", {"spots": [[0.41, 0.62], [0.5, 0.25]]}),
        ("turn", {}),
    ],
)
def test_words_are_read_back_as_the_same_step(name, values):
    step = make_step(name, values)
    command = lines(Recipe([step]))[0]
    assert command[:5] == ["facelab", "edit", "a photo.jpg", "-o", "o.png"]
    assert from_words([command[6]], {}).steps == (step,)


def test_inputs_and_faces_are_said():
    steps = [
        make_step("match", {"reference": "look"}),
        make_step("overlay", {"reference": "paint"}),
    ]
    inputs = {"look": Photographs((Path("/x/l.jpg"),)), "paint": PictureFile(Path("/x/p.png"))}
    (command,) = lines(Recipe(steps, inputs=inputs, faces=2), consent="self")
    assert command[9:] == [
        *("--reference", "look=l.jpg", "--picture", "paint=p.png"),
        *("--faces", "2", "--consent", "self"),
    ]


def test_a_swap_is_a_swap_and_passes_follow_each_other():
    people = {"source": Photographs((Path("/x/a.jpg"), Path("/x/b.jpg")), "1")}
    values = {"source": "source", "tone": 0.5, "keep": ["mouth", "eyes"], "occlusion": False}
    recipe = Recipe([make_step("swap", values)], inputs=people, faces=0)
    first, second = lines(recipe, Recipe([make_step("smooth", {})]))
    assert first == [
        *("facelab", "swap", "-s", "a.jpg", "-s", "b.jpg", "-t", "a photo.jpg"),
        *("-o", "step-1.png", "--source-face", "1", "--target-face", "0"),
        *("--tone", "0.5", "--keep", "mouth,eyes", "--no-occlusion"),
    ]
    assert second == ["facelab", "edit", "step-1.png", "-o", "o.png", "--do", "smooth"]
