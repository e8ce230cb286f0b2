"""Recipes that come along, by name: those in the package, or in the checkout.

Imports nothing that computes, so that a shell can complete names.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from facelab.errors import UsageError

PACKAGE = Path(__file__).parent
FOLDERS = [PACKAGE / "_recipes", PACKAGE.parent / "recipes"]
COMMANDS = {"edit": ".", "augment": "augment"}
"""A command to the folder, of those, that its recipes lie in."""

_SUFFIX = ".yaml"


def shipped(command: str) -> Mapping[str, Path]:
    """The recipes that come along for a command of `COMMANDS`: name to file, sorted by name."""
    for folder in FOLDERS:
        if folder.is_dir():
            files = sorted((folder / COMMANDS[command]).glob(f"*{_SUFFIX}"))
            return {file.stem: file for file in files}
    return {}


def found(given: str | Path, command: str) -> Path:
    """The file of a recipe: the one given, or where there is none, the one that comes along.

    Parameters
    ----------
    given : path
        Of a file, or a name such as ``make-up-natural``.
    command : str
        A key of `COMMANDS`. Augmentation takes recipes of edits, too.

    Raises
    ------
    UsageError
        If there is neither; it names those whose names are like it.
    """
    path = Path(given)
    name = str(given)
    if _is_file(path):
        return path
    known = shipped(command) if command == "edit" else {**shipped("edit"), **shipped(command)}
    if name in known:
        return known[name]
    if path.name != name or path.suffix:
        return path  # who reads it tells what is wrong
    if command == "edit" and name in shipped("augment"):
        raise UsageError(f"{name}: is a recipe of facelab augment, not of edit")
    near = " or ".join(get_close_matches(name, known, 2, cutoff=0.6))
    hint = f"did you mean {near}? " if near else ""
    raise UsageError(f"no recipe is called {name!r}; {hint}(see facelab recipe list)")


def summary(text: str) -> str:
    """The first sentence of the comment that a recipe begins with, in one line."""
    comment = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        comment.append(line.lstrip("# ").rstrip())
    sentence, dot, _ = " ".join(comment).partition(". ")
    return sentence + dot.rstrip()


def _is_file(path: Path) -> bool:
    """Whether anything but a folder is there."""
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):  # too long a name, or a zero in it
        return False
