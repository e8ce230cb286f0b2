"""Colours of one skin moved to the tone of another, in CIELAB.

Lightness goes through a curve that takes the skin's own tone to the wanted one and leaves black
and white. Where a straight line would be steeper or flatter than skin bears, it is a parabola, so
that contrast is bounded both ways. Hair is another matter: what a brow shows lies between its
darkest strand and the skin, as in a matte; so the strand stays and the skin behind it moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import cv2
import numpy as np

from facelab.face.hair_contrast import evened
from facelab.face.strands import Strands
from facelab.numerics.arrays import Float
from facelab.numerics.parallel import side_by_side
from facelab.numerics.smoothing import resized

_FLATTEST, _STEEPEST = np.float32(0.75), np.float32(1.2)  # contrast at the tone, new over old
_MOST_K = np.float32(1.9)  # from 2 on a parabola turns back before it meets black
_SIDE = 256  # of the maps that the curves are worked out on, texels
_STRIP = 64  # rows that are moved at once
_STEEPER = 5  # of the planes that move colours: how much steeper lightness becomes below the tone
_WHITE = np.float32(100)  # lightness
_NARROW = np.float32(1)  # least distance in lightness that a curve is drawn over
_DARKER_THAN_SKIN = np.float32(0.6)  # lightness of the lightest hair over that of the skin
_BLACK = np.float32(12)  # lightness of black hair
_CHANGED = np.float32(5)  # over the share of its lightness that skin gains or loses: 1 from a fifth

Curve = tuple[Float, Float, Float]
Planes = tuple[Float, ...]


def relight(colour: Float, own: Float, wanted: Float, strands: Strands | None = None) -> Float:
    """Return colours moved from one tone to another.

    Parameters
    ----------
    colour : (S, S, 3) float32
        RGB in [0, 1].
    own, wanted : (n, n, 3) float32
        RGB fields of tone, n <= S; equal ones change nothing.
    strands : Strands, optional
        Of the face; without, all that is dark is skin.

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
    out = np.empty(colour.shape, np.float32)

    def move(rows: slice) -> None:
        np.clip(_moved(colour[rows], fields, rows), 0, 1, out=out[rows])

    strip = max(_STRIP, size // gcd(size, side))  # what a strip needs stays in the core's cache
    side_by_side(move, [slice(at, min(at + strip, size)) for at in range(0, size, strip)])
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Fields:
    """What moves colours and varies smoothly: planes ``(n, n)`` float32.

    Parameters
    ----------
    moved : 10 planes
        The lightness of the tone, how far that and its colour move, and the curves of lightness
        below and above it.
    greyed, browned : 4 planes
        For `_greyed` and `_browned`; the last is 0 where they change nothing.
    """

    moved: Planes
    greyed: Planes
    browned: Planes

    @classmethod
    def of(cls, own: Float, wanted: Float, strands: Strands | None) -> _Fields:
        """The fields between two tones in CIELAB, ``(n, n, 3)``."""
        darker, lighter = _curves(own[..., 0], wanted[..., 0], strands)
        moved = own[..., 0], *cv2.split(wanted - own), *darker, *lighter
        groups = moved, _fading(own, wanted), _browning(own, wanted, strands)
        return cls(*(tuple(np.ascontiguousarray(one) for one in group) for group in groups))


def _moved(colour: Float, fields: _Fields, rows: slice) -> Float:
    """Some rows of the colours, ``(h, S, 3)``, moved; nominally in [0, 1]."""
    light, a, b = cv2.split(cv2.cvtColor(colour, cv2.COLOR_RGB2Lab))
    size = colour.shape[1]
    moved = _enlarged(fields.moved, rows, size)
    (tone, *shift), darker, lighter = moved[:4], moved[4:7], moved[7:]
    below, above = cv2.max(tone - light, 0), cv2.max(light - tone, 0)
    above += _grown(above, *lighter)
    share = _share(light, tone, above, tone + shift[0])
    if _concern(fields.greyed, rows, size):
        share = _greyed(share, a, b, *_enlarged(fields.greyed, rows, size))
    light = tone + shift[0] - below - _grown(below, *darker) + above
    a += share * shift[1]
    b += share * shift[2]
    if _concern(fields.browned, rows, size):
        a, b = _browned(light, a, b, *_enlarged(fields.browned, rows, size))
    out: Float = cv2.cvtColor(cv2.merge([light, a, b]), cv2.COLOR_Lab2RGB)
    return out


def _enlarged(planes: Planes, rows: slice, size: int) -> list[Float]:
    """Some rows of planes, ``(h, size)`` each, as `resized` has them.

    They are enlarged from the least part of the planes that comes to whole rows.
    """
    side = len(planes[0])
    step = side // gcd(side, size)
    first = max(rows.start * side // size - 1, 0) // step * step
    last = min(-(-(rows.stop * side // size + 2) // step) * step, side)
    top, bottom = (row * size // side for row in (first, last))
    here = slice(rows.start - top, rows.stop - top)
    return [cv2.resize(plane[first:last], (size, bottom - top))[here] for plane in planes]


def _concern(planes: Planes, rows: slice, size: int) -> bool:
    """Whether the last of the planes is anything but 0 in some rows."""
    ratio = len(planes[-1]) / size
    first, last = int(rows.start * ratio) - 1, int(rows.stop * ratio) + 1
    return bool(planes[-1][max(first, 0) : last + 1].any())


def _curves(own: Float, wanted: Float, strands: Strands | None) -> tuple[Curve, Curve]:
    """The curves of lightness from the tone down to black or the darkest hair, and up to white."""
    none = np.zeros_like(own)
    hair, darkest = (none, none) if strands is None else strands.at(len(own))
    # In deep shade nothing tells hair. On dark skin hair must not glow, and is as much darker than
    # it as on light skin, down to black hair.
    darkest = np.minimum(darkest, _DARKER_THAN_SKIN * own)
    alike = np.maximum(darkest / np.maximum(own, 1) * wanted, _BLACK)
    end = np.minimum(np.minimum(darkest, alike), _DARKER_THAN_SKIN * wanted)
    was, linear, quadratic = _curve(_WHITE - own, _WHITE - wanted, none)
    # Toward white it does not bend up: a soft highlight of light skin would glare on dark.
    return _curve(own - darkest, wanted - end, hair), (was, linear, np.minimum(quadratic, 0))


def _curve(was: Float, now: Float, hair: Float) -> Curve:
    """The curve of a lightness between the tone and an end of the scale, black, hair or white.

    What lies u of the way `was` from the tone to that end comes to lie ``k u + (1 - k) u^2`` of the
    way `now` from the wanted tone.

    Returns
    -------
    `was`, and by how much a distance d from the tone grows: linear and quadratic coefficient.
    """
    was, now = np.maximum(was, _NARROW), np.maximum(now, _NARROW)
    k = np.minimum(np.clip(now / was, _FLATTEST, _STEEPEST) * was / now, _MOST_K)
    k += hair * (1 - k)
    return was, now * k / was - 1, now * (1 - k) / (was * was)


def _grown(distance: Float, was: Float, linear: Float, quadratic: Float) -> Float:
    """By how much distances from the tone grow."""
    d = cv2.min(distance, was)
    out: Float = cv2.multiply(d, cv2.add(linear, cv2.multiply(quadratic, d)))
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
