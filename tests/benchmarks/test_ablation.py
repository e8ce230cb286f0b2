from __future__ import annotations

from ablation import each_alone, names, without_each

FRAME = {"frame": {"size": 64}}
RECIPE = {
    "version": 1,
    "steps": [FRAME, "mirror", {"blur": {"sigma": 1}}, {"noise": {"read": 0.1}}, {"blur": {}}],
}


def test_steps_of_a_kind_are_told_apart_by_their_number() -> None:
    assert names(RECIPE["steps"]) == ["frame", "mirror", "blur 1", "noise", "blur 2"]


def test_each_step_but_the_frame_is_left_out_once() -> None:
    found = without_each(RECIPE)
    assert list(found) == ["mirror", "blur 1", "noise", "blur 2"]
    assert found["blur 1"] == {
        "version": 1,
        "steps": [FRAME, "mirror", {"noise": {"read": 0.1}}, {"blur": {}}],
    }


def test_each_step_alone_keeps_the_frame_and_its_place() -> None:
    recipe = {**RECIPE, "steps": [*RECIPE["steps"][1:], FRAME]}
    found = each_alone(recipe)
    assert list(found) == ["mirror", "blur 1", "noise", "blur 2"]
    assert found["blur 2"] == {"version": 1, "steps": [{"blur": {}}, FRAME]}


def test_people_who_are_drawn_count_as_a_step() -> None:
    recipe = {"version": 1, "heads": {"share": 0.5}, "steps": [FRAME, "mirror"]}
    assert without_each(recipe) == {
        "heads": {"version": 1, "steps": [FRAME, "mirror"]},
        "mirror": {"version": 1, "heads": {"share": 0.5}, "steps": [FRAME]},
    }
    assert each_alone(recipe) == {
        "heads": {"version": 1, "heads": {"share": 0.5}, "steps": [FRAME]},
        "mirror": {"version": 1, "steps": [FRAME, "mirror"]},
    }
