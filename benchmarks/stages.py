"""Where the time of a call goes, by the functions of facelab that it calls.

Time is that of the cores, which other programs hardly change.
"""

from __future__ import annotations

import cProfile
import pstats
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec, TypeVar
from unittest import mock

import facelab

P = ParamSpec("P")
R = TypeVar("R")

REST = "rest"
INSIDE = " > "  # between a part and what it is a part of
LARGE = 0.1  # of the whole: what takes more is looked into
LEAST = 1e-4  # seconds; what takes less goes to the rest
CODE = (Path(facelab.__file__).parent, Path(__file__).parent)

Function = tuple[str, int, str]  # file, line, name: as pstats calls it


def on_one_thread(module: ModuleType) -> AbstractContextManager[object]:
    """A module without its second thread: no part hides beside another, and a profile sees all."""
    return mock.patch.object(module, "both", lambda one, other: (one(), other()), create=True)


def timed(job: Callable[[], R]) -> tuple[R, pstats.Stats]:
    """What a job returns, and its profile."""
    profile = cProfile.Profile(time.process_time)
    result = profile.runcall(job)
    return result, pstats.Stats(profile)


def stages_of(profile: pstats.Stats, name: str, *through: str) -> dict[str, float]:
    """Seconds in each function of facelab that the function `name` calls itself, and the rest.

    In place of those of its stages that are called as in `through` there are these' own stages.

    Raises
    ------
    KeyError
        If no function of facelab of that name was called.
    """
    stats: dict[Function, Any] = profile.stats  # type: ignore[attr-defined]
    own = {function for function in stats if any(map(Path(function[0]).is_relative_to, CODE))}
    callers = {function for function in own if function[2] == name}
    if not callers:
        raise KeyError(f"{name} was not called")
    whole = sum(stats[caller][3] for caller in callers)
    # Comprehensions and cached properties are part of the function around them.
    while (
        inside := {one for one in stats if _is_inside(one) and callers & stats[one][4].keys()}
        - callers
    ):
        callers |= inside
    seconds: dict[str, float] = {}
    for callee in own - callers:
        for caller in callers & stats[callee][4].keys():
            spent = stats[callee][4][caller][3]
            seconds[_called(callee)] = seconds.get(_called(callee), 0.0) + spent
    for stage in seconds.keys() & set(through):
        del seconds[stage]
        for inner, spent in stages_of(profile, stage).items():
            seconds[inner] = seconds.get(inner, 0.0) + spent
    seconds.pop(REST, None)
    seconds = {stage: spent for stage, spent in seconds.items() if spent >= LEAST}
    return seconds | {REST: whole - sum(seconds.values())}


def _is_inside(function: Function) -> bool:
    return function[2].startswith("<") or function[2] == "__get__"


def _called(function: Function) -> str:
    """A function's name; for an object that is called its file's."""
    file, _, name = function
    return Path(file).stem if name == "__call__" else name


def parts_of(profile: pstats.Stats, name: str, *through: str) -> dict[str, float]:
    """As `stages_of`, the longest first, those above a tenth of the whole split likewise.

    A part of a stage is called by both names, and comes after it.
    """
    stages = stages_of(profile, name, *through)
    large = LARGE * sum(stages.values())
    found: dict[str, float] = {}
    for stage, spent in sorted(stages.items(), key=longest_first):
        found[stage] = spent
        if spent > large and stage not in (REST, name):
            inner = sorted(stages_of(profile, stage).items(), key=longest_first)
            if len(inner) > 1:
                found |= {f"{stage}{INSIDE}{part}": cost for part, cost in inner}
    return found


def longest_first(item: tuple[str, float]) -> tuple[bool, float]:
    """How stages are ordered: the rest last."""
    stage, spent = item
    return stage == REST, -spent
