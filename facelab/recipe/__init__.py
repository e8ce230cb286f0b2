"""Recipes: lists of edits and swaps in YAML, and the engine that carries them out.

file -> document.parse -> parse.read_recipe -> Recipe -> write.to_yaml -> file
"""

from __future__ import annotations

from facelab.recipe.parse import parse_recipe, read_recipe, recipe_of
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
from facelab.recipe.schema import schema
from facelab.recipe.steps import StepError, make_step, step_classes
from facelab.recipe.write import describe, to_yaml

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
    "schema",
    "step_classes",
    "to_yaml",
]
