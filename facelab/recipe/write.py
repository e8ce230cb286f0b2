"""From a recipe to YAML, and to what a record holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import yaml

from facelab.edits.edit import Step
from facelab.recipe.document import scalar
from facelab.recipe.recipe import (
    VERSION,
    Faces,
    Input,
    MostFaces,
    PictureFile,
    PictureFiles,
    Recipe,
)
from facelab.types import Box


class _Dumper(yaml.SafeDumper):
    """PyYAML's, but Unicode's line breaks are escaped: it would read them back as spaces.

    And what is a number in YAML 1.2, but not in PyYAML's 1.1, is quoted: a name such as 0E0.
    """


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if isinstance(scalar(text), str) else "'"
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else style
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(recipe: Recipe, folder: Path) -> str:
    """The recipe as a file in `folder` says it, all defaults filled in."""
    plain = describe(recipe, lambda file: Path(os.path.relpath(file, folder)).as_posix())
    text: str = yaml.dump(plain, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=96)
    return text


def describe(recipe: Recipe, place: Callable[[Path], str]) -> dict[str, object]:
    """The recipe in maps, lists and scalars; `place` says how a file is named."""
    return {
        "version": VERSION,
        "name": recipe.name,
        "seed": recipe.seed,
        "faces": _faces(recipe.faces),
        "texture_size": recipe.texture_size,
        "blend": recipe.blend,
        "mask": place(recipe.mask) if recipe.mask else None,
        "output": {"format": recipe.output.format, "quality": recipe.output.quality},
        "inputs": {name: _input(one, place) for name, one in recipe.inputs.items()},
        "steps": [{step.name: step_values(step)} for step in recipe.steps],
    }


def _faces(faces: Faces) -> object:
    if isinstance(faces, Box):
        return {"box": _corners(faces)}
    if isinstance(faces, int):
        return {"index": faces}
    return {"most": faces.count} if isinstance(faces, MostFaces) else faces


def _corners(box: Box) -> list[float]:
    return [box.x0, box.y0, box.x1, box.y1]


def _input(given: Input, place: Callable[[Path], str]) -> dict[str, object]:
    if isinstance(given, PictureFile):
        return {"picture": place(given.file)}
    if isinstance(given, PictureFiles):
        return {"pictures": [place(file) for file in given.files]}
    files = [place(file) for file in given.files]
    about: dict[str, object] = {"photograph": files if len(files) > 1 else files[0]}
    if given.box is not None:
        return {**about, "box": _corners(given.box)}
    return {**about, "face": given.face}


def step_values(step: Step) -> dict[str, object]:
    """The keys of a step with what they hold, as YAML and JSON have it."""
    return {key.name: _plain(getattr(step, key.name)) for key in fields(step)}


def _plain(value: object) -> object:
    """Tuples as lists, and numbers as short as they can be written."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
