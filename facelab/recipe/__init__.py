"""Recipes: lists of edits and swaps in YAML, and the engine that carries them out.

Its names are loaded when they are first used: a swap needs no parser and no edits.

file -> document.parse -> parse.read_recipe -> Recipe -> write.to_yaml -> file
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab.lazy import loader

if TYPE_CHECKING:
    from facelab.recipe.parse import parse_recipe, read_recipe, recipe_of
    from facelab.recipe.plain import describe
    from facelab.recipe.recipe import (
        Faces,
        Input,
        MostFaces,
        Output,
        Photographs,
        PictureFile,
        PictureFiles,
        Recipe,
        Swap,
        check_inputs,
    )
    from facelab.recipe.steps import StepError, make_step, step_classes
    from facelab.recipe.write import to_yaml

__getattr__ = loader(
    __name__,
    {
        "parse": ("parse_recipe", "read_recipe", "recipe_of"),
        "plain": ("describe",),
        "recipe": (
            "Faces",
            "Input",
            "MostFaces",
            "Output",
            "Photographs",
            "PictureFile",
            "PictureFiles",
            "Recipe",
            "Swap",
            "check_inputs",
        ),
        "steps": ("StepError", "make_step", "step_classes"),
        "write": ("to_yaml",),
    },
)

__all__ = [
    "Faces",
    "Input",
    "MostFaces",
    "Output",
    "Photographs",
    "PictureFile",
    "PictureFiles",
    "Recipe",
    "StepError",
    "Swap",
    "check_inputs",
    "describe",
    "make_step",
    "parse_recipe",
    "read_recipe",
    "recipe_of",
    "step_classes",
    "to_yaml",
]


def __dir__() -> list[str]:
    return __all__
