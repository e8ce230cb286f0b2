"""Thin lines in front of a face, and what is under them: strands, the rims of glasses."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Float
from facelab.numerics.morphology import disk
from facelab.numerics.smoothing import smoothstep, spread
from facelab.numerics.windows import around, laid_over, mixed, scaled
from facelab.types import Texture

_SIDE = 256  # of the map on which lines are told from what is beside them, texels
_FIXED = np.float32(64)  # steps of CIELAB: morphology is twice as fast on 16-bit integers
_RADIUS, _THIN = 7, 3  # of its texels: half the width of the widest line, and of a wire
_BESIDE = 1  # of its texels beside a line that are mixed with it
_STANDS_OUT = 4.0, 10.0  # of CIELAB: by how much a line is told from pores
_MANY = 0.15, 0.25  # share of all texels from which lines are none, in part and wholly
_AS_DISTINCT = 0.2, 0.4  # of what stands out most nearby: less is the texture beside a line
_ALIGNED = 4  # texels that windows are a multiple of: whole texels in the sides textures have
_AROUND = 8  # texels around all lines that tell what goes on under them
_NEAR = 2  # texels of where lines were found around them, which may be part of them


def line_texels(colour: Float, found: Float, hairy: Float) -> Float:
    """Return how far each texel shows a line, ``(256, 256)`` in [0, 1].

    Where lines lie is known roughly. Only what stands out there from both sides, darker or lighter
    (black-hat and top-hat transforms; Serra 1982), is one: the skin beside it keeps its pores.
    Where they are many, as the cracks of a painting, they are the surface itself.

    Parameters
    ----------
    colour : (256, 256, 3) float32
        RGB in [0, 1].
    found : (256, 256) float32
        Where lines are, [0, 1].
    hairy : (256, 256) float32
        Where dark lines are a face's own, [0, 1]: its brows.
    """
    lab = np.rint(cv2.cvtColor(colour, cv2.COLOR_RGB2Lab) * _FIXED).astype(np.int16)
    near = smoothstep(cv2.dilate(found, disk(_NEAR)), 0.1, 0.5)
    thick = cv2.dilate(cv2.erode(found, disk(_THIN)), disk(_RADIUS))
    thick = smoothstep(thick, 0.1, 0.5)
    wide = around(thick, 2 * _RADIUS)
    distinct = _standing_out(lab, _THIN, hairy)
    rims = _standing_out(lab[wide], _RADIUS, hairy[wide])
    distinct[wide] += thick[wide] * (rims - distinct[wide])
    distinct *= near
    most = np.maximum(cv2.dilate(distinct, disk(_RADIUS)), _STANDS_OUT[0])
    line = smoothstep(distinct, *_STANDS_OUT) * smoothstep(distinct / most, *_AS_DISTINCT)
    line = cv2.dilate(line, disk(_BESIDE))
    few = 1 - smoothstep(line.mean(), *_MANY)
    return np.asarray(line * few, np.float32)


def _standing_out(lab: NDArray[np.int16], radius: int, hairy: Float) -> Float:
    """By how much texels differ from both sides of lines of a width, in CIELAB, ``(h, w)``."""
    hats = cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT
    total = np.ones((1, 3), np.float32)
    dark, bright = (cv2.transform(cv2.morphologyEx(lab, hat, disk(radius)), total) for hat in hats)
    return np.asarray((bright + dark * (1 - hairy)) / _FIXED, np.float32)


def carried_on(texture: Texture, line: Float, features: Float | None = None) -> Float:
    """Return colours with those beside lines carried on under them, ``(S, S, 3)`` in [0, 1].

    What goes on is smooth, and is worked out on a small map; what shows beside a line, or through
    it, is as fine as it was.

    Parameters
    ----------
    texture : Texture
        Of side S.
    line : (256, 256) float32
        As of `line_texels`.
    features : (256, 256) float32, optional
        Where they are, [0, 1], they go on themselves; what lies beside them is the skin's.
    """
    if not line.any():
        return texture.colour
    window = around(line, _AROUND, _ALIGNED)
    kept, added = _under(
        texture.reduced(_SIDE).colour[window],
        line[window],
        None if features is None else cv2.dilate(features, disk(_NEAR))[window],
    )
    return laid_over(texture.colour, kept, added, scaled(window, _SIDE, texture.size))


def _under(own: Float, line: Float, features: Float | None) -> tuple[Float, Float]:
    """How much of colours ``(h, w, 3)`` stays, ``(h, w)``, and what is added to them."""
    seen = 1 - smoothstep(line, 0, 0.5)
    filling, share = spread(own, seen), seen
    if features is not None:
        bare = seen * (1 - smoothstep(features, 0.05, 0.3))
        skin, share = spread(own, bare), bare + features * (seen - bare)
        filling = mixed(skin, filling, features)
    added = cv2.merge([line] * 3) * (filling - cv2.merge([share] * 3) * own)
    return 1 - line * (1 - share), np.asarray(added, np.float32)
