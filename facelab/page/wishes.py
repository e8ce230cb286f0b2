"""What the page asks for, checked: a photograph, and recipes to take it through."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from facelab.edits import Edit
from facelab.errors import UsageError
from facelab.page.photographs import Opened, Photographs
from facelab.recipe import Input, Recipe, Swap, make_step
from facelab.recipe import Photographs as People
from facelab.recipe.inputs import Given, Person
from facelab.recipe.recipe import PictureFile, check_inputs
from facelab.recipe.runner import EDIT, SWAP

_MOST_STEPS, _MOST_PASSES, _MOST_INPUTS = 60, 20, 40


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StepBody(_Body):
    """A step: its name, and those of its keys that are not as by default."""

    name: str
    values: dict[str, object] = {}


class FaceBody(_Body):
    """A face of a photograph."""

    photograph: str
    face: int = 0


class InputBody(_Body):
    """An input of steps: one person's faces, or a picture."""

    people: list[FaceBody] = Field(default=[], max_length=_MOST_INPUTS)
    picture: str | None = None


class PassBody(_Body):
    """Steps for some faces of a photograph."""

    faces: str | int = "all"
    steps: list[StepBody] = Field(default=[], max_length=_MOST_STEPS)
    seed: int = 0


class WishBody(_Body):
    """A photograph, and what to do to it, one pass after the other."""

    photograph: str
    passes: list[PassBody] = Field(max_length=_MOST_PASSES)
    inputs: dict[str, InputBody] = Field(default={}, max_length=_MOST_INPUTS)


@dataclass(frozen=True, eq=False)
class Wish:
    """A photograph, the recipes to take it through, and their people as steps take them.

    Parameters
    ----------
    opened : Opened
    recipes : tuple of Recipe
        Their inputs are the files that the page holds.
    people : mapping of str to Person
        Of the inputs, those that are people, read already.
    """

    opened: Opened
    recipes: tuple[Recipe, ...]
    people: Mapping[str, Callable[[], Person]]

    def given(self, recipe: Recipe) -> dict[str, Given]:
        """The people of a recipe, so that they need not be read again."""
        return {name: self.people[name]() for name in recipe.inputs if name in self.people}


def wish_of(body: WishBody, photographs: Photographs) -> Wish:
    """Check what the page asks for.

    Raises
    ------
    UsageError
        If a photograph is not there, or a step or a value is not allowed.
    """
    inputs = {name: _input(name, one, photographs) for name, one in body.inputs.items()}
    opened = photographs[body.photograph]
    recipes = tuple(_recipe(one, inputs, len(opened.found)) for one in body.passes)
    people = {name: _reader(one, photographs) for name, one in body.inputs.items() if one.people}
    return Wish(opened, recipes, people)


def said_of(recipe: Recipe) -> Mapping[str, object]:
    """What the record says of the command that does the same."""
    return SWAP if is_swap(recipe) else EDIT


def is_swap(recipe: Recipe) -> bool:
    """Whether ``facelab swap`` does the same."""
    return len(recipe.steps) == 1 and isinstance(recipe.steps[0], Swap)


def named_only(recipe: Recipe) -> Recipe:
    """The same recipe, its files named as if they lay beside it."""
    return replace(recipe, inputs={name: _named(one) for name, one in recipe.inputs.items()})


def _named(one: Input) -> Input:
    if isinstance(one, PictureFile):
        return PictureFile(Path(one.file.name))
    return replace(one, files=tuple(Path(file.name) for file in one.files))


def _input(name: str, body: InputBody, photographs: Photographs) -> Input:
    if body.picture is not None:
        return PictureFile(photographs[body.picture].file)
    if not body.people:
        raise UsageError(f"{name}: nobody is chosen; choose a face")
    opened = [photographs[one.photograph] for one in body.people]
    faces = {_asked(photo, one.face) for photo, one in zip(opened, body.people, strict=True)}
    if len(faces) > 1:
        raise UsageError(
            f"{name}: of several photographs of a person the same face is taken, by its size; "
            "choose photographs that show the person alone"
        )
    return People(tuple(photo.file for photo in opened), faces.pop())


def _asked(opened: Opened, face: int) -> str:
    """How a recipe says which face of a photograph."""
    return "largest" if face == 0 and len(opened.found) <= 1 else str(face)


def _reader(body: InputBody, photographs: Photographs) -> Callable[[], Person]:
    faces = [(one.photograph, one.face) for one in body.people]
    return lambda: photographs.people.of(
        tuple(faces), lambda: Person(tuple(photographs.person(*face) for face in faces))
    )


def _recipe(body: PassBody, inputs: Mapping[str, Input], faces: int) -> Recipe:
    steps: list[Edit | Swap] = []
    for index, step in enumerate(body.steps, 1):
        try:
            steps.append(make_step(step.name, step.values, body.seed))
        except ValueError as error:
            raise UsageError(f"step {index} ({step.name}): {error}") from None
    needed = {name for step in steps for _, name in step.needs}
    own = {name: one for name, one in inputs.items() if name in needed}
    check_inputs(steps, own)
    recipe = Recipe(steps, inputs=own, seed=body.seed, faces=body.faces)
    if is_swap(recipe):  # of one face the command need not say which
        recipe = replace(recipe, name="swap")
        return replace(recipe, faces="largest") if faces == 1 else recipe
    return replace(recipe, faces="all") if faces == 1 else recipe
