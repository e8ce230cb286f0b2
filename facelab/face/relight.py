"""Colours of one skin moved to the tone of another, in CIELAB.

Lightness goes through a curve that takes the skin's own tone to the wanted one and leaves black
and white. Where that line would be steeper or flatter at the tone than details can bear, it is a
parabola: contrast of skin is bounded both ways. Hair is another matter: what a brow shows lies
between its darkest strand and the skin, so the strand stays and the skin moves.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.face.features import Features
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized

_FLATTEST, _STEEPEST = np.float32(0.75), np.float32(1.2)  # contrast of details, new over old
_BEND = np.float32(1.9)  # from 2 on a parabola turns back before it meets black
_WHITE = np.float32(100)  # lightness


def relight(colour: Float, own: Float, wanted: Float, features: Features | None = None) -> Float:
    """Return colours moved from one tone to another.

    Parameters
    ----------
    colour : (S, S, 3) float32
        RGB in [0, 1].
    own, wanted : (n, n, 3) float32
        RGB fields of tone, n <= S; equal ones change nothing.
    features : Features, optional
        Where hair is and how dark; without, all is skin.

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
    change, share = _lightness(lab[..., 0], before[..., 0], after[..., 0], features)
    moved = _colour_share(lab, before, after, share)[..., None] * (after - before)
    moved[..., 0] = change
    out: Float = cv2.add(
        colour,
        cv2.subtract(
            cv2.cvtColor(lab + moved, cv2.COLOR_Lab2RGB), cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)
        ),
    )
    return np.clip(out, 0, 1, out=out)


def _lightness(
    light: Float, own: Float, wanted: Float, features: Features | None
) -> tuple[Float, Float]:
    """The change of lightness, and how much of the tone's own shift of colour goes with it."""
    upper = light >= own
    strand = np.zeros_like(light) if features is None else features.strand(len(light))
    hair = np.zeros_like(light) if features is None else features.hair(len(light))
    kept = np.minimum(strand, np.maximum(np.float32(0.6), strand / np.maximum(own, 1)) * wanted)
    # As distances from black, from the darkest strand, or from white.
    end, new_end = np.where(upper, _WHITE, strand), np.where(upper, _WHITE, kept)
    was, now = np.maximum(np.abs(own - end), 8), np.maximum(np.abs(wanted - new_end), 8)
    slope = np.clip(now / was, _FLATTEST, _STEEPEST)
    bend = np.minimum(slope * was / now, _BEND)
    bend += np.where(upper, 0, hair) * (1 - bend)
    share = np.clip(np.abs(light - end) / was, 0, 1)
    depth = 1 - share
    fallen = now * (depth * (bend + (1 - bend) * depth)) - was * depth
    change = np.where(upper, fallen, -fallen) + (wanted - own)
    # A highlight keeps the skin's colour longer than a shadow does.
    return change, np.where(upper, 1 - depth * depth, share)


def _colour_share(lab: Float, own: Float, wanted: Float, share: Float) -> Float:
    """How much of the tone's shift of a* and b* a texel takes: none beyond grey."""
    chroma = (own[..., 1:] ** 2).sum(axis=2)
    along = ((wanted - own)[..., 1:] * own[..., 1:]).sum(axis=2)
    coloured = (lab[..., 1:] * own[..., 1:]).sum(axis=2) / np.maximum(chroma, 1)
    return np.where(along < 0, np.minimum(share, np.maximum(coloured, 0)), share)
