"""Comparison of two pictures, pixel by pixel."""

from __future__ import annotations

import numpy as np

from facelab.images import Image, decoded
from facelab.numerics.arrays import Float
from facelab.verification.difference import AnotherLayoutError, Difference


def pictures(kept: bytes, made: bytes) -> Difference:
    """Compare the pixels of two pictures, in levels of 255.

    Raises
    ------
    ImageError
        If one of them is no picture.
    AnotherLayoutError
        If they have not one size.
    """
    theirs, ours = (_levels(decoded("it", data)) for data in (kept, made))
    if theirs.shape != ours.shape:
        raise AnotherLayoutError(f"{_size(theirs)}; made again {_size(ours)}")
    apart = np.abs(theirs - ours).max(axis=2)
    differing, of = int(np.count_nonzero(apart)), apart.size
    if not differing:
        return Difference("pixels identical, metadata differs", {"differing": 0, "of": of})
    largest, mean = float(apart.max()), float(apart[apart > 0].mean(dtype=np.float64))
    return Difference(
        f"{differing:,} of {of:,} pixels differ, by at most {largest:.3g} of 255 levels "
        f"(mean {mean:.3g} where they differ)",
        {"differing": differing, "of": of, "largest": round(largest, 3), "mean": round(mean, 3)},
    )


def _levels(image: Image) -> Float:
    """Pixels ``(H, W, 3 or 4)`` from 0 to 255."""
    channels = [image.pixels] if image.alpha is None else [image.pixels, image.alpha]
    levels: Float = np.dstack(channels) * np.float32(255)
    return levels


def _size(levels: Float) -> str:
    height, width, channels = levels.shape
    return f"{width} x {height} pixels in {channels} channels"
