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
_WHITE = np.float32(100)  # lightness
_NARROW = np.float32(1)  # least distance in lightness that a curve is drawn over
_DARKER_THAN_SKIN = np.float32(0.6)  # lightness of the lightest hair over that of the skin


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
    lab = cv2.cvtColor(colour, cv2.COLOR_RGB2Lab)
    before, after = (
        resized(cv2.cvtColor(np.clip(tone, 0, 1), cv2.COLOR_RGB2Lab), size)
        for tone in (own, wanted)
    )
    none = np.zeros((size, size), np.float32)
    hair, darkest = (none, none) if strands is None else strands.at(size)
    change, share = _lightness(lab[..., 0], before[..., 0], after[..., 0], hair, darkest)
    moved = _coloured(lab, before, after, share)[..., None] * (after - before)
    moved[..., 0] = change
    # As a change of the colour, so that equal tones leave it bit for bit.
    new, old = (cv2.cvtColor(one, cv2.COLOR_Lab2RGB) for one in (lab + moved, lab))
    out: Float = cv2.add(colour, cv2.subtract(new, old))
    return np.clip(out, 0, 1, out=out)


def _lightness(
    lightness: Float, own: Float, wanted: Float, hair: Float, darkest: Float
) -> tuple[Float, Float]:
    """The change of lightness, and the share of the tone's change of colour that goes with it.

    With u from 0 at the tone to 1 at the end of the scale, which is white, black or the darkest
    hair, the curve goes ``k u + (1 - k) u^2`` of the way from the wanted tone to that end. Toward
    white it does not bend up: a soft highlight of light skin would glare on dark.
    """
    upper = lightness >= own
    end = np.where(upper, _WHITE, darkest)
    # Dark hair stays as dark; light hair on dark skin must not glow.
    glow = _DARKER_THAN_SKIN * wanted / np.maximum(darkest, 1)
    kept = np.clip(glow, np.minimum(wanted / np.maximum(own, 1), 1), 1)
    new_end = np.where(upper, _WHITE, darkest * kept)
    was = np.maximum(np.abs(own - end), _NARROW)
    now = np.maximum(np.abs(wanted - new_end), _NARROW)
    k = np.minimum(np.clip(now / was, _FLATTEST, _STEEPEST) * was / now, _MOST_K)
    k += np.where(upper, 0, hair) * (1 - k)
    share = np.clip(np.abs(lightness - end) / was, 0, 1)
    u = 1 - share
    bend = np.where(upper, np.minimum(1 - k, 0), 1 - k)
    fall = now * u * (k + bend * u) - was * u
    change = np.where(upper, fall, -fall) + (wanted - own)
    # A highlight keeps the skin's colour longer than a shadow does.
    return change, np.where(upper, 1 - u * u, share)


def _coloured(lab: Float, own: Float, wanted: Float, share: Float) -> Float:
    """How much of the change of a* and b* a texel takes: none that would lead beyond grey."""
    a, b = own[..., 1], own[..., 2]
    fades = a * (wanted[..., 1] - a) + b * (wanted[..., 2] - b) < 0
    chroma = (a * lab[..., 1] + b * lab[..., 2]) / np.maximum(a * a + b * b, 1)
    return np.where(fades, np.minimum(share, np.maximum(chroma, 0)), share)
