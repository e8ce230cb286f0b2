"""Help on the steps of recipes: names, keys, ranges and defaults."""

from __future__ import annotations

from dataclasses import fields

from facelab.edits.foreign import WithForeign
from facelab.edits.parameters import allowed, default_of
from facelab.errors import FacelabError, UsageError
from facelab.recipe import step_classes
from facelab.recipe.steps import unknown


def steps_of(command: str) -> WithForeign:
    """The steps that a command's recipes may have, by name."""
    if command == "augment":
        from facelab.augment.template import template_classes

        return template_classes()
    return step_classes()


def listed(command: str) -> tuple[str, list[FacelabError]]:
    """A line for each step of a command's recipes, its name and what it does; and what is wrong.

    Wrong can be edits of other packages.
    """
    classes = steps_of(command)
    width = max(map(len, classes))
    lines, errors = [], classes.taken()
    for name in classes:
        try:
            lines.append(f"{name:{width}}  {_summary(classes[name])}")
        except FacelabError as error:
            errors.append(error)
    return "\n".join(lines), errors


def explained(command: str, name: str) -> str:
    """The keys of a step of a command's recipes, one for each paragraph.

    Raises
    ------
    UsageError
        If there is no such step.
    """
    classes = steps_of(command)
    if name not in classes:
        raise UsageError(f"{unknown('edit', name, classes)} (see facelab {command} --list)")
    lines = [f"{name}: {_summary(classes[name])}"]
    for key in fields(classes[name]):
        default = default_of(key)
        given = "required" if default is None else f"default {_shown(default)}"
        lines += ["", f"  {key.name} ({allowed(key)}; {given})", f"      {key.metadata['help']}"]
    return "\n".join(lines)


def _summary(step: type) -> str:
    return (step.__doc__ or "").partition("\n")[0]


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
