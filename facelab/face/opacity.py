"""Opacity of another face's texels: what a face keeps of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep
from facelab.types import SEEN, PositionMap

TAKEN = 0.08, 0.35  # confidence of the source at which its texels begin to show, and do wholly
_FEATHER = 2.5  # texels of the position map, over which two faces' surfaces pass into each other
_CLOSED, _OPEN = 0.15, 0.23  # the gap between the lips over the mouth's width


def opacity(target: PositionMap, source: PositionMap, seen: Float, keep: Sequence[str]) -> Float:
    """Opacity of the source's texture, ``(S, S)`` float32 in [0, 1].

    Where the source was not seen well, the target's own surface is better.

    Parameters
    ----------
    target, source : PositionMap
        Their mouths are compared.
    seen : (S, S) float32
        The confidence of the source's texture.
    keep : sequence of str
        Of ``mouth`` and ``eyes``.

    Notes
    -----
    The interior of a mouth is squeezed to a line in the atlas, so with ``mouth`` in `keep` the
    target's own stays. Unless both mouths are closed the inner rim of its lips stays with it: that
    of a closed mouth looks swollen around teeth, and that of an open one carries teeth along.
    """
    atlas = target.atlas
    size = len(seen)
    out = np.minimum(_soft(smoothstep(seen, *TAKEN), _FEATHER, atlas), 1)
    if "mouth" in keep:
        wider = max(mouth_opening(target), mouth_opening(source))
        share = np.clip((wider - _CLOSED) / (_OPEN - _CLOSED), 0, 1)
        out *= 1 - np.maximum(_mouth(atlas, size), np.float32(share) * _inner_lips(atlas, size))
    if "eyes" in keep:
        out *= 1 - _eyes(atlas, size)
    return np.asarray(np.maximum(out, 0), np.float32)


def shared_gaps(source: Float, target: Float, atlas: Atlas) -> Float:
    """Mask of the texels that neither face shows well: there the target's own pixels are best.

    Parameters
    ----------
    source, target : (S, S) float32
        Confidences as `facelab.face.swap.reject_non_skin` leaves them.

    Returns
    -------
    (S, S) float32
        1 there, with a soft edge of a few texels of the position map.
    """
    gaps = ((source < SEEN) & (target < SEEN)).astype(np.float32)
    return _soft(gaps, 3.0, atlas) * (1 - _nose(atlas, len(gaps)))


@cache
def _nose(atlas: Atlas, size: int) -> Float:
    """The nose and what is around it, where two people's nostrils and shadows do not meet."""
    u, v = atlas.canonical_uv(size).transpose(2, 0, 1)
    radius = np.hypot((u - 0.5) / 0.17, (v - 0.54) / 0.14)
    return _frozen(np.clip((1.2 - radius) / 0.4, 0, 1))


def mouth_opening(positions: PositionMap) -> float:
    """Opening of the mouth: the gap between the lips over its width, from the 68 landmarks."""
    marks = positions.landmarks
    gap = marks[[61, 62, 63]].mean(axis=0) - marks[[67, 66, 65]].mean(axis=0)
    return float(np.linalg.norm(gap) / np.linalg.norm(marks[60] - marks[64]))


@cache
def _mouth(atlas: Atlas, size: int) -> Float:
    # A position map draws the slit between the lips up to half a texel wider than the mesh does.
    return _frozen(_soft(_grown(atlas.region("mouth", size), 0.7, atlas), 0.15, atlas))


@cache
def _inner_lips(atlas: Atlas, size: int) -> Float:
    return _frozen(_soft(_grown(atlas.region("mouth", size), 1.5, atlas), 0.7, atlas))


@cache
def _eyes(atlas: Atlas, size: int) -> Float:
    return _frozen(_soft(atlas.region("eyes", size), 0.6, atlas))


def _frozen(mask: Float) -> Float:
    mask.flags.writeable = False
    return mask


def _grown(mask: Float, texels: float, atlas: Atlas) -> Float:
    """Dilated by texels of the position map."""
    reach = max(1, round(texels * len(mask) / atlas.size))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    out: Float = cv2.dilate(mask, kernel)
    return out


def _soft(mask: Float, texels: float, atlas: Atlas) -> Float:
    """Blurred by texels of the position map."""
    out: Float = cv2.GaussianBlur(mask, (0, 0), max(texels * len(mask) / atlas.size, 0.3))
    return out
