"""What ``facelab edit`` tells about edits: their names, keys, ranges and defaults."""

from __future__ import annotations

from dataclasses import fields

from facelab.edits.fields import allowed, default_of
from facelab.errors import UsageError
from facelab.recipe import step_classes
from facelab.recipe.steps import unknown


def listed() -> str:
    """A line for each edit: its name and what it does."""
    classes = step_classes()
    width = max(map(len, classes))
    return "\n".join(f"{name:{width}}  {_summary(step)}" for name, step in classes.items())


def explained(name: str) -> str:
    """An edit's keys, one for each paragraph.

    Raises
    ------
    UsageError
        If there is no such edit.
    """
    classes = step_classes()
    if name not in classes:
        raise UsageError(f"{unknown('edit', name, classes)} (see facelab edit --list)")
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
