"""How well a photograph shows each texel of a face's own surface."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from facelab.constants import PARTS
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import Texture

SURFACE = ("skin", "brows", "eyes", "lips", "ears", "neck")
"""The parts that are a face's own; in doubt the skin beside it, which looks the same."""

_SIDE = 256  # of the map on which edges are drawn in, texels
_IN, _SOFT = 2, 1.5  # texels: how far from what is no skin taking begins, and how softly
_CLEAR = 0.5, 0.9  # share of surface at which a texel is refused, and taken whole


def surface(texture: Texture, parts: Sequence[str] = SURFACE) -> Float:
    """How much of each texel is the face's surface, well away from what is not.

    Parameters
    ----------
    texture : Texture
        With its parts.
    parts : sequence of str
        Of `facelab.constants.PARTS`: what counts as surface.

    Returns
    -------
    (S, S) float32
        In [0, 1]; falls to 0 a few texels before hair, glasses or background begin.
    """
    assert texture.parts is not None
    share = texture.parts[..., [PARTS.index(part) for part in parts]].sum(axis=2)
    clear = smoothstep(resized(share, _SIDE), *_CLEAR)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _IN + 1, 2 * _IN + 1))
    inner = cv2.GaussianBlur(cv2.erode(clear, kernel), (0, 0), _SOFT)
    return resized(np.asarray(inner, np.float32), texture.size)
