"""facelab: edit and swap faces in photographs.

The public names are loaded when they are first used, so that ``facelab --help`` needs none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facelab.cli.verifying import verify
    from facelab.errors import FacelabError
    from facelab.face.texture import unwrap
    from facelab.images import Image, read
    from facelab.provenance.save import write
    from facelab.recipe import Recipe, read_recipe
    from facelab.recipe.runner import Person, RunResult, run
    from facelab.recipe.swapping import SwapResult, SwapSettings, swap_into
    from facelab.reconstruct import Reconstructor, load_reconstructor
    from facelab.reconstruct.face_selection import Sighting, sight
    from facelab.types import Box, Face, Pose, PositionMap, Reconstruction, Texture

__all__ = [
    "Box",
    "Face",
    "FacelabError",
    "Image",
    "Person",
    "Pose",
    "PositionMap",
    "Recipe",
    "Reconstruction",
    "Reconstructor",
    "RunResult",
    "Sighting",
    "SwapResult",
    "SwapSettings",
    "Texture",
    "load_reconstructor",
    "read",
    "read_recipe",
    "run",
    "sight",
    "swap_into",
    "unwrap",
    "verify",
    "write",
]

__version__ = "0.1.0"

_HOMES = {
    "cli.verifying": ("verify",),
    "errors": ("FacelabError",),
    "images": ("Image", "read"),
    "recipe.swapping": ("SwapResult", "SwapSettings", "swap_into"),
    "recipe.runner": ("Person", "RunResult", "run"),
    "reconstruct.face_selection": ("Sighting", "sight"),
    "recipe": ("Recipe", "read_recipe"),
    "reconstruct": ("Reconstructor", "load_reconstructor"),
    "provenance.save": ("write",),
    "face.texture": ("unwrap",),
    "types": ("Box", "Face", "Pose", "PositionMap", "Reconstruction", "Texture"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOME:
        raise AttributeError(f"module 'facelab' has no attribute {name!r}")
    return getattr(import_module(f"facelab.{_HOME[name]}"), name)
