"""Glasses in a photograph: their rims, which edits leave where they are."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.edits.cielab import to_lab
from facelab.edits.regions import grown
from facelab.face.quality import share
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import SEEN, Face

_SIZE = 512  # side of the texture in which they are looked for
_THICK = 0.012  # of the side: the most that a rim is thick, halved
_FINE = 0.002  # of the side: sigma against noise
_BRIDGE = 4.6, 5.8  # lightness by which a bridge stands out, above that of any nose
_RIM = 3.0, 6.0  # lightness by which rims stand out where there is a bridge
_AROUND, _LASHES = 0.03, 0.012  # of the side: how far rims are from the eyes, and never are
_MARGIN = 0.004  # of the side, around rims


def rims(face: Face) -> Float:
    """Where the rims of glasses lie on a face, ``(S, S)`` in [0, 1]; nowhere without a bridge.

    Rims are thin, so that they vanish in a morphological opening or closing of the lightness. So do
    lashes and creases: a face has glasses if something thin leads all the way across its nose.
    """
    atlas, texture = face.positions.atlas, face.texture
    lightness = to_lab(resized(texture.colour, _SIZE))[..., 0]
    thin = _thin(cv2.GaussianBlur(lightness, (0, 0), _FINE * _SIZE))
    marks = atlas.landmarks68 * (_SIZE / atlas.size)
    top, bottom = int(marks[27, 1] - 0.01 * _SIZE), int(marks[28, 1] + 0.02 * _SIZE)
    left, right = np.rint(0.75 * marks[[39, 42], 0] + 0.25 * marks[[42, 39], 0]).astype(int)
    bridge = np.quantile(thin[top:bottom, left:right].max(axis=0), 0.1)
    near = grown(atlas.region("eye areas", _SIZE), _AROUND)
    near[top:bottom, left:right] = 1
    seen = resized(texture.confidence, _SIZE) >= SEEN
    found = smoothstep(thin, *_RIM) * near * seen * smoothstep(bridge, *_BRIDGE)
    found = found * (1 - grown(atlas.region("eyes", _SIZE), _LASHES))
    if texture.parts is not None:
        found = found * (1 - grown(share(texture, _SIZE, "brows"), _LASHES))
    soft = cv2.GaussianBlur(grown(found, _MARGIN), (0, 0), _FINE * _SIZE)
    return resized(soft, texture.size)


def _thin(values: Float) -> Float:
    """How far thin things stand out, darker or lighter: the larger of both top-hats."""
    reach = 2 * round(_THICK * len(values)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    hats = (cv2.morphologyEx(values, kind, disc) for kind in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT))
    out: Float = np.maximum(*hats)
    return out
