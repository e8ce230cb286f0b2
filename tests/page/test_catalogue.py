"""Controls are made of the fields that check recipes."""

from __future__ import annotations

import json
from dataclasses import fields

from facelab.edits.parameters import checked
from facelab.page.catalogue import EXAMPLES, catalogue, preset_picture
from facelab.recipe import make_step, step_classes
from facelab.recipe.groups import OTHERS


def test_every_step_is_there_once_with_all_its_keys():
    told = json.loads(json.dumps(catalogue()))
    steps = {step["name"]: step for group in told["groups"] for step in group["steps"]}
    assert sorted(steps) == sorted(step_classes())
    assert sum(len(group["steps"]) for group in told["groups"]) == len(steps)
    for name, step in steps.items():
        known = {key.name: key for key in fields(step_classes()[name])}
        assert [key["name"] for key in step["keys"]] == list(known)
        for key in step["keys"]:
            assert key["help"]
            if key["kind"] in ("number", "whole"):
                assert key["low"] <= key["default"] <= key["high"]
            if key["default"] is not None:
                checked(known[key["name"]], key["default"])


def test_a_new_edit_is_there_by_itself(monkeypatch):
    from facelab.recipe import steps
    from tests.tiny import Fill

    monkeypatch.setattr(steps, "EDITS", (*steps.EDITS, Fill))
    last = catalogue()["groups"][-1]
    assert (last["name"], [step["name"] for step in last["steps"]]) == (OTHERS, ["fill"])


def test_looks_are_steps_that_can_be_made():
    looks = catalogue()["presets"]
    assert len(looks) > 8
    for look in looks:
        for body in look["steps"]:
            ((name, values),) = body.items()
            make_step(name, values)
        for key, file in look["pictures"].items():
            assert preset_picture(look["file"], key).name == file


def test_looks_that_need_what_did_not_come_along_are_left_out(monkeypatch, tmp_path):
    """The package has the recipes, but not the samples that some of them name."""
    from facelab import recipe_files

    for file in recipe_files.shipped("edit").values():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    names = {look["file"] for look in catalogue()["presets"] if not look["pictures"]}
    monkeypatch.setattr(recipe_files, "FOLDERS", [tmp_path])
    assert {look["file"] for look in catalogue()["presets"]} == names


def test_examples_can_be_made():
    for name, values in EXAMPLES.items():
        make_step(name, values)
