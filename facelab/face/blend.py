"""How a drawn face is blended into its image: Poisson editing, or opacity alone."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from facelab.numerics.arrays import Float
from facelab.numerics.parallel import side_by_side
from facelab.numerics.poisson import check_shapes, mixed, poisson

_IN_CACHE = 1 << 15  # pixels at a time, so that what is made of them stays in the cache

Blend = Callable[[Float, Float, Float], Float]


def alpha(source: Float, target: Float, opacity: Float) -> Float:
    """Average source and target, weighted by the source's opacity.

    Parameters
    ----------
    source, target : (H, W, 3) float32
        RGB, nominally in [0, 1]; finite.
    opacity : (H, W) float32 or bool
        Of the source, [0, 1].

    Returns
    -------
    (H, W, 3) float32
        The target, bit for bit, where the opacity is 0 and the source where it is 1.

    Raises
    ------
    ValueError
        If the shapes do not agree.
    """
    check_shapes(source, target, opacity)
    mixture = np.empty(target.shape, np.float32)
    step = max(_IN_CACHE // target.shape[1], 1)

    def mix(top: int) -> None:
        rows = slice(top, top + step)
        # Arrays of one shape multiply several times faster than by broadcasting.
        share = np.asarray(cv2.merge([opacity[rows].astype(np.float32)] * 3), np.float32)
        np.multiply(source[rows], share, out=mixture[rows])
        np.subtract(1, share, out=share)
        share *= target[rows]
        mixture[rows] += share

    side_by_side(mix, range(0, len(target), step))
    return mixture


def within_gamut(image: Float, under: Float) -> Float:
    """Clip an image ``(H, W, 3)`` to [0, 1], or to as far beyond it as `under` itself is there.

    So colours that a photograph of a wider space holds beyond sRGB's gamut stay.
    """
    least, most, _, _ = cv2.minMaxLoc(under.reshape(len(under), -1))
    if least >= 0 and most <= 1:
        return np.clip(image, 0, 1)
    return np.clip(image, np.minimum(under, 0), np.maximum(under, 1))


METHODS: dict[str, Blend] = {"poisson": poisson, "mixed": mixed, "alpha": alpha}
"""Name to function that blends a source ``(H, W, 3)`` into a target within a mask ``(H, W)``."""
