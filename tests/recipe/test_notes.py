"""What will not look good is said aloud."""

from __future__ import annotations

import pytest

from facelab.edits import Turn
from facelab.recipe.notes import SMALLER, size_note, turn_note, unseen_note
from tests.synthetic import canonical


def test_both_sizes_and_the_remedy_are_named():
    assert size_note([80.4], 310) == (
        "the source's face is 80 px, the target's 310: the result will be soft; "
        "give a larger photograph"
    )


@pytest.mark.parametrize(
    ("sources", "target", "noted"),
    [
        ([100], 100, False),
        ([1000], 100, False),
        ([100], 100 / SMALLER, False),
        ([99.9], 100 / SMALLER, True),
        ([20, 200], 300, False),  # the largest counts
        ([200, 20], 300, False),
        ([20, 30], 300, True),
        (iter([20.0]), 300, True),
        ([0.0], 1, True),
    ],
)
def test_the_largest_source_is_measured_by_the_target(sources, target, noted):
    assert (size_note(sources, target) is not None) == noted


def test_the_largest_source_is_the_one_named():
    assert "face is 30 px" in size_note([20, 30, 10], 300)


def test_a_source_turned_away_is_said_aloud():
    front, left, right = canonical(), canonical(yaw=-55), canonical(yaw=55)
    assert unseen_note([front], canonical(yaw=15)) is None
    note = unseen_note([left], right)
    assert note is not None and "from that side" in note
    assert unseen_note([left, right], right) is None


@pytest.mark.parametrize(
    ("yaw", "turn", "noted"), [(0, 14, False), (-30, -14, False), (-30, 14, True), (30, -14, True)]
)
def test_a_turn_that_is_held_back_is_said_aloud(yaw, turn, noted):
    note = turn_note(Turn(yaw=turn), canonical(yaw=yaw))
    assert (note is not None) == noted
    assert note is None or "turned by 3 degrees instead of 14" in note
    assert turn_note(Turn(yaw=turn, strength=0.1), canonical(yaw=yaw)) is None
