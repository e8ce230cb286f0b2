"""Recipes without each of their steps, and with each of them alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Recipe = Mapping[str, Any]
"""The content of a recipe's file."""

KEPT = ("frame",)
"""Steps that all recipes keep: without them pictures are of another size."""

HEADS = "heads"
"""The key of people who are drawn, which counts as a step."""


def without_each(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe without each of its steps, by what the step is called."""
    steps = recipe["steps"]
    called = names(steps)
    heads = {HEADS: _without_heads(recipe)} if HEADS in recipe else {}
    return heads | {
        called[at]: {**recipe, "steps": [*steps[:at], *steps[at + 1 :]]}
        for at in _changeable(steps)
    }


def each_alone(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe with each of its steps alone, by what the step is called."""
    steps = recipe["steps"]
    called, changeable = names(steps), _changeable(steps)

    def kept(*added: int) -> list[object]:
        return [step for k, step in enumerate(steps) if k in added or k not in changeable]

    heads = {HEADS: {**recipe, "steps": kept()}} if HEADS in recipe else {}
    rest = _without_heads(recipe)
    return heads | {called[at]: {**rest, "steps": kept(at)} for at in changeable}


def names(steps: Sequence[object]) -> list[str]:
    """What steps are called: their kind, and which one it is where there are several."""
    kinds = [_kind(step) for step in steps]
    often, seen = Counter(kinds), Counter[str]()
    called = []
    for kind in kinds:
        seen[kind] += 1
        called.append(kind if often[kind] == 1 else f"{kind} {seen[kind]}")
    return called


def _without_heads(recipe: Recipe) -> Recipe:
    return {key: value for key, value in recipe.items() if key != HEADS}


def _changeable(steps: Sequence[object]) -> list[int]:
    return [at for at, step in enumerate(steps) if _kind(step) not in KEPT]


def _kind(step: object) -> str:
    """``blur`` of ``blur`` as of ``{blur: {sigma: 1}}``."""
    return str(next(iter(step)) if isinstance(step, Mapping) else step)
