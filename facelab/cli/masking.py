"""A picture that says where a photograph may change."""

from __future__ import annotations

from pathlib import Path

from facelab.errors import UsageError
from facelab.images import Image
from facelab.numerics.arrays import Float


def grey(image: Image) -> Float:
    """The mask that a picture stands for, ``(H, W)``, [0, 1]: white is 1, transparent 0."""
    mask: Float = image.srgb.mean(axis=2)
    return mask if image.alpha is None else mask * image.alpha


def fitting(mask: Float | None, file: Path | None, target: Image, name: Path) -> Float | None:
    """The mask that was read from `file`.

    Raises
    ------
    UsageError
        If it has not the size of the photograph.
    """
    height, width = target.pixels.shape[:2]
    if mask is not None and mask.shape != (height, width):
        raise UsageError(
            f"{file}: is {mask.shape[1]} x {mask.shape[0]} pixels, {name} is "
            f"{width} x {height}; give a mask of the target's size"
        )
    return mask
