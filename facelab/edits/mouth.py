"""What shows between the lips. The atlas keeps lips closed: an open mouth is a few texels high."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import Face

_HIGHEST = 0.015  # of the side: how wide the slit of an open mouth may be in the atlas
_STRETCH = 1.6, 2.6  # steps between texels, in those of the lips, at which a mouth opens


def gap(face: Face) -> Float:
    """Where lips touch in the atlas and not in the photograph, ``(S, S)`` in [0, 1]."""
    atlas, size = face.positions.atlas, face.texture.size
    places = resized(face.positions.values[..., :2], size)
    steps = np.linalg.norm(np.diff(places, axis=0, append=places[-1:]), axis=2)
    usual = np.median(steps[atlas.region("lips", size) > 0.5])
    near = atlas.soft_region("mouth", size, _HIGHEST) > 0
    return np.asarray(smoothstep(steps / max(usual, 1e-6), *_STRETCH) * near, np.float32)


def grown(mask: Float, reach: float) -> Float:
    """A mask grown by a part of the side, at least by a texel."""
    side = 2 * max(1, round(reach * len(mask))) + 1
    wider: Float = cv2.dilate(mask, np.ones((side, side), np.uint8))
    return wider
