"""The recipe that ``--do`` asks for in words, and the inputs that options name."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from facelab.edits import Edit
from facelab.errors import UsageError
from facelab.recipe import (
    Input,
    MostFaces,
    Photographs,
    PictureFile,
    Recipe,
    StepError,
    Swap,
    make_step,
    step_classes,
)
from facelab.recipe.document import scalar

Named = tuple[str, Path]


def named_inputs(photographs: Iterable[Named], pictures: Iterable[Named]) -> dict[str, Input]:
    """The inputs that options name; photographs of one name are of one person.

    Raises
    ------
    UsageError
        If a name stands for photographs and for a picture, or for two pictures.
    """
    given: dict[str, Input] = {}
    for name, file in photographs:
        earlier = given.get(name)
        files = earlier.files if isinstance(earlier, Photographs) else ()
        given[name] = Photographs((*files, file))
    for name, file in pictures:
        if name in given:
            raise UsageError(f"--picture {name}={file}: {name} is given twice; give one")
        given[name] = PictureFile(file)
    return given


def from_words(words: Iterable[str], given: Mapping[str, Input]) -> Recipe:
    """The recipe of ``lipstick colour=#a01030 strength=0.6`` and the like, in order.

    Raises
    ------
    UsageError
        It says which of them, the key, and what is allowed.
    """
    steps = tuple(_step(f"--do {index}", text) for index, text in enumerate(words, 1))
    return Recipe(steps=steps, inputs=given)


def _step(where: str, text: str) -> Edit | Swap:
    try:
        name, *rest = shlex.split(text) or [""]
    except ValueError as error:
        raise UsageError(f"{where}: {text}: {str(error).lower()}") from None
    values: dict[str, object] = {}
    for word in rest:
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"{where} ({name}): {word!r} is not KEY=VALUE")
        if key in values:
            raise UsageError(f"{where} ({name}): {key}: is there twice; leave one out")
        values[key] = _value(name, key, value)
    try:
        return make_step(name, values)
    except StepError as error:
        place = where if error.key is None else f"{where} ({name})"
        raise UsageError(f"{place}: {error}") from None


def _value(name: str, key: str, text: str) -> object:
    """The value in `text`; a list where the key takes one: ``eyes,brows``, ``0.4:0.6,0.5:0.3``."""
    step = step_classes().get(name)
    about = step.__dataclass_fields__.get(key) if step else None
    kind = about.metadata["kind"] if about else ""
    if kind in ("choices", "references"):
        return [part.strip() for part in text.split(",")]
    if kind == "places":
        return [[scalar(part) for part in place.split(":")] for place in text.split(",")]
    return scalar(text) if kind in ("number", "whole", "switch") else text


def with_faces(recipe: Recipe, faces: str | int | None, most: int | None) -> Recipe:
    """Return the recipe for other faces, if they are given: which, or how many of the largest."""
    if most is not None:
        return replace(recipe, faces=MostFaces(most))
    return recipe if faces is None else replace(recipe, faces=faces)
