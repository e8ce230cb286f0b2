"""Colours of one skin moved to the tone of another, in CIELAB.

Lightness goes through a curve that takes the skin's own tone to the wanted one and leaves black
and white. Where a straight line would be steeper or flatter than skin bears, it is a parabola, so
that contrast is bounded both ways. Hair is another matter: what a brow shows lies between its
darkest strand and the skin, as in a matte; so the strand stays and the skin behind it moves.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.face.strands import Strands
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized

_FLATTEST, _STEEPEST = np.float32(0.75), np.float32(1.2)  # contrast at the tone, new over old
_MOST_K = np.float32(1.9)  # from 2 on a parabola turns back before it meets black
_SIDE = 256  # of the maps that the curves are worked out on, texels
_WHITE = np.float32(100)  # lightness
_NARROW = np.float32(1)  # least distance in lightness that a curve is drawn over
_DARKER_THAN_SKIN = np.float32(0.6)  # lightness of the lightest hair over that of the skin
_BLACK = np.float32(12)  # lightness of black hair
_CHANGED = np.float32(5)  # over the share of its lightness that skin gains or loses: 1 from a fifth

Curve = tuple[Float, Float, Float]


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
    before, after = (
        resized(cv2.cvtColor(np.clip(tone, 0, 1), cv2.COLOR_RGB2Lab), _SIDE)
        for tone in (own, wanted)
    )
    if np.array_equal(before, after):
        return colour
    size = len(colour)
    light, a, b = cv2.split(cv2.cvtColor(colour, cv2.COLOR_RGB2Lab))
    tone, shift = resized(before[..., 0], size), resized(after - before, size)
    darker, lighter = (
        [resized(one, size) for one in curve]
        for curve in _curves(before[..., 0], after[..., 0], strands)
    )
    below, above = cv2.max(tone - light, 0), cv2.max(light - tone, 0)
    share = _greyed(_share(light, tone, above, lighter[0]), a, b, before, after)
    light += shift[..., 0] - _grown(below, *darker) + _grown(above, *lighter)
    colours = a + share * shift[..., 1], b + share * shift[..., 2]
    if strands is not None:
        colours = _browned(light, *colours, before, after, strands)
    new = cv2.merge([light, *colours])
    out: Float = cv2.cvtColor(new, cv2.COLOR_Lab2RGB)
    return np.clip(out, 0, 1, out=out)


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


def _share(light: Float, tone: Float, above: Float, to_white: Float) -> Float:
    """The share of the tone's change of colour that goes with a lightness, 0 for black and white.

    A highlight keeps the skin's colour longer than a shadow does.
    """
    u = cv2.divide(above, to_white)
    falling: Float = cv2.min(cv2.divide(light, cv2.max(tone, 1)), 1 - u * u)
    return falling


def _greyed(share: Float, a: Float, b: Float, own: Float, wanted: Float) -> Float:
    """The share where the skin's chroma fades: no more than leads a texel to grey, not beyond."""
    (_, own_a, own_b), (_, wanted_a, wanted_b) = cv2.split(own), cv2.split(wanted)
    fades = own_a * (wanted_a - own_a) + own_b * (wanted_b - own_b) < 0
    # Of a tone that is nearly grey there is no chroma to lose: it counts as kept.
    grey = 1 / (1 + (own_a * own_a + own_b * own_b))
    kinds = own_a * grey, own_b * grey, grey, fades.astype(np.float32)
    along_a, along_b, grey, fade = (resized(one, len(share)) for one in kinds)
    chroma = cv2.add(cv2.add(cv2.multiply(a, along_a), cv2.multiply(b, along_b)), grey)
    excess = cv2.max(share - cv2.max(chroma, 0), 0)
    out: Float = cv2.subtract(share, cv2.multiply(fade, excess))
    return out


def _browned(
    light: Float, a: Float, b: Float, own: Float, wanted: Float, strands: Strands
) -> tuple[Float, Float]:
    """The colours of hair on other skin: no greyer than that skin in shade, or it looks ashy.

    Whites of eyes, which lashes reach into, would take it on lighter skin.
    """
    change = np.asarray(wanted[..., 0] / np.maximum(own[..., 0], 1) - 1, np.float32)
    darkens, lightens = (np.clip(_CHANGED * one, 0, 1) for one in (-change, change))
    share = np.asarray(darkens * strands.reach + lightens * strands.grown, np.float32)
    if not share.any():
        return a, b
    chroma = np.maximum(np.linalg.norm(wanted[..., 1:], axis=2, keepdims=True), 1)
    shaded = chroma[..., 0] / np.maximum(wanted[..., 0], 1)
    maps = *cv2.split(wanted[..., 1:] / chroma), shaded, share
    along_a, along_b, shaded, share = (resized(one, len(light)) for one in maps)
    present = cv2.add(cv2.multiply(a, along_a), cv2.multiply(b, along_b))
    lack = cv2.multiply(share, cv2.max(cv2.subtract(cv2.multiply(light, shaded), present), 0))
    return cv2.add(a, cv2.multiply(lack, along_a)), cv2.add(b, cv2.multiply(lack, along_b))
