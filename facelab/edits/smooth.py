"""Smooth: blotches of the skin go, pores and the shape of the face stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from facelab.edits.complexion import Complexion
from facelab.edits.edit import SKIN, References, TextureEdit
from facelab.edits.parameters import number
from facelab.numerics.arrays import Float
from facelab.types import Face

_PORES = 0.003  # of the side: deviation of the Gaussian that leaves pores out
_EDGE = 0.035  # contrast of luma from which an edge is kept


@dataclass(frozen=True, kw_only=True)
class Smooth(TextureEdit):
    """Frequency separation on bare skin, with a filter that keeps edges."""

    name: ClassVar[str] = "smooth"
    paints: ClassVar[tuple[str, ...]] = SKIN
    scale: float = number(1.6, 0.5, 8.0, "the largest blotches to go", "% of the face")
    pores: float = number(0.9, 0.0, 1.0, "how much of the pores stays")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Shape from the edge-keeping filter and pores from the photograph, on bare skin."""
        colour, bare = face.texture.colour, Complexion(face).bare
        weight = bare * face.texture.confidence
        base = guided(colour, weight, self.scale / 100)
        fine = colour - cv2.GaussianBlur(colour, (0, 0), max(_PORES * face.texture.size, 0.5))
        return base + np.float32(self.pores) * fine, bare


def guided(colour: Float, weight: Float, radius: float) -> Float:
    """Colours smoothed except across edges of luma, by weighted means.

    The guided filter (He, Sun & Tang, "Guided Image Filtering", TPAMI 2013, equations 5-8), with
    texels of no weight left out of every window.

    Parameters
    ----------
    colour : (S, S, 3) float32
        RGB in [0, 1].
    weight : (S, S) float32
    radius : float
        Of the windows, a part of the side.
    """
    side = 2 * max(1, round(radius * len(colour))) + 1
    luma = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)[..., None]
    total: Float = np.maximum(_box(weight, side), np.float32(1e-4))[..., None]

    def mean(values: Float) -> Float:
        boxed: Float = _box(values * weight[..., None], side).reshape(values.shape)
        return boxed / total

    mean_luma, mean_colour = mean(luma), mean(colour)
    variance = np.maximum(mean(luma * luma) - mean_luma**2, 0)
    slope: Float = mean(luma * colour) - mean_luma * mean_colour
    slope = slope / (variance + np.float32(_EDGE**2))
    offset = mean_colour - slope * mean_luma
    smoothed: Float = mean(slope) * luma + mean(offset)
    return smoothed


def _box(values: Float, side: int) -> Float:
    out: Float = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT)
    return out
