"""Where a photograph shows a beard: as a whole, told by its zones.

A pixel alone does not tell hairs from shade. So each zone where beards grow is compared with the
cheeks of the same face, on both sides together: hairs make it darker, less colourful and rougher.
How much of that is usual without a beard was measured on 780 portraits of women. Frame: the
canonical atlas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.atlas import canonical
from facelab.edits.cielab import to_lab
from facelab.heads.skin_bank import ramp, skin_bank
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import Texture

TEXELS = 256
"""Of a side of the textures that beards are told from."""

_GROWS = 0.35  # share of the map of beards from which a zone is told by a texel
_SEEN = 0.15  # confidence from which a texel counts
_LEAST = 60.0  # texels of a zone that are seen for it to be told
_EVIDENCE = 2.8, 4.6  # deviations from the usual from which a zone may have, and has, a beard
_FINE, _COARSE = 0.7, 2.5  # texels: what hairs are, between these deviations
_SMOOTH = 3.0  # texels
_EDGE = 0.3, 0.6  # of a zone's own darkness from which a texel may lie, and lies, in the beard
_GAP = 13  # texels: a gap as wide as this is closed


@dataclass(frozen=True)
class _Usual:
    """What is usual for a zone without a beard, beside the cheeks: means and deviations.

    Parameters
    ----------
    darker, paler, rougher : (float, float)
        By what share of the cheeks' lightness; by how many units of chroma; how large details are,
        as a share of the cheeks' lightness.
    """

    darker: tuple[float, float]
    paler: tuple[float, float]
    rougher: tuple[float, float]


_USUAL = {
    "moustache": _Usual((0.033, 0.046), (0.1, 1.0), (0.0223, 0.0052)),
    "chin": _Usual((0.032, 0.054), (0.6, 1.2), (0.0079, 0.0021)),
    "jaw": _Usual((0.083, 0.049), (-0.1, 1.7), (0.0063, 0.0017)),
}


def beard_of(texture: Texture) -> Float:
    """How much of each texel of a face lies in its beard.

    Parameters
    ----------
    texture : Texture
        Of the photograph, 256 texels wide.

    Returns
    -------
    (256, 256) float32
        [0, 1]; without gaps where hairs are thin, 0 for a shadow of shaved ones.
    """
    lab = to_lab(texture.colour)
    seen = _zones()["inner"] * (texture.confidence > _SEEN)
    light, chroma = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2])
    cheeks = seen * _zones()["cheeks"]
    lightness, colour = max(_mean(light, cheeks), 15.0), _mean(chroma, cheeks)
    darker = 1 - light / np.float32(lightness)
    details = np.abs(_blurred(light, _FINE) - _blurred(light, _COARSE)) / np.float32(lightness)
    out = np.zeros((TEXELS, TEXELS), np.float32)
    for name, usual in _USUAL.items():
        zone = _zones()[name]
        where = zone * seen
        if where.sum() < _LEAST:
            continue
        values = _mean(darker, where), colour - _mean(chroma, where), _mean(details, where)
        ranges = usual.darker, usual.paler, usual.rougher
        evidence = np.mean([(v - mean) / d for v, (mean, d) in zip(values, ranges, strict=True)])
        inside = _filled(darker - np.float32(usual.darker[0]), where, seen)
        out = np.maximum(out, ramp(float(evidence), *_EVIDENCE) * zone * inside)
    return _blurred(cv2.morphologyEx(out, cv2.MORPH_CLOSE, _disk(_GAP)), 1.5)


def _filled(darker: Float, zone: Float, seen: Float) -> Float:
    """Where a zone is about as dark as it is in the mean, both sides together, ``(256, 256)``."""
    weight = seen + seen[:, ::-1] + np.float32(1e-3)
    both = (darker * seen + (darker * seen)[:, ::-1]) / weight
    level = max(_mean(both, zone), 0.02)
    return smoothstep(_blurred(both, _SMOOTH), _EDGE[0] * level, _EDGE[1] * level)


@cache
def _zones() -> dict[str, Float]:
    """The zones, the cheeks they are compared with, and all but the face's rim; ``(256, 256)``."""
    atlas = canonical()
    marks = (atlas.landmarks68 + 0.5) * (TEXELS / atlas.size) - 0.5
    row = np.arange(TEXELS, dtype=np.float32)[:, None]
    aside = np.abs(np.arange(TEXELS, dtype=np.float32)[None] - 127.5)
    lips = cv2.dilate(atlas.region("lips", TEXELS), _disk(5))
    inner = cv2.erode(atlas.region("oval", TEXELS), _disk(9)) > 0.5
    grows = resized(skin_bank().beard, TEXELS)
    mouth, wide = marks[48:60, 1].mean(), 1.15 * (marks[54, 0] - marks[48, 0]) / 2
    grown: Bool = (grows > _GROWS) & (lips < 0.5)
    above = (row < mouth) & (aside < wide)
    below = (row >= mouth) & (aside < wide)
    eyes, nose = marks[36:48, 1].max(), marks[33, 1]
    cheeks = inner & (row > eyes) & (row < nose) & (aside > 35) & (aside < 85) & (grows < 0.15)
    zones = {
        "inner": inner,
        "cheeks": cheeks,
        "moustache": grown & above,
        "chin": grown & below,
        "jaw": grown & (aside >= wide) & (row > nose),
    }
    return {name: zone.astype(np.float32) for name, zone in zones.items()}


def _mean(values: Float, weights: Float) -> float:
    return float((values * weights).sum() / max(float(weights.sum()), 1e-3))


def _blurred(values: Float, deviation: float) -> Float:
    out: Float = cv2.GaussianBlur(values, (0, 0), deviation)
    return out


def _disk(across: int) -> NDArray[np.uint8]:
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across))
    return np.asarray(disk, np.uint8)
