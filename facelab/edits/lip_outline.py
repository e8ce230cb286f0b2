"""The outer outline of the lips: by the atlas, and by what the photograph shows around it.

Positions tell it to some pixels only: on turned heads paint would end before the lip does.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face.quality import share
from facelab.numerics.arrays import Float
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import resized
from facelab.types import Face

_SIDE = 512  # of the map on which the atlas' outline is looked for, texels
_EVEN = 0.004  # of the side: deviation of the Gaussian that evens outlines
_REACH = 0.02  # of the side: how deep a texel counts to lie that surely shows lips, or none
_SOFT = 0.006  # of the side: deviation of the Gaussian that leaves out specks of a parsing


def lip_depth(face: Face) -> Float:
    """How far inside the lips' outer outline texels lie, ``(S, S)`` parts of the side.

    Below 0 outside. Where the photograph shows lips beyond the atlas' outline it is the mean of
    both; where it shows fewer, a parsing that is not sure does not tear the outline.
    """
    own, texture = _atlas_depth(face.positions.atlas), face.texture
    if texture.parts is not None:
        side = len(texture.parts)
        shown = cv2.GaussianBlur(share(texture, side, "lips", "mouth"), (0, 0), _SOFT * side)
        told = np.float32(_REACH) * (2 * resized(shown, _SIDE) - 1)
        own = np.maximum(own, (own + told) / 2)
    return resized(own, texture.size)


@cache
def _atlas_depth(atlas: Atlas) -> Float:
    """The same of the atlas' own outline, ``(512, 512)``, read-only."""
    inside = (atlas.region("lips", _SIDE) > 0.5) | (atlas.region("mouth", _SIDE) > 0.5)
    depth = np.asarray(distance_within(inside) - distance_within(~inside), np.float32)
    # Whole texels make steps along the outline.
    out: Float = cv2.GaussianBlur(depth / np.float32(_SIDE), (0, 0), _EVEN * _SIDE)
    out.flags.writeable = False
    return out
