"""A small picture of what a step does, on the face at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields

import numpy as np

from facelab.errors import UsageError
from facelab.geometry.window import Window
from facelab.images import Image
from facelab.model import FaceModel
from facelab.page.drawing import marked
from facelab.page.photographs import Opened, reduced, scaled
from facelab.recipe import Recipe, make_step
from facelab.recipe.runner import Seen, prepare
from facelab.recipe.steps import step_classes
from facelab.types import Reconstruction

_SIDE = 192  # px of the picture
_ROOM = 0.18  # about the face, in parts of its box's longer side


def example(
    opened: Opened, name: str, values: Mapping[str, Mapping[str, object]], model: FaceModel
) -> Image:
    """The largest face of a photograph after one step, at most 192 px on its longer side.

    A step that needs another person or a picture leaves it as it is.

    Parameters
    ----------
    opened : Opened
    name : str
        The step's.
    values : mapping of str to mapping
        For steps that change nothing by default.
    model : FaceModel

    Raises
    ------
    UsageError
        If there is no such step, or no face.
    """
    known = step_classes()
    if name not in known:
        raise UsageError(f"no edit is called {name!r}")
    image, found = close(opened, 0)
    if any(key.default is MISSING for key in fields(known[name])):
        return image
    recipe = Recipe([make_step(name, values.get(name, {}))])
    result = prepare(recipe, model)(Seen(image, [found]), opened.file.name)
    return marked(result, image)


def close(opened: Opened, index: int) -> tuple[Image, Reconstruction]:
    """A face of a photograph with a little around it, small.

    Raises
    ------
    UsageError
        If there is no such face.
    """
    if not 0 <= index < len(opened.found):
        raise UsageError(f"{opened.file.name}: has no face {index}; choose another")
    found, whole = opened.reduced_found[index], opened.reduced
    window = Window.of_face(found.positions, whole.shape, _ROOM)
    cut = Image(np.ascontiguousarray(window.part(whole.values)))
    small = reduced(cut, _SIDE)
    inside = Reconstruction(window.inward(found.positions), found.score)
    across, down = small.shape[1] / cut.shape[1], small.shape[0] / cut.shape[0]
    return small, scaled(inside, across, down)
