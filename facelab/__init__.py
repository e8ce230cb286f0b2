"""facelab: edit and swap faces in photographs.

The public names are loaded when they are first used, so that ``facelab --help`` needs none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from facelab._version import __version__ as __version__

if TYPE_CHECKING:
    from facelab.augment.dataset import AugmentedFaces
    from facelab.errors import (
        FacelabError,
        ImageError,
        NoFaceError,
        OutputError,
        UsageError,
        WeightsError,
    )
    from facelab.images import Image, read
    from facelab.model import FaceModel, FaceObservation, load_model
    from facelab.provenance.save import write
    from facelab.recipe import MostFaces, Recipe, Swap, read_recipe
    from facelab.recipe.result import Result
    from facelab.recipe.swapping import swap
    from facelab.types import Box, Face, Mesh, Pose, PositionMap, Texture
    from facelab.verification.verify import verify

_HOMES = {
    "augment.dataset": ("AugmentedFaces",),
    "errors": (
        "FacelabError",
        "ImageError",
        "NoFaceError",
        "OutputError",
        "UsageError",
        "WeightsError",
    ),
    "images": ("Image", "read"),
    "model": ("FaceModel", "FaceObservation", "load_model"),
    "provenance.save": ("write",),
    "recipe": ("MostFaces", "Recipe", "Swap", "read_recipe"),
    "recipe.result": ("Result",),
    "recipe.swapping": ("swap",),
    "types": ("Box", "Face", "Mesh", "Pose", "PositionMap", "Texture"),
    "verification.verify": ("verify",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AugmentedFaces",
    "Box",
    "Face",
    "FaceModel",
    "FaceObservation",
    "FacelabError",
    "Image",
    "ImageError",
    "Mesh",
    "MostFaces",
    "NoFaceError",
    "OutputError",
    "Pose",
    "PositionMap",
    "Recipe",
    "Result",
    "Swap",
    "Texture",
    "UsageError",
    "WeightsError",
    "load_model",
    "read",
    "read_recipe",
    "swap",
    "verify",
    "write",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOME:
        raise AttributeError(f"module 'facelab' has no attribute {name!r}")
    return getattr(import_module(f"facelab.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
