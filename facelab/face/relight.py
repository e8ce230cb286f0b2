"""Colours of one skin moved to the tone of another, in CIELAB.

Lightness goes through a curve that takes the skin's own tone to the wanted one and leaves black
and white. Where a straight line would be steeper or flatter than skin bears, it is a parabola, so
that contrast is bounded both ways. Hair is another matter: what a brow shows lies between its
darkest strand and the skin, as in a matte; so the strand stays and the skin behind it moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import gcd

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face.hair_contrast import evened
from facelab.face.strands import Strands
from facelab.numerics.arrays import Float
from facelab.numerics.parallel import side_by_side
from facelab.numerics.smoothing import resized
from facelab.numerics.windows import Window, around

_FLATTEST, _STEEPEST = np.float32(0.75), np.float32(1.2)  # contrast at the tone, new over old
_MOST_K = np.float32(1.9)  # from 2 on a parabola turns back before it meets black
_SIDE = 256  # of the maps that the curves are worked out on, texels
_STRIP = 64  # rows that are moved at once
_ROOM = 0.01  # of the side, around a face: texels that are drawn small show what lies beside it
_FAINT = np.float32(0.02)  # share of hair that changes no colour to be seen
_STRANDS = 0.1  # share of hair from which strands are seen
_STEEPER = 5  # of the planes that move colours: how much steeper lightness becomes below the tone
_WHITE = np.float32(100)  # lightness
_NARROW = np.float32(1)  # least distance in lightness that a curve is drawn over
_DARKER_THAN_SKIN = np.float32(0.6)  # lightness of the lightest hair over that of the skin
_BLACK = np.float32(12)  # lightness of black hair
_CHANGED = np.float32(5)  # over the share of its lightness that skin gains or loses: 1 from a fifth

Planes = tuple[Float, ...]


def relight(
    colour: Float,
    own: Float,
    wanted: Float,
    strands: Strands | None = None,
    atlas: Atlas | None = None,
) -> Float:
    """Return colours moved from one tone to another.

    Parameters
    ----------
    colour : (S, S, 3) float32
        RGB in [0, 1].
    own, wanted : (n, n, 3) float32
        RGB fields of tone, n <= S; equal ones change nothing.
    strands : Strands, optional
        Of the face; without, all that is dark is skin.
    atlas : Atlas, optional
        The texture's: what lies well beside its face, and is not drawn, stays.

    Returns
    -------
    (S, S, 3) float32
        In [0, 1].
    """
    size = len(colour)
    side = min(_SIDE, size)
    before, after = (
        resized(cv2.cvtColor(np.clip(tone, 0, 1), cv2.COLOR_RGB2Lab), side)
        for tone in (own, wanted)
    )
    if np.array_equal(before, after):
        return colour
    fields = _Fields.of(before, after, strands)
    if strands is not None:
        brows = np.minimum(strands.hair, strands.grown)
        colour = evened(colour, resized(brows, side), 1 + fields.moved[_STEEPER])
    height = max(_STRIP, size // gcd(size, side))
    halves = size >= 2 * side and size % 2 == height % 2 == 0  # half the grid holds the fields
    out = np.empty(colour.shape, np.float32)

    def move(strip: Window) -> None:
        rows, columns = strip
        for beside in (slice(columns.start), slice(columns.stop, None)):
            out[rows, beside] = colour[rows, beside]
        bare = halves and not _concern(fields.hair, strip, size)
        moved = _moved_as_skin if bare else _moved
        np.clip(moved(colour[strip], fields, strip, size), 0, 1, out=out[strip])

    side_by_side(move, _strips(atlas, size, height))
    return out


@cache
def _strips(atlas: Atlas | None, size: int, height: int) -> Sequence[Window]:
    """A texture's rows in strips that stay in the core's cache, as far as the face is in them."""
    whole = slice(0, size)
    strips = [slice(top, min(top + height, size)) for top in range(0, size, height)]
    if atlas is None:
        return [(rows, whole) for rows in strips]
    room = round(_ROOM * size)
    face = cv2.dilate(atlas.region("face", size), np.ones((2 * room + 1,) * 2, np.uint8))
    return [(rows, around(face[rows], step=2)[1]) for rows in strips]


@dataclass(frozen=True, slots=True, eq=False)
class _Fields:
    """What moves colours and varies smoothly: planes ``(n, n)`` float32.

    Parameters
    ----------
    moved : 9 planes
        The lightness of the tone and of the wanted one, how far the tone's colour moves, and the
        curves of lightness (see `_curves`).
    greyed, browned : 4 planes
        For `_greyed` and `_browned`; the last is 0 where they change nothing.
    hair : plane
        0 where no strands are seen, else 1.
    """

    moved: Planes
    greyed: Planes
    browned: Planes
    hair: Float

    @classmethod
    def of(cls, own: Float, wanted: Float, strands: Strands | None) -> _Fields:
        """The fields between two tones in CIELAB, ``(n, n, 3)``."""
        (tone, *chroma), (light, *other) = cv2.split(own), cv2.split(wanted)
        shift = (new - old for new, old in zip(other, chroma, strict=True))
        moved = tone, light, *shift, *_curves(tone, light, strands)
        hair = np.ones_like(tone)
        if strands is not None:
            hair[resized(strands.reach, len(own)) < _STRANDS] = 0
        return cls(moved, _fading(own, wanted), _browning(own, wanted, strands), hair)


def _moved_as_skin(colour: Float, fields: _Fields, window: Window, size: int) -> Float:
    """`_moved` where there is no hair, worked out on half the grid.

    What of skin is finer than that differs too little from what is around to move otherwise.
    """
    half = cv2.resize(colour, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    rows, columns = (slice(part.start // 2, part.stop // 2) for part in window)
    change = cv2.subtract(_moved(half, fields, (rows, columns), size // 2), half)
    out: Float = cv2.add(colour, cv2.resize(change, colour.shape[1::-1]))
    return out


def _moved(colour: Float, fields: _Fields, window: Window, size: int) -> Float:
    """The colours ``(h, w, 3)`` of a window of a texture, moved; nominally in [0, 1]."""
    light, a, b = cv2.split(cv2.cvtColor(colour, cv2.COLOR_RGB2Lab))
    tone, wanted, more_a, more_b, far, *curves = _enlarged(fields.moved, window, size)
    down, up = curves[:2], curves[2:]
    beyond = cv2.subtract(light, tone)
    above, below = cv2.max(beyond, 0), cv2.max(-beyond, 0)
    above += _growth(above, *up)
    below += _growth(cv2.min(below, far), *down)
    share = _share(light, tone, above, wanted)
    if _concern(fields.greyed[-1], window, size):
        share = _greyed(share, a, b, *_enlarged(fields.greyed, window, size))
    light = wanted - below + above
    a += share * more_a
    b += share * more_b
    if _concern(fields.browned[-1], window, size):
        a, b = _browned(light, a, b, *_enlarged(fields.browned, window, size))
    out: Float = cv2.cvtColor(cv2.merge([light, a, b]), cv2.COLOR_Lab2RGB)
    return out


def _enlarged(planes: Planes, window: Window, size: int) -> list[Float]:
    """A window of planes at side `size`, ``(h, w)`` each, as `resized` has them."""
    (rows, down), (columns, across) = (_least(part, len(planes[0]), size) for part in window)
    ratio = size / len(planes[0])
    sides = (round((part.stop - part.start) * ratio) for part in (columns, rows))
    whole = tuple(sides)
    return [cv2.resize(plane[rows, columns], whole)[down, across] for plane in planes]


def _concern(plane: Float, window: Window, size: int) -> bool:
    """Whether a plane is anything but 0 in a window at side `size`."""
    rows, columns = (_least(part, len(plane), size)[0] for part in window)
    return bool(plane[rows, columns].any())


def _least(part: slice, side: int, size: int) -> tuple[slice, slice]:
    """The least part of a map's side that comes to whole texels and holds a part of a texture's.

    Returns
    -------
    That, and where the part of the texture lies in it, enlarged.
    """
    step = side // gcd(side, size)
    first = max(part.start * side // size - 1, 0) // step * step
    last = min(-(-(part.stop * side // size + 2) // step) * step, side)
    start = first * size // side
    return slice(first, last), slice(part.start - start, part.stop - start)


def _curves(own: Float, wanted: Float, strands: Strands | None) -> Planes:
    """The curves of lightness from the tone down to black or the darkest hair, and up to white.

    Returns
    -------
    Down: how far a curve goes, its linear and its quadratic coefficient; up: both coefficients.
    """
    none = np.zeros_like(own)
    hair, darkest = (none, none) if strands is None else strands.at(len(own))
    # In deep shade nothing tells hair. On dark skin hair must not glow, and is as much darker than
    # it as on light skin, down to black hair.
    darkest = np.minimum(darkest, _DARKER_THAN_SKIN * own)
    alike = np.maximum(darkest / np.maximum(own, 1) * wanted, _BLACK)
    end = np.minimum(np.minimum(darkest, alike), _DARKER_THAN_SKIN * wanted)
    linear, quadratic = _curve(_WHITE - own, _WHITE - wanted, none)
    down = np.maximum(own - darkest, _NARROW)
    # Toward white it does not bend up: a soft highlight of light skin would glare on dark.
    return down, *_curve(down, wanted - end, hair), linear, np.minimum(quadratic, 0)


def _curve(was: Float, now: Float, hair: Float) -> tuple[Float, Float]:
    """The curve of a lightness between the tone and an end of the scale, black, hair or white.

    What lies u of the way `was` from the tone to that end comes to lie ``k u + (1 - k) u^2`` of the
    way `now` from the wanted tone.

    Returns
    -------
    By how much a distance d from the tone grows: linear and quadratic coefficient.
    """
    was, now = np.maximum(was, _NARROW), np.maximum(now, _NARROW)
    k = np.minimum(np.clip(now / was, _FLATTEST, _STEEPEST) * was / now, _MOST_K)
    k += hair * (1 - k)
    return now * k / was - 1, now * (1 - k) / (was * was)


def _growth(distance: Float, linear: Float, quadratic: Float) -> Float:
    """By how much distances from the tone grow."""
    out: Float = cv2.multiply(distance, cv2.add(linear, cv2.multiply(quadratic, distance)))
    return out


def _share(light: Float, tone: Float, above: Float, wanted: Float) -> Float:
    """The share of the tone's change of colour that goes with a lightness, 0 for black and white.

    A highlight keeps the skin's colour longer than a shadow does: by how near white it comes to
    lie, not by how near it was, since the less light it adds the less of the light's colour.
    """
    u = cv2.divide(above, np.maximum(_WHITE - wanted, _NARROW))
    falling: Float = cv2.min(cv2.divide(light, cv2.max(tone, 1)), 1 - u * u)
    return falling


def _fading(own: Float, wanted: Float) -> Planes:
    """Along which chroma the skin's own lies, over its square; what is grey; where it fades."""
    (_, own_a, own_b), (_, wanted_a, wanted_b) = cv2.split(own), cv2.split(wanted)
    fades = own_a * (wanted_a - own_a) + own_b * (wanted_b - own_b) < 0
    # Of a tone that is nearly grey there is no chroma to lose: it counts as kept.
    grey = 1 / (1 + (own_a * own_a + own_b * own_b))
    return own_a * grey, own_b * grey, grey, fades.astype(np.float32)


def _greyed(
    share: Float, a: Float, b: Float, along_a: Float, along_b: Float, grey: Float, fade: Float
) -> Float:
    """The share where the skin's chroma fades: no more than leads a texel to grey, not beyond."""
    chroma = cv2.add(cv2.add(cv2.multiply(a, along_a), cv2.multiply(b, along_b)), grey)
    excess = cv2.max(share - cv2.max(chroma, 0), 0)
    out: Float = cv2.subtract(share, cv2.multiply(fade, excess))
    return out


def _browning(own: Float, wanted: Float, strands: Strands | None) -> Planes:
    """The direction of the wanted chroma, that over lightness; where hair is on changed skin."""
    lightness = np.maximum(wanted[..., 0], 1)
    chroma = np.maximum(cv2.magnitude(wanted[..., 1], wanted[..., 2]), 1)
    hair = np.zeros_like(chroma)
    if strands is not None:
        change = wanted[..., 0] / np.maximum(own[..., 0], 1) - 1
        darkens, lightens = (np.clip(_CHANGED * one, 0, 1) for one in (-change, change))
        reach, grown = (resized(one, len(own)) for one in (strands.reach, strands.grown))
        hair = np.asarray(darkens * reach + lightens * grown, np.float32)
        hair[hair < _FAINT] = 0
    return wanted[..., 1] / chroma, wanted[..., 2] / chroma, chroma / lightness, hair


def _browned(
    light: Float, a: Float, b: Float, along_a: Float, along_b: Float, shaded: Float, share: Float
) -> tuple[Float, Float]:
    """The colours of hair on other skin: no greyer than that skin in shade, or it looks ashy.

    Nor is it nearer to violet than the skin: hair is black, brown or fair. Whites of eyes, which
    lashes reach into, would take it on lighter skin.
    """
    present = cv2.add(cv2.multiply(a, along_a), cv2.multiply(b, along_b))
    violet = cv2.subtract(cv2.multiply(a, along_b), cv2.multiply(b, along_a))
    lack, turn = (
        cv2.multiply(share, cv2.max(missing, 0))
        for missing in (cv2.subtract(cv2.multiply(light, shaded), present), violet)
    )
    redder = cv2.subtract(cv2.multiply(lack, along_a), cv2.multiply(turn, along_b))
    yellower = cv2.add(cv2.multiply(lack, along_b), cv2.multiply(turn, along_a))
    return cv2.add(a, redder), cv2.add(b, yellower)
