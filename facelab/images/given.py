"""A photograph as it is given from Python: the path of a file, an array, what was read before."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.files import StrPath
from facelab.images.decode import read
from facelab.images.image import Image

Photograph = StrPath | Image | NDArray[Any]


def as_image(photograph: Photograph) -> Image:
    """Return a photograph with its metadata; an array has none.

    Raises
    ------
    ImageError
        If the file cannot be read as a photograph.
    ValueError
        If an array is not ``(H, W, 3)`` float32.
    """
    if isinstance(photograph, Image):
        return photograph
    if isinstance(photograph, str | PathLike):
        return read(photograph)
    return Image(np.asarray(photograph))


def name_of(photograph: Photograph, otherwise: str = "image") -> str:
    """Return what messages call a photograph: its path or file name, if it has one."""
    if isinstance(photograph, str | PathLike):
        return str(photograph)
    if isinstance(photograph, Image) and photograph.origin is not None:
        return photograph.origin.file
    return otherwise
