"""People who are drawn beside the photographs: how many, and whose points are known exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facelab.augment.heads import Heads, framed, photographed
from facelab.augment.photographs import find
from facelab.augment.steps.frame import Frame
from facelab.augment.template import parse_template
from facelab.errors import UsageError
from facelab.geometry import pose
from facelab.geometry.landmarks import points468, position_map
from facelab.train.people import lender, people_of, shots
from facelab.train.renders import RenderSettings, check_recipe, load, render
from tests.commands import picture
from tests.synthetic import ATLAS, SAMPLES

FRAME = Frame(size=96, room=2.1)
RECIPE = b"""version: 1
heads: {people: 50, share: 0.5, yaw: {uniform: [-100, 100]}}
steps:
  - profile: {yaw: 60}
  - wear: {kind: sunglasses}
"""
TEMPLATE = parse_template(RECIPE, "turn.yaml", Path())
PERSON = TEMPLATE.heads.items(0)[0]


def taken(template=TEMPLATE, count=2, seed=0, item=PERSON):
    return list(shots(template, item, None, FRAME, count, seed))


@pytest.mark.parametrize(
    ("share", "photographs", "people"),
    [(0.5, 10, 10), (0.25, 30, 10), (0.0, 10, 0), (0.9, 10, 50), (0.1, 1, 0)],
)
def test_people_have_their_share_of_the_views(share, photographs, people):
    assert len(people_of(Heads(50, share), photographs, 0)) == people


def test_without_heads_nobody_is_drawn():
    assert people_of(None, 10, 0) == []


def test_points_are_those_of_what_is_drawn():
    heads = TEMPLATE.heads
    for number, (scene, points) in enumerate(taken()):
        shot = framed(heads.shot(0, PERSON.sha256, number, (0, 0)), FRAME)
        _, drawn = photographed(heads.looks(0, PERSON.sha256), shot, None, FRAME)
        np.testing.assert_array_equal(points, drawn.points)  # neither turned nor moved by glasses
        assert np.abs(scene.image - drawn.image).max() > 0.1  # which are there
        read = points468(scene.positions)
        assert np.median(np.linalg.norm(read - points, axis=1)) < 0.1


def test_steps_that_move_the_face_move_the_points():
    moved = parse_template(
        b"version: 1\nheads: {share: 0.5}\nsteps:\n  - mirror: {}\n", "turn.yaml", Path()
    )
    (scene, points), *_ = taken(moved, 1)
    np.testing.assert_array_equal(points, points468(scene.positions))
    (_, plain), *_ = taken(replace(moved, steps=()), 1)
    yaws = [pose.estimate(position_map(each, ATLAS)).yaw for each in (points, plain)]
    assert yaws[0] == pytest.approx(-yaws[1], abs=1)


def test_a_person_is_the_same_each_time_and_another_in_each_picture():
    (one, points), (other, others) = taken()
    again, same = taken(count=1)[0]
    np.testing.assert_array_equal(one.image, again.image)
    np.testing.assert_array_equal(points, same)
    assert np.abs(points - others).max() > 3
    assert np.abs(one.image - other.image).max() > 0.1


def test_what_hides_too_much_is_drawn_again():
    strict = replace(TEMPLATE, refuse=replace(TEMPLATE.refuse, covered=0.2), steps=())
    for scene, _ in taken(strict, 4):
        strict.refuse.check_face(scene)


@pytest.fixture
def folder(tmp_path):
    for number in range(20):
        picture(tmp_path / f"photographs/{number}.png", seed=number)
    return tmp_path / "photographs"


def test_skins_are_lent_by_those_who_are_not_validated_on(folder):
    items, _, _ = find(folder, 0)
    recipe = b"version: 1\nheads: {skin: {choice: [own, photographs]}}\nsteps: []"
    heads = parse_template(recipe, "turn.yaml", Path()).heads
    people = heads.items(0)[:200]
    lent = [lender(heads, item, items, 0) for item in people]
    skins = [heads.looks(0, item.sha256).skin for item in people]
    assert [one is None for one in lent] == [skin == "own" for skin in skins]
    assert {one for one in lent if one} == set(items[2:])


# --- Rendering -----------------------------------------------------------------------------------


def test_photographs_and_people_are_rendered_and_mixed(tmp_path):
    folder = tmp_path / "photographs"
    recipe = tmp_path / "turn.yaml"
    recipe.write_text("version: 1\nheads: {share: 0.75, skin: photographs}\nsteps: []\n")
    picture(folder / "fabric.png", seed=0)  # may be chosen to lend a skin, and has none
    (folder / "a.jpg").write_bytes((SAMPLES / "james-right.jpg").read_bytes())
    how = RenderSettings(turn=recipe, scenes=1, turns=2)
    files, skipped, _ = render(folder, tmp_path / "out", how, 1, lambda *_: None)
    assert (len(files), skipped) == (1 + 6, {"fabric.png": "no face found"})
    assert files == sorted(files)
    assert all(load(file).points.shape == (2, 468, 3) for file in files)
    again, *_ = render(folder, tmp_path / "out", how, 1, lambda *_: None)
    assert again == files


@pytest.mark.parametrize(
    ("text", "drawn", "message"),
    [
        ("version: 1\nheads: {}\nsteps: []\n", True, "heads: share: must be below 1"),
        ("version: 1\nheads: {share: 0.5}\nsteps: []\n", False, "put them into --turn-recipe"),
    ],
)
def test_people_who_take_the_place_of_photographs_are_refused(tmp_path, text, drawn, message):
    (tmp_path / "recipe.yaml").write_text(text)
    with pytest.raises(UsageError, match=message):
        check_recipe(tmp_path / "recipe.yaml", None, drawn=drawn)
