"""Recipes without each of their steps, and with each of them alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Recipe = Mapping[str, Any]
"""The content of a recipe's file."""

KEPT = ("frame",)
"""Steps that all recipes keep: without them pictures are of another size."""


def without_each(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe without each of its steps, by what the step is called."""
    steps = recipe["steps"]
    called = names(steps)
    return {
        called[at]: {**recipe, "steps": [*steps[:at], *steps[at + 1 :]]}
        for at in _changeable(steps)
    }


def each_alone(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe with each of its steps alone, by what the step is called."""
    steps = recipe["steps"]
    called, changeable = names(steps), _changeable(steps)
    return {
        called[at]: {
            **recipe,
            "steps": [step for k, step in enumerate(steps) if k == at or k not in changeable],
        }
        for at in changeable
    }


def names(steps: Sequence[object]) -> list[str]:
    """What steps are called: their kind, and which one it is where there are several."""
    kinds = [_kind(step) for step in steps]
    often, seen = Counter(kinds), Counter[str]()
    called = []
    for kind in kinds:
        seen[kind] += 1
        called.append(kind if often[kind] == 1 else f"{kind} {seen[kind]}")
    return called


def _changeable(steps: Sequence[object]) -> list[int]:
    return [at for at, step in enumerate(steps) if _kind(step) not in KEPT]


def _kind(step: object) -> str:
    """``blur`` of ``blur`` as of ``{blur: {sigma: 1}}``."""
    return str(next(iter(step)) if isinstance(step, Mapping) else step)
