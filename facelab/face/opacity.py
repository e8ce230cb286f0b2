"""Opacity of another face's texels: what a face keeps of its own."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep

TAKEN = 0.08, 0.35  # confidence of the source at which its texels begin to show, and do wholly
_FEATHER = 2.5  # texels of the position map, over which two faces' surfaces pass into each other


def opacity(seen: Float, atlas: Atlas, size: int | None = None) -> Float:
    """Return the opacity of a source's texture, ``(S, S)`` float32 in [0, 1].

    Where the source was not seen well, the target's own surface is better.

    Parameters
    ----------
    seen : (n, n) float32
        The confidence of the source's texture.
    atlas : Atlas
    size : int, optional
        S, by default n. The edge is as wide as some texels of the position map, so a confidence of
        that side tells it.
    """
    shown = smoothstep(resized(seen, min(len(seen), atlas.size)), *TAKEN)
    return resized(np.clip(_soft(shown, _FEATHER, atlas), 0, 1), size or len(seen))


@cache
def eyeballs(atlas: Atlas, size: int) -> Float:
    """Where the eyes lie between their lids, ``(size, size)`` float32 in [0, 1], read-only."""
    mask = _soft(atlas.region("eyes", size), 0.6, atlas)
    mask.flags.writeable = False
    return mask


def _soft(mask: Float, texels: float, atlas: Atlas) -> Float:
    """Blurred by texels of the position map."""
    out: Float = cv2.GaussianBlur(mask, (0, 0), max(texels * len(mask) / atlas.size, 0.3))
    return out
