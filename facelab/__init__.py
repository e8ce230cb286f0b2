"""facelab: edit and swap faces in photographs.

The public names are loaded when they are first used, so that ``facelab --help`` needs none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facelab.cli.verifying import verify
    from facelab.errors import FacelabError
    from facelab.images import Image, read
    from facelab.pipeline import (
        Person,
        RunResult,
        Sighting,
        SwapResult,
        SwapSettings,
        run,
        sight,
        swap_into,
    )
    from facelab.recipe import Recipe, read_recipe
    from facelab.reconstruct import Reconstructor, load_reconstructor
    from facelab.saving import write
    from facelab.texture import unwrap
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
    "pipeline": (
        "Person",
        "RunResult",
        "Sighting",
        "SwapResult",
        "SwapSettings",
        "run",
        "sight",
        "swap_into",
    ),
    "recipe": ("Recipe", "read_recipe"),
    "reconstruct": ("Reconstructor", "load_reconstructor"),
    "saving": ("write",),
    "texture": ("unwrap",),
    "types": ("Box", "Face", "Pose", "PositionMap", "Reconstruction", "Texture"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOME:
        raise AttributeError(f"module 'facelab' has no attribute {name!r}")
    return getattr(import_module(f"facelab.{_HOME[name]}"), name)
