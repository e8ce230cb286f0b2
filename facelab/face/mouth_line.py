"""The line along which lips meet, and its ends in the corners: they are the photograph's own.

A smile ends in the dark on both sides, and along its lips run gums, wet edges and what is left of
teeth; all that lies in texels of lips and skin. On a mouth that is closed, or less wide, it would
be black dots at the corners and specks along the line. So where a photograph keeps its mouth it
keeps its line: what the line's texels are over the colour that lips and skin around carry on to
them, channel by channel, so that the light on the face and the colour of its lips cancel.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face.quality import share
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.smoothing import smoothstep, spread
from facelab.numerics.windows import Window, scaled
from facelab.types import SEEN, Texture

_SIDE = 256  # of the map in which texels are counted
_HALF = 2.5  # texels: half the width of the line
_OUTWARD = 2.0  # texels from the slit's end to the middle of a corner
_ACROSS, _DOWN = 8.0, 6.5  # texels: half the width and height of a corner
_FEATHER = 0.25  # of these, over which they begin
_ROOM = 4  # texels around, at least, from which lips and skin are carried on
_ALIGNED = 4  # texels that a window is a multiple of: whole texels in the sides that textures have
_NOISE = 0.02  # level to which dark colours are not told apart


def with_line(colour: Float, target: Texture, atlas: Atlas, amount: float = 1.0) -> Float:
    """Return a face's colours with the line between the lips that another has.

    Parameters
    ----------
    colour : (S, S, 3) float32
        RGB in [0, 1], lips closed.
    target : Texture
        The face whose mouth stays, lips closed, ``(S, S)`` texels.
    atlas : Atlas
        Of both.
    amount : float
        How much of the line is the other's, [0, 1].

    Returns
    -------
    (S, S, 3) float32
        In [0, 1]; changed along the line and at its ends alone, where the target shows them.
    """
    if atlas.slit is None or amount == 0:
        return colour
    box, window, inside = _within(atlas, len(colour))
    around = (inside == 0).astype(np.float32)
    seen = smoothstep(target.confidence[window], SEEN, 2 * SEEN)
    if target.parts is not None:
        seen *= 1 - cv2.resize(share(target, _SIDE, "beard")[box], inside.shape[::-1])
    theirs, own = target.colour[window], colour[window]
    shade = (theirs + _NOISE) / (spread(theirs, around * seen) + _NOISE)
    carried = spread(own, around)
    # Skin is lighter than lips around, and on another's skin would be a pale speck.
    lined = np.minimum(shade * (carried + _NOISE) - _NOISE, np.maximum(own, carried))
    out = colour.copy()
    out[window] += (np.float32(amount) * inside * seen)[..., None] * (np.maximum(lined, 0) - own)
    return out


@cache
def where_lips_meet(atlas: Atlas) -> Bool:
    """The line and its ends in the corners, where the dark is no tone of lips: ``(256, 256)``."""
    out = np.zeros((_SIDE, _SIDE), np.bool_)
    if atlas.slit is not None:
        box, _, inside = _within(atlas, _SIDE)
        out[box] = inside > 0
    out.flags.writeable = False
    return out


@cache
def _within(atlas: Atlas, size: int) -> tuple[Window, Window, Float]:
    """Where the line lies in maps of side 256 and in a texture, and how far texels are its own."""
    assert atlas.slit is not None
    ends = (atlas.slit.upper[[0, -1]] + atlas.slit.lower[[0, -1]]) / 2
    (first, top), (last, bottom) = ends.tolist()
    first, last, row = first - _OUTWARD, last + _OUTWARD, (top + bottom) / 2
    box = _texels(row - _DOWN, row + _DOWN), _texels(first - _ACROSS, last + _ACROSS)
    window = scaled(box, _SIDE, size)
    rows, columns = (
        (np.arange(part.start, part.stop, dtype=np.float32) + 0.5) * _SIDE / size - 0.5
        for part in window
    )
    beyond = np.maximum(first - columns, columns - last)
    down = np.abs(rows - row)[:, None]
    corner = np.hypot(beyond / _ACROSS, down / _DOWN)
    between = np.where(beyond < 0, down / _HALF, np.inf)
    inside = smoothstep(1 - np.asarray(np.minimum(corner, between), np.float32), 0, _FEATHER)
    inside.flags.writeable = False
    return box, window, inside


def _texels(low: float, high: float) -> slice:
    """The texels of a side of 256 from `low` to `high`, with room around them."""
    first, last = (low - _ROOM) // _ALIGNED, -(-(high + _ROOM + 1) // _ALIGNED)
    return slice(int(first) * _ALIGNED, int(last) * _ALIGNED)
