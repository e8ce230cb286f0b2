"""Every step with its keys, as the page builds its controls from them.

Made of the same fields that check recipes, so that an edit that is new is in the page at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from facelab import recipe_files
from facelab.constants import CONSENT, FORMATS
from facelab.edits.edit import Step
from facelab.edits.parameters import allowed
from facelab.errors import FacelabError, UsageError
from facelab.export import NAMES
from facelab.recipe import read_recipe, step_classes
from facelab.recipe.groups import grouped
from facelab.recipe.plain import describe
from facelab.recipe.recipe import PictureFile, Recipe, files_of

EXAMPLES: Mapping[str, Mapping[str, object]] = {
    "reshape": {"smile": 0.6, "eyes": 0.4},
    "turn": {"yaw": 12},
    "turn-light": {"turn": 50},
    "gaze": {"yaw": 15},
    "tone": {"temperature": 0.6, "saturation": 0.3},
}
"""Values at which steps that change nothing by default show what they do."""


def catalogue() -> dict[str, object]:
    """All that the page builds its controls from, of what JSON can hold."""
    return {
        "groups": _groups(),
        "presets": [
            preset
            for name, file in recipe_files.shipped("edit").items()
            if (preset := _preset(name, file)) is not None
        ],
        "consent": CONSENT,
        "formats": FORMATS,
        "exports": NAMES,
    }


def _groups() -> list[dict[str, object]]:
    steps = _steps()
    return [
        {"name": group, "steps": [described(steps[name]) for name in names]}
        for group, names in grouped(steps).items()
    ]


def _steps() -> dict[str, type[Step]]:
    """The steps that load; of others, `facelab edit --list` says what is wrong."""
    classes, found = step_classes(), {}
    for name in classes:
        try:
            found[name] = classes[name]
        except FacelabError:
            continue
    return found


def described(step: type[Step]) -> dict[str, object]:
    """A step's name, what it does, and its keys."""
    return {
        "name": step.name,
        "about": (step.__doc__ or "").partition("\n")[0].rstrip("."),
        "picture": step.needs_picture,
        "keys": [_key(key) for key in fields(step)],
    }


def _key(key: Field[Any]) -> dict[str, object]:
    about = {name: value for name, value in key.metadata.items() if name != "default"}
    default = None if key.default is MISSING else key.default
    return {**about, "name": key.name, "default": default, "allowed": allowed(key)}


def _preset(name: str, file: Path) -> dict[str, object] | None:
    """A recipe that comes along and needs nothing but the photograph, or pictures beside it."""
    try:
        recipe = read_recipe(file)
    except UsageError:  # it names a photograph that only the checkout has
        return None
    if not _is_alone(recipe):
        return None
    plain = describe(recipe, lambda path: path.name)
    text = file.read_text(encoding="utf-8")
    return {
        "name": recipe.name or name,
        "file": name,
        "about": recipe_files.summary(text),
        "seed": recipe.seed,
        "steps": plain["steps"],
        "pictures": {key: files_of(one)[0].name for key, one in recipe.inputs.items()},
    }


def _is_alone(recipe: Recipe) -> bool:
    return all(isinstance(one, PictureFile) for one in recipe.inputs.values())


def preset_picture(name: str, key: str) -> Path:
    """The file of a picture that a recipe brings along.

    Raises
    ------
    KeyError
        If there is none.
    """
    one = read_recipe(recipe_files.shipped("edit")[name]).inputs[key]
    return files_of(one)[0]
