"""Help on the steps of recipes: names, keys, ranges and defaults."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import Field, fields
from typing import Any

from facelab.edits.foreign import WithForeign
from facelab.edits.parameters import allowed, default_of
from facelab.errors import FacelabError, UsageError
from facelab.recipe import step_classes
from facelab.recipe.groups import grouped
from facelab.recipe.steps import unknown

HEADS = "heads"
"""The key of recipes, beside ``steps``, of people who are drawn."""


def steps_of(command: str) -> WithForeign:
    """The steps that a command's recipes may have, by name."""
    if command == "augment":
        from facelab.augment.template import template_classes

        return template_classes()
    return step_classes()


def listed(command: str) -> tuple[str, list[FacelabError]]:
    """A line for each step of a command's recipes, its name and what it does; and what is wrong.

    Edits stand by groups. Wrong can be edits of other packages.
    """
    classes = steps_of(command)
    width = max(map(len, classes))
    lines, errors = {}, classes.taken()
    for name in classes:
        try:
            lines[name] = f"{name:{width}}  {_summary(classes[name])}"
        except FacelabError as error:
            errors.append(error)
    if command == "augment":
        heads = f"{HEADS:{width}}  People who are drawn; no step, but a key beside them."
        return "\n".join([*lines.values(), heads]), errors
    groups = (
        "\n".join([group, *(f"  {lines[name]}" for name in names)])
        for group, names in grouped(lines).items()
    )
    return "\n\n".join(groups), errors


def explained(command: str, name: str) -> str:
    """The keys of a step of a command's recipes, one for each paragraph.

    Raises
    ------
    UsageError
        If there is no such step.
    """
    if command == "augment" and name == HEADS:
        return _explained_heads()
    classes = steps_of(command)
    if name not in classes:
        raise UsageError(f"{unknown('edit', name, classes)} (see facelab {command} --list)")
    return "\n".join([f"{name}: {_summary(classes[name])}", *_keys(fields(classes[name]))])


def _keys(known: Iterable[Field[Any]], drawn: Container[str] = ()) -> Iterator[str]:
    """The lines on keys; those that are `drawn` have no single default."""
    for key in known:
        default = default_of(key)
        given = "required" if default is None else f"default {_shown(default)}"
        given = "drawn by default" if key.name in drawn else given
        yield from ("", f"  {key.name} ({allowed(key)}; {given})", f"      {key.metadata['help']}")


def _explained_heads() -> str:
    """The keys of people who are drawn."""
    from facelab.augment.heads import DEFAULTS, MOST_PEOPLE, Heads, known_keys

    default = Heads()
    counts = (
        f"{HEADS}: {_summary(Heads)}",
        "",
        f"  people (1 to {MOST_PEOPLE}; default {default.people})",
        "      how many there are",
        "",
        f"  share (0 to 1; default {default.share:g})",
        "      of the renders that show them; the others are photographs",
    )
    return "\n".join([*counts, *_keys(known_keys().values(), DEFAULTS)])


def _summary(step: type) -> str:
    return (step.__doc__ or "").partition("\n")[0]


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)
