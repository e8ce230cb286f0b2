"""Colours of surfaces: pictures in UV squares, skins, and one colour for all."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from facelab.heads.surface import SAMPLES
from facelab.numerics.arrays import Float, Int
from facelab.numerics.lookup import bilinear, shrunk

_BROAD = 15  # texels about one: what varies over more is light that is painted into a picture
_BROADLY, _FINELY = 0.35, 1.4  # how much of that is kept, and of what varies over less


@dataclass(frozen=True, slots=True, eq=False)
class Pictured:
    """Paint from a picture: places are u right and v down, [0, 1].

    Parameters
    ----------
    picture : (h, w, c) float32
        As `facelab.heads.surface.Surface` wants colours: linear, with opacity or without.
    """

    picture: Float = field(repr=False)

    def __call__(self, places: Float) -> Float:
        """Return the colours ``(k, c)`` at places ``(k, 2)``."""
        height, width = self.picture.shape[:2]
        half = np.float32(0.5)
        return bilinear(self.picture, places[:, 0] * width - half, places[:, 1] * height - half)


def fitted(picture: Float, uv: Float, triangles: Int, placed: Float) -> Float:
    """Return a picture shrunk so that its texels are about as large as samples.

    Parameters
    ----------
    picture : (h, w, c) float32
    uv, triangles : (n, 2) float32, (m, 3) int32
        Of the mesh it lies on.
    placed : (n, 3) float32
        The mesh's vertices in the picture that is drawn, pixels.
    """
    texels = _area(uv, triangles) * picture.shape[0] * picture.shape[1]
    samples = _area(placed, triangles) * SAMPLES**2
    return shrunk(picture, float(np.sqrt(texels / max(samples, 1e-6))))


def _area(places: Float, triangles: Int) -> float:
    across, down = np.ascontiguousarray(places[:, :2].T)
    corners = np.ascontiguousarray(triangles.T)
    (ax, bx, cx), (ay, by, cy) = (along.take(corners) for along in (across, down))
    return float(np.abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)).sum() / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """Paint of one colour, ``(3,)`` linear RGB."""

    colour: Float

    def __call__(self, places: Float) -> Float:
        """Return it ``len(places)`` times."""
        return np.broadcast_to(self.colour.astype(np.float32), (len(places), 3))


@dataclass(frozen=True, slots=True, eq=False)
class SkinPaint:
    """Paint of skin: places are (u, v) of the body's picture, (u, v) of the face's, and its share.

    Parameters
    ----------
    body, face : Pictured
        Linear RGB.
    """

    body: Pictured
    face: Pictured

    def __call__(self, places: Float) -> Float:
        """Return the colours ``(k, 3)`` at places ``(k, 5)``."""
        share = np.clip(places[:, 4:], 0, 1)
        out = self.body(places[:, :2])
        inside = np.flatnonzero(share[:, 0] > 0)
        out[inside] += share[inside] * (self.face(places[inside, 2:4]) - out[inside])
        return out


def tinted(grey: Float, colour: Float) -> Float:
    """Return a picture of strands, ``(h, w, 2)`` brightness and opacity, in a linear colour.

    The mean brightness, a half, shows the colour itself.
    """
    strands = grey[..., 0]
    broad = cv2.blur(strands, (_BROAD, _BROAD), borderType=cv2.BORDER_REPLICATE)
    even = 0.5 + _BROADLY * (broad - 0.5) + _FINELY * (strands - broad)
    level = np.clip(2 * even, 0.3, 2.0)[..., None] ** np.float32(1.5)
    return np.dstack([level * colour.astype(np.float32), grey[..., 1:]]).astype(np.float32)
