"""The command line that does what the page does, to be copied."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from facelab.edits.edit import Step
from facelab.page.wishes import Wish, is_swap
from facelab.recipe.recipe import Photographs, PictureFile, Recipe, Swap, files_of


def command_lines(wish: Wish, output: str, consent: str = "unspecified") -> list[str]:
    """The commands of a wish, a line for each pass; files are named as if they lay here.

    Parameters
    ----------
    wish : Wish
    output : str
        Name of the picture.
    consent : str
        A name of `facelab.constants.CONSENT`.
    """
    lines, source = [], wish.opened.file.name
    for index, recipe in enumerate(wish.recipes, 1):
        target = output if index == len(wish.recipes) else f"step-{index}.png"
        words = ["facelab", *_words(recipe, source, target)]
        words += [] if consent == "unspecified" else ["--consent", consent]
        lines.append(shlex.join(words))
        source = target
    return lines


def _words(recipe: Recipe, source: str, target: str) -> Iterator[str]:
    if is_swap(recipe):
        yield from _swap_words(recipe, source, target)
    else:
        yield from _edit_words(recipe, source, target)


def _edit_words(recipe: Recipe, source: str, target: str) -> Iterator[str]:
    yield from ("edit", source, "-o", target)
    for step in recipe.steps:
        yield from ("--do", " ".join([step.name, *_keys(step)]))
    for name, one in recipe.inputs.items():
        option = "--picture" if isinstance(one, PictureFile) else "--reference"
        for file in files_of(one):
            yield from (option, f"{name}={Path(file).name}")
    if recipe.faces != "all":
        yield from ("--faces", str(recipe.faces))


def _swap_words(recipe: Recipe, source: str, target: str) -> Iterator[str]:
    (step,) = recipe.steps
    assert isinstance(step, Swap)
    person = recipe.inputs[step.source]
    assert isinstance(person, Photographs)
    yield "swap"
    for file in person.files:
        yield from ("-s", file.name)
    yield from ("-t", source, "-o", target)
    if person.face != "largest":
        yield from ("--source-face", person.face)
    if recipe.faces != "largest":
        yield from ("--target-face", str(recipe.faces))
    for word in _keys(step):
        key, _, value = word.partition("=")
        if key == "occlusion":
            yield "--no-occlusion"
        elif key != "source":
            yield from (f"--{key}", value)


def _keys(step: Step) -> Iterator[str]:
    """``KEY=VALUE`` of those keys that are not as by default."""
    for key in fields(step):
        value = getattr(step, key.name)
        if value != key.default:
            yield f"{key.name}={_text(value)}"


def _text(value: object) -> str:
    """A value as ``--do`` takes it."""
    if isinstance(value, tuple):
        return ",".join(
            ":".join(map(_text, one)) if isinstance(one, tuple) else str(one) for one in value
        )
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else str(value)
