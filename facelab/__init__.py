"""facelab: edit and swap faces in photographs.

The public names are loaded when they are first used, so that ``facelab --help`` needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from facelab._version import __version__ as __version__
from facelab.lazy import loader

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
    from facelab.recipe.video import VideoResult
    from facelab.types import Box, Face, Mesh, Pose, PositionMap, Texture
    from facelab.verification.verify import verify
    from facelab.video.reader import Video, open_video

__getattr__ = loader(
    __name__,
    {
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
        "recipe.video": ("VideoResult",),
        "types": ("Box", "Face", "Mesh", "Pose", "PositionMap", "Texture"),
        "verification.verify": ("verify",),
        "video.reader": ("Video", "open_video"),
    },
)

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
    "Video",
    "VideoResult",
    "WeightsError",
    "load_model",
    "open_video",
    "read",
    "read_recipe",
    "swap",
    "verify",
    "write",
]


def __dir__() -> list[str]:
    return __all__
