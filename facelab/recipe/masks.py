"""Pictures that say where a photograph may change."""

from __future__ import annotations

import numpy as np

from facelab.errors import UsageError
from facelab.images import Image
from facelab.images.given import Photograph, as_image, name_of, unit
from facelab.numerics.arrays import Float
from facelab.provenance.save import Part

# Difference between channels, [0, 1], of all but one in a hundred of the pixels: a mask's is 0, a
# yellowed scan's some hundredths, a photograph's a third and more, a very pale one's 0.14.
_MOST_COLOURED, _COLOURED = 99, 0.1


def read_mask(given: Photograph) -> tuple[Float, Part, tuple[str, ...]]:
    """Return the mask that was given, the image that it was read from, and what that lost.

    Parameters
    ----------
    given : path, PIL image, Image or array
        As `facelab.images.given` says.

    Raises
    ------
    ImageError
        If the file cannot be read.
    UsageError
        If it is of no such kind.
    """
    if isinstance(given, np.ndarray) and given.ndim == 2:
        mask = unit(given, "mask")
        return mask, Part.of_array("mask", mask), ()
    image = as_image(given)
    return grey(image), Part.of("mask", image), tuple(image.losses)


def grey(image: Image) -> Float:
    """Return the mask that a picture stands for, ``(H, W)``, [0, 1]: white is 1, transparent 0.

    Raises
    ------
    UsageError
        If it is coloured, as photographs are.
    """
    opacity = 1 if image.alpha is None else image.alpha
    colour = image.srgb
    spread = (colour.max(axis=2) - colour.min(axis=2)) * opacity
    if np.percentile(spread, _MOST_COLOURED) > _COLOURED:
        name = image.origin.file if image.origin else "the mask"
        raise UsageError(
            f"{name}: is in colour, and no mask; give a grey picture, white where the "
            "photograph may change"
        )
    mask: Float = colour.mean(axis=2)
    return mask * opacity


def fitting(mask: Float | None, given: Photograph | None, target: Image, name: str) -> Float | None:
    """Return the mask that was `given`.

    Raises
    ------
    UsageError
        If it has not the size of the photograph.
    """
    height, width = target.shape
    if mask is not None and mask.shape != (height, width):
        called = "mask" if given is None else name_of(given, "mask")
        raise UsageError(
            f"{called}: is {mask.shape[1]} x {mask.shape[0]} pixels, {name} is "
            f"{width} x {height}; give a mask of the target's size"
        )
    return mask
