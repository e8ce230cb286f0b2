"""A recipe in maps, lists and scalars, as its file and records have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from facelab.edits.edit import Step
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
