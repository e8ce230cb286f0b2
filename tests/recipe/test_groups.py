"""The groups of steps."""

from facelab.edits.every import EDITS
from facelab.recipe.groups import GROUPS, OTHERS, grouped


def test_every_edit_is_in_one_group_and_every_name_is_an_edit():
    names = [name for own in GROUPS.values() for name in own]
    assert len(names) == len(set(names))
    assert set(names) == {edit.name for edit in EDITS} | {"swap"}


def test_what_is_in_no_group_comes_last():
    found = grouped(["their-edit", "lipstick", "smooth", "foundation"])
    assert list(found) == ["Make-up", "Skin", OTHERS]
    assert found["Make-up"] == ["foundation", "lipstick"]  # in the group's order
    assert found[OTHERS] == ["their-edit"]
