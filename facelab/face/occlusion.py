"""What hides a face at its sides and forehead: hair and the like."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face.skin import SIZE, Skin, extended_outward, features, fringe
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import Texture

_GUIDED_SIZE = 512  # largest side at which the occlusion's edge is drawn, texels
_GUIDED_EDGE = 2e-3  # variance of grey under which the guided filter sees no edge


def occlusion(texture: Texture, skin: Skin, atlas: Atlas) -> Float:
    """How much hair and the like hide a face at its sides and forehead, ``(S, S)`` in [0, 1].

    Texels at the sides and on the forehead that do not look like the skin of the face's own
    centre. The edge is drawn by a guided filter (He, Sun & Tang, PAMI 2013) along the edges of the
    texture itself.
    """
    found = extended_outward(skin.not_skin * _where_things_hang(atlas), atlas)
    found = np.maximum(found, fringe(found, skin.not_skin, atlas))
    found = cv2.GaussianBlur(cv2.dilate(found, np.ones((3, 3), np.uint8)), (0, 0), 0.7)
    size = min(texture.size, _GUIDED_SIZE)
    guide = cv2.cvtColor(resized(texture.colour, size), cv2.COLOR_RGB2GRAY)
    edged = _guided(resized(found, size), guide, max(2, size // 100))
    return resized(edged, texture.size)


@cache
def _where_things_hang(atlas: Atlas) -> Float:
    """The outer ring and the forehead, ``(128, 128)``: elsewhere darkness is beard or shadow."""
    u, v = atlas.canonical_uv(SIZE).transpose(2, 0, 1)
    ring = np.clip((np.hypot((u - 0.5) / 0.47, (v - 0.52) / 0.42) - 0.62) / 0.12, 0, 1)
    places: Float = np.maximum(ring, v < 0.22) * (features(atlas, SIZE) < 0.5)
    places.flags.writeable = False
    return places


def _guided(mask: Float, guide: Float, radius: int) -> Float:
    """The mask as a locally linear function of the guide (He et al. 2013, eqs. 5-8)."""

    def mean(values: Float) -> Float:
        out: Float = cv2.blur(values, (2 * radius + 1, 2 * radius + 1))
        return out

    mean_guide, mean_mask = mean(guide), mean(mask)
    covariance = mean(guide * mask) - mean_guide * mean_mask
    slope = covariance / (mean(guide * guide) - mean_guide**2 + _GUIDED_EDGE)
    offset = mean_mask - slope * mean_guide
    edge: Float = np.clip(mean(slope) * guide + mean(offset), 0, 1)
    return edge
