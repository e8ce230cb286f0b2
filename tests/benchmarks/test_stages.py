from __future__ import annotations

import pstats

import pytest
import stages
from stages import INSIDE, REST, parts_of, stages_of, timed

HERE = __file__
FIRST, OTHER, NAP = (HERE, 1, "first"), (HERE, 9, "other"), (HERE, 5, "nap")
IN_FIRST, IN_OTHER = (HERE, 3, "<listcomp>"), (HERE, 12, "<listcomp>")
SLEEP = ("~", 0, "<built-in method time.sleep>")


def calls(seconds):
    """Counts, own time and all time, as a profile has them; only the last is read."""
    return 1, 1, 0.0, seconds


def entry(**callers):
    """A function's line of a profile: all its time, and its callers."""
    by = {"first": FIRST, "other": OTHER, "nap": NAP, "in_first": IN_FIRST, "in_other": IN_OTHER}
    return (*calls(sum(callers.values())), {by[name]: calls(s) for name, s in callers.items()})


@pytest.fixture
def profile(monkeypatch):
    """`first` naps, once in a comprehension, calls `other`, which does so too, and itself rests."""
    monkeypatch.setattr(stages, "CODE", (HERE,))
    found = pstats.Stats()
    found.stats = {
        FIRST: (*calls(10.0), {}),
        IN_FIRST: entry(first=2.0),
        OTHER: entry(first=4.0),
        IN_OTHER: entry(other=0.5),
        NAP: entry(first=3.0, in_first=1.75, other=2.0, in_other=0.5),
        SLEEP: entry(nap=7.25, first=0.5, other=1.25),
    }
    return found


def test_stages_are_what_the_function_calls_itself(profile) -> None:
    # 3 of its own and 1.75 in its comprehension; what `other` calls is other's.
    assert stages_of(profile, "first") == {"nap": 4.75, "other": 4.0, REST: 1.25}


def test_large_stages_are_split_and_follow_each_other_by_size(profile) -> None:
    # Nothing of facelab's own runs inside `nap`.
    assert list(parts_of(profile, "first").items()) == [
        ("nap", 4.75),
        ("other", 4.0),
        (f"other{INSIDE}nap", 2.5),
        (f"other{INSIDE}{REST}", 1.5),
        (REST, 1.25),
    ]


def test_stages_of_stages_take_their_place(profile) -> None:
    # 4.75 of its own naps, 2.5 of other's; what rests in both.
    assert stages_of(profile, "first", "other") == {"nap": 7.25, REST: 2.75}


def test_what_a_cached_property_calls_is_the_stage(profile) -> None:
    cached = ("functools.py", 1, "__get__")
    profile.stats[cached] = (*calls(1.0), {IN_FIRST: calls(1.0)})
    profile.stats[HERE, 30, "parsing"] = (*calls(0.75), {cached: calls(0.75)})
    assert stages_of(profile, "first")["parsing"] == 0.75


def test_objects_that_are_called_have_their_files_name(profile) -> None:
    profile.stats[HERE, 20, "__call__"] = entry(first=1.0)
    assert stages_of(profile, "first")["test_stages"] == 1.0


def test_small_stages_are_part_of_the_rest(profile, monkeypatch) -> None:
    monkeypatch.setattr(stages, "LEAST", 4.5)
    assert stages_of(profile, "first") == {"nap": 4.75, REST: 5.25}


def test_a_function_that_was_not_called_is_named(profile) -> None:
    with pytest.raises(KeyError, match="last was not called"):
        stages_of(profile, "last")


def test_a_job_is_profiled_and_what_it_returns_handed_on() -> None:
    result, profile = timed(lambda: sorted([2, 1]))
    assert result == [1, 2]
    assert any("sorted" in name for _, _, name in profile.stats)
