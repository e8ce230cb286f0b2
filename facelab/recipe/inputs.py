"""The inputs of a recipe, from their files to what steps are made with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facelab.edits.edit import Picture
from facelab.images import Image
from facelab.recipe import Input, Photographs, PictureFile
from facelab.recipe.runner import Person
from facelab.reconstruct.face_selection import sight

if TYPE_CHECKING:
    from facelab.reconstruct import Reconstructor


def files_of(given: Input) -> tuple[Path, ...]:
    """The files of an input."""
    return (given.file,) if isinstance(given, PictureFile) else given.files


def picture_of(image: Image) -> Picture:
    """What a picture stands for; without an alpha channel it is opaque."""
    opaque = np.ones(image.pixels.shape[:2], np.float32)
    return Picture(image.srgb, opaque if image.alpha is None else image.alpha)


def person_of(given: Photographs, images: Sequence[Image], reconstructor: Reconstructor) -> Person:
    """Whom photographs show, of the images in their files.

    Raises
    ------
    NoFaceError
        If one has no face, or not the one asked for.
    """
    return Person(
        tuple(
            sighting
            for file, image in zip(given.files, images, strict=True)
            for sighting in sight(image, reconstructor, given.face, given.box, str(file))
        )
    )
