"""The ends of a face's brows, where they would show beside another's.

A parser sees where brows are dense. Their tails are thin and faint, but darker than the skin to
both sides and joined to the brow, so they are found as strands are (`facelab.face.quality`). Under
them the skin around is carried on, as it will be: painted on the one side, the photograph's own on
the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.constants import PARTS
from facelab.numerics.arrays import Float
from facelab.numerics.morphology import disk
from facelab.numerics.smoothing import smoothstep, spread
from facelab.numerics.windows import Window, around, laid_over, mixed, scaled
from facelab.types import Texture

_SIDE = 256  # of the maps on which ends are found, texels
_ALIGNED = 8  # texels that a window is a multiple of: whole texels in the sides that textures have
_SURE = 0.3  # share of a texel from which tails may go on from it
_TAKEN = 0.1, 0.4  # share of a texel from which it is painted over, in part and wholly
_TAIL = 20  # texels: the longest tail
_FADE = np.float32(0.85)  # of a tail, over two texels: what is longer is less likely one
_THIN = 7  # texels: half the width of the widest tail
_DARKER = 1.5, 4.0  # CIELAB lightness by which a tail is darker than the skin to its sides
_BESIDE = 3  # texels beside a brow that it shades
_SOFT = 1.5  # texels, over which painting over begins
_SHOWN = 0.75  # of a brow: where less of another's shows there is nothing to be beside
_OUTER = 0.7, 1.0  # of the distance of a brow's middle from the face's: where its outer half is
_BARE = 0.5, 0.9  # share of a texel from which its colour is the skin's, in part and wholly


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """A brow of the atlas and what is around it.

    Parameters
    ----------
    window : (rows, columns) slices
        Of a map of side 256.
    brow : (h, w) float32
        Where the brow is in the window, [0, 1].
    outer : (h, w) float32
        Where its outer half ends and beyond. At the root of the nose what is dark is shade.
    """

    window: Window
    brow: Float
    outer: Float

    def within(self, size: int) -> Window:
        """The window in a map of side `size`."""
        return scaled(self.window, _SIDE, size)

    def cut(self, values: Float) -> Float:
        """What a map ``(S, S, ...)`` of any side has in the window, ``(h, w, ...)``."""
        return self.fitted(values[self.within(len(values))])

    def fitted(self, part: Float) -> Float:
        """What any map has in the window, as it is in a map of side 256, ``(h, w, ...)``."""
        height, width = self.brow.shape
        method = cv2.INTER_AREA if len(part) > height else cv2.INTER_LINEAR
        out: Float = cv2.resize(part, (width, height), interpolation=method)
        return out


@cache
def _sides(atlas: Atlas) -> tuple[_Side, _Side]:
    brows = atlas.region("brows", _SIDE)
    across = atlas.canonical_uv(_SIDE)[..., 0] - np.float32(0.5)
    first, second = (_side(brows * (outward > 0), outward) for outward in (across, -across))
    return first, second


def _side(brow: Float, outward: Float) -> _Side:
    window = around(brow, _TAIL + _THIN, _ALIGNED)
    middle = (outward * brow).sum() / brow.sum()
    outer = smoothstep(outward / middle, *_OUTER)
    return _Side(window, brow[window], outer[window])


def without_ends(
    painted: Texture, shown: Float, target: Texture, atlas: Atlas
) -> tuple[Texture, Float]:
    """Return a painted face that covers the ends of the brows under it with skin.

    Parameters
    ----------
    painted : Texture
        The face that is painted, in the light of the other one.
    shown : (S, S) float32
        Its opacity, [0, 1].
    target : Texture
        The face under it.
    atlas : Atlas
        Theirs.

    Returns
    -------
    texture : Texture
    shown : (S, S) float32
        Larger at the target's brows alone. Both are as they were where a brow is the target's, and
        where it is not known what either texture shows.
    """
    if painted.parts is None or target.parts is None:
        return painted, shown
    ends, bare = np.zeros((2, _SIDE, _SIDE), np.float32)
    skin = np.zeros((_SIDE, _SIDE, 3), np.float32)
    for side in _sides(atlas):  # which meet where both are 0
        over = side.cut(shown)
        if (over * side.brow).sum() < _SHOWN * side.brow.sum():
            continue
        found = _ends(target, side)
        uncovered = found * (1 - over)
        if uncovered.max() > _SURE:
            ends[side.window] += found
            bare[side.window] += uncovered
            under = _carried_on(painted, over, target, found, side)
            skin[side.window] += under * cv2.merge([uncovered] * 3)
    if not ends.any():
        return painted, shown
    window = around(ends, 1, _ALIGNED)
    here, shown = scaled(window, _SIDE, painted.size), shown.copy()
    shown[here] = np.maximum(shown[here], cv2.resize(ends[window], shown[here].shape[::-1]))
    colour = laid_over(painted.colour, 1 - bare[window], skin[window], here)
    return replace(painted, colour=colour), shown


def _ends(texture: Texture, side: _Side) -> Float:
    """A brow from its middle to the end of its tail, and what is close to it, ``(h, w)``."""
    colour = side.cut(texture.reduced(_SIDE).colour)
    lightness = cv2.extractChannel(cv2.cvtColor(colour, cv2.COLOR_RGB2Lab), 0)
    dark = smoothstep(cv2.morphologyEx(lightness, cv2.MORPH_BLACKHAT, disk(_THIN)), *_DARKER)
    brows, skin = (_part(texture, name, side) for name in ("brows", "skin"))
    room = brows + dark * skin
    reached = np.where(brows > _SURE, brows, 0).astype(np.float32)
    for _ in range(_TAIL // 2):  # two texels a step: tails have gaps
        reached = np.maximum(reached, np.minimum(_FADE * cv2.dilate(reached, disk(2)), room))
    grown = cv2.dilate(smoothstep(reached, *_TAKEN), disk(_BESIDE))
    return np.asarray(side.outer * cv2.GaussianBlur(grown, (0, 0), _SOFT), np.float32)


def _carried_on(painted: Texture, over: Float, target: Texture, ends: Float, side: _Side) -> Float:
    """The skin of both faces around the ends carried on under them, ``(h, w, 3)``."""
    new, own = side.cut(painted.colour), side.cut(target.reduced(_SIDE).colour)
    bare = _bare(painted, side) * over + _bare(target, side) * (1 - over)
    return spread(mixed(own, new, over), bare * (1 - smoothstep(ends, 0, 0.5)))


def _bare(texture: Texture, side: _Side) -> Float:
    """Where a texture is skin and well away from its brows, ``(h, w)`` in [0, 1]."""
    return smoothstep(cv2.erode(_part(texture, "skin", side), disk(2)), *_BARE)


def _part(texture: Texture, name: str, side: _Side) -> Float:
    assert texture.parts is not None
    here = side.within(len(texture.parts))
    return side.fitted(cv2.extractChannel(texture.parts[here], PARTS.index(name)))
