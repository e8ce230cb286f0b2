"""Edits of other packages, as their entry points in the group ``facelab.edits`` name them.

Found once, and only where a recipe asks for what facelab itself does not have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

GROUP = "facelab.edits"
"""The group of entry points: the name of an edit to its class."""


@cache
def declared() -> Mapping[str, tuple[EntryPoint, ...]]:
    """The entry points of each name; more than one where packages disagree."""
    found = defaultdict(list)
    for entry in sorted(entry_points(group=GROUP), key=described):
        found[entry.name].append(entry)
    return {name: tuple(entries) for name, entries in sorted(found.items())}


def described(entry: EntryPoint) -> str:
    """The distribution of an entry point, its version, and the entry point, for people."""
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "a package"
    return f"{package}: entry point {entry.name} = {entry.value}"


def versions(steps: Iterable[str] | None = None) -> dict[str, str]:
    """Distribution to version of those that declare edits: all, or only the `steps` named."""
    names = declared() if steps is None else steps
    found = [entry.dist for name in names for entry in declared().get(name, ()) if entry.dist]
    return {package.name: package.version for package in found}
