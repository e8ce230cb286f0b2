"""The colour of another face's lips: their own, but not far from that of the lips that were there.

How lips differ from the skin beside them is in part the person's and in part the skin's: pale lips
of a dark face are pink on a light one, and rosy ones of a light face deep red on a dark one. So
lips that would differ more from those of the skin they come to than two people's do move nearer.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.face.quality import share
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import Texture

_SIDE = 256  # of the maps on which lips are found, texels
_APART = 8.0  # CIELAB distance by which two people's lips may differ on one skin
_SEEN = 0.5  # confidence
_SURE = 0.8  # share of a texel from which it shows lips alone
_LEAST = 64  # texels of them, to tell a colour


def near(colour: Float, source: Texture, target: Texture, tone: float = 1.0) -> Float:
    """Return a source's colours with its lips near the target's colour.

    Parameters
    ----------
    colour : (S, S, 3) float32
        The source's, in the target's light; RGB in [0, 1].
    source, target : Texture
        With their parts, or the colours stay.
    tone : float
        How much of that is done, [0, 1].
    """
    if source.parts is None or target.parts is None:
        return colour
    own, other = (_lips(texture) for texture in (source, target))
    if min(own.sum(), other.sum()) < _LEAST:
        return colour
    way = _median(target.colour, other) - _median(colour, own)
    far = float(np.linalg.norm(way))
    shift = way * np.float32(tone * max(0.0, 1 - _APART / max(far, 1e-6)))
    mask = smoothstep(resized(share(source, _SIDE, "lips"), len(colour)))
    out = colour.copy()
    here = _box(mask)
    lab = cv2.cvtColor(np.ascontiguousarray(colour[here]), cv2.COLOR_RGB2Lab)
    moved, old = (
        cv2.cvtColor(one, cv2.COLOR_Lab2RGB) for one in (lab + mask[here][..., None] * shift, lab)
    )
    out[here] = np.clip(cv2.add(out[here], cv2.subtract(moved, old)), 0, 1)
    return out


def _box(mask: Float) -> tuple[slice, slice]:
    """The rows and columns with anything in them."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _lips(texture: Texture) -> Bool:
    """The texels that surely show lips."""
    seen = resized(texture.confidence, _SIDE) > _SEEN
    out: Bool = seen & (share(texture, _SIDE, "lips") > _SURE)
    return out


def _median(colour: Float, mask: Bool) -> Float:
    """The median of CIELAB, ``(3,)``: of teeth and highlights it takes no notice."""
    places = np.flatnonzero(mask)
    row, column = (
        np.minimum((at + 0.5) * len(colour) / _SIDE, len(colour) - 1).astype(int)
        for at in divmod(places, _SIDE)
    )
    lab = cv2.cvtColor(colour[row, column][None], cv2.COLOR_RGB2Lab)[0]
    return np.asarray(np.median(lab, axis=0), np.float32)
