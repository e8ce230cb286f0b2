"""Blemish: spots, found on bare skin or given, and replaced by the skin around them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import ClassVar

import cv2
import numpy as np

from facelab.edits.cielab import to_lab
from facelab.edits.complexion import Complexion, blurred
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import number, places
from facelab.face.quality import share
from facelab.numerics.arrays import Bool, Float
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import Face, Texture

_SIZE = 512  # largest side at which spots are looked for
_SCALES = (0.0026, 0.0038, 0.0056, 0.008, 0.0115)  # deviations of blobs, parts of the side
_RED = 0.8  # what a step of redness counts beside one of lightness, in CIELAB
_ROUND = 3.0  # the longest blob: curvature one way over that the other way
_CROWDED = 0.10  # share of skin covered by spots from which they are stubble or freckles
_OUTSTANDING = 2.2  # times what is usual around: as high a blob must be
_AROUND = 0.06  # of the side: deviation of the Gaussian that says what is usual
_ACROSS = 4  # deviations of a blob that people take for its diameter
_FILL = 0.009  # of the side: deviation of the Gaussian that fills a spot
_PARTS = 256  # side at which the parts of a face are looked at
_BESIDE = 0.03  # of the side: how far beside a beard there is stubble
_HAIRY = 0.02, 0.15  # share of beard around, from which a spot may be a hair, and is taken for one
_REACH = 2.4  # deviations of a blob to the edge of what is replaced


@dataclass(frozen=True, kw_only=True)
class Blemish(TextureEdit):
    """Removes pimples and small spots; stubble, freckles and features stay."""

    name: ClassVar[str] = "blemish"
    paints: ClassVar[tuple[str, ...]] = SKIN
    sensitivity: float = number(0.5, 0.0, 1.0, "how faint a spot may be")
    size: float = number(2.5, 1.2, 5.0, "the largest spots' diameter", "% of the face")
    spots: tuple[tuple[float, float], ...] = places(
        "u and v of spots in the atlas, of which `facelab atlas template` is a picture; with them "
        "none is searched for"
    )
    radius: float = number(1.2, 0.4, 3.0, "of the given spots", "% of the face")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The skin around, in the spots."""
        return self._given(face) if self.spots else self._searched(face)

    def _given(self, face: Face) -> tuple[Float, Float]:
        texture, atlas = face.texture, face.positions.atlas
        texels = atlas.canonical_uv(min(texture.size, _SIZE))
        places = np.asarray(self.spots, np.float32)
        away = reduce(np.minimum, (np.linalg.norm(texels - place, axis=2) for place in places))
        spots = resized(_disc(away, self.radius / 100), texture.size) * (texture.confidence > 0)
        return _filled(texture, texture.confidence, spots, 0.4 * self.radius / 100), spots

    def _searched(self, face: Face) -> tuple[Float, Float]:
        skin = _plain_skin(face)
        spots = resized(self._spots(face, skin), face.texture.size)
        known = skin * face.texture.confidence
        return _filled(face.texture, known, spots, _FILL), spots * (skin > 0)

    def _spots(self, face: Face, skin: Float) -> Float:
        """How much of a spot lies on each texel, at most ``(512, 512)``, in [0, 1]."""
        size = min(face.texture.size, _SIZE)
        lab, weight = to_lab(resized(face.texture.colour, size)), resized(skin, size)
        darkness = np.float32(_RED) * lab[..., 1] - lab[..., 0]
        least = 2.0 + 7.0 * (1 - self.sensitivity)
        found = np.zeros_like(darkness)
        for scale in _SCALES:
            if _ACROSS * scale * 100 <= self.size:
                blobs = _blobs(darkness, scale * size) * (weight > 0.6)
                stands_out = blobs > np.maximum(least, _OUTSTANDING * _usual(blobs))
                found = np.maximum(found, _discs(stands_out, _REACH * scale * size))
        crowd = cv2.GaussianBlur(found, (0, 0), 0.04 * size)
        return found * (1 - smoothstep(crowd, _CROWDED, 1.6 * _CROWDED)) * weight


def _filled(texture: Texture, known: Float, spots: Float, sigma: float) -> Float:
    """Known colours around the spots, by a Gaussian; `sigma` in parts of the side."""
    weight = np.maximum(known * (1 - spots) ** 2, 1e-4)
    return blurred(texture.colour, weight, sigma * texture.size)


def _plain_skin(face: Face) -> Float:
    """Bare skin well away from lips, lids and nostrils, ``(S, S)`` in [0, 1]."""
    atlas, size = face.positions.atlas, face.texture.size
    out = Complexion(face).bare.copy()
    for name, room in (("lips", 0.05), ("eyes", 0.08), ("brows", 0.03)):
        out *= atlas.soft_region(name, size, room) < 0.01
    nostrils = (atlas.landmarks68[31:36] + np.float32(0.5)) * np.float32(size / atlas.size)
    for u, v in nostrils:
        cv2.circle(out, (round(float(u)), round(float(v))), round(0.04 * size), 0, -1)
    return out * (1 - _stubble(face.texture))


def _stubble(texture: Texture) -> Float:
    """Where single hairs may stand beside a beard, ``(S, S)``: 0 on a face that has none."""
    if texture.parts is None:
        return np.zeros((texture.size, texture.size), np.float32)
    beard = share(texture, _PARTS, "beard")
    near = cv2.GaussianBlur(beard, (0, 0), _BESIDE * _PARTS)
    return resized(smoothstep(near, *_HAIRY), texture.size)


def _blobs(values: Float, sigma: float) -> Float:
    """Peaks of the scale-normalised Laplacian where a surface is round (Lindeberg 1998).

    Zero anywhere but at the middle of a blob; a peak is about the blob's height.
    """
    low = cv2.GaussianBlur(values, (0, 0), sigma)
    xx, yy, xy = (cv2.Sobel(low, -1, *order, ksize=3) for order in ((2, 0), (0, 2), (1, 1)))
    xx, yy, xy = xx / 4, yy / 4, xy / 4
    trace, determinant = xx + yy, xx * yy - xy * xy
    round_enough = trace**2 * _ROUND < determinant * (_ROUND + 1) ** 2
    response = np.where(round_enough & (determinant > 0), -trace * np.float32(sigma**2), 0)
    side = 2 * max(1, round(sigma)) + 1
    peaks = response >= cv2.dilate(response, np.ones((side, side), np.uint8))
    return np.asarray(np.maximum(response * 2 * peaks, 0), np.float32)


def _usual(blobs: Float) -> Float:
    """The root mean square height of the blobs around each texel: grain, stubble, freckles."""
    both = np.dstack([blobs**2, blobs > 0]).astype(np.float32)
    squares, count = cv2.split(cv2.GaussianBlur(both, (0, 0), _AROUND * len(blobs)))
    usual: Float = np.sqrt(squares / np.maximum(count, 1e-6))
    return usual


def _discs(middles: Bool, radius: float) -> Float:
    """Soft discs around some texels, ``(n, n)`` in [0, 1]."""
    return _disc(distance_within(~middles), radius)


def _disc(away: Float, radius: float) -> Float:
    """1 in the middle of a disc and 0 outside, by the distance from its middle."""
    return 1 - smoothstep(away / np.float32(radius), 0.6, 1.15)
