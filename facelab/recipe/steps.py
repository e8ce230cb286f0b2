"""Steps by name: which there are, and how one is made of the values given for its keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from typing import Any

from facelab.edits import EDITS, Edit
from facelab.edits.edit import Step
from facelab.edits.foreign import WithForeign
from facelab.edits.parameters import checked
from facelab.recipe.recipe import Swap


class StepError(ValueError):
    """An error in a step, and which of its keys has it; none if there is no such step."""

    def __init__(self, message: str, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


def step_classes(*others: type[Step]) -> WithForeign:
    """Every step by name, `others` too; edits of other packages load when they are asked for."""
    own: list[type[Step]] = [*EDITS, Swap, *others]
    return WithForeign({step.name: step for step in own})


def make_step(name: str, values: Mapping[str, object], seed: int = 0) -> Edit | Swap:
    """The step with `values` for its keys; one that has a seed and is not given it gets `seed`.

    Raises
    ------
    StepError
        If there is no such step or key, a key is missing or its value is not allowed.
    FacelabError
        If it is an edit of another package that cannot be used.
    """
    classes = step_classes()
    if name not in classes:
        raise StepError(unknown("edit", name, classes))
    made: Any = classes[name]  # its keys are known at run time only
    keys = {key.name: key for key in fields(made)}
    if "seed" in keys and "seed" not in values:
        values = {**values, "seed": seed}
    for given, value in values.items():
        if given not in keys:
            raise StepError(unknown("key", given, keys), given)
        _check(keys[given], value)
    for key in keys.values():
        if key.default is MISSING and key.name not in values:
            message = f"{key.name}: is missing; give {key.metadata['help']}"
            raise StepError(message, key.name)
    return made(**values)  # type: ignore[no-any-return]


def _check(key: Any, value: object) -> None:  # noqa: ANN401
    try:
        checked(key, value)
    except ValueError as error:
        raise StepError(str(error), key.name) from None


def unknown(what: str, given: str, known: Iterable[str]) -> str:
    """The complaint about a name that does not exist, with the nearest one that does."""
    names = list(known)
    near = get_close_matches(given, names, 1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names) or 'none'}"
    return f"no {what} is called {given!r}; {hint}"
