"""How a drawn face is blended into its image: Poisson editing, or opacity alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from facelab.numerics.arrays import Float
from facelab.numerics.poisson import check_shapes, mixed, poisson

Blend = Callable[[Float, Float, Float], Float]


def alpha(source: Float, target: Float, mask: Float) -> Float:
    """Average source and target, weighted by the mask.

    Parameters
    ----------
    source, target : (H, W, 3) float32
        RGB, nominally in [0, 1]; finite.
    mask : (H, W) float32 or bool
        Opacity of the source in [0, 1].

    Returns
    -------
    (H, W, 3) float32
        The target, bit for bit, where the mask is 0 and the source where it is 1.

    Raises
    ------
    ValueError
        If the shapes do not agree.
    """
    check_shapes(source, target, mask)
    opacity = mask.astype(np.float32)[..., np.newaxis]
    mixture = source * opacity
    mixture += target * (1 - opacity)
    return mixture


def within_gamut(image: Float, under: Float) -> Float:
    """An image ``(H, W, 3)`` clipped to [0, 1], or to as far beyond it as `under` itself is there.

    So colours that a photograph of a wider space holds beyond sRGB's gamut stay.
    """
    return np.clip(image, np.minimum(under, 0), np.maximum(under, 1))


METHODS: dict[str, Blend] = {"poisson": poisson, "mixed": mixed, "alpha": alpha}
"""Name to what blends a source ``(H, W, 3)`` into a target by a mask ``(H, W)``, float32."""
