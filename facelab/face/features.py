"""Hair-like features of a face: how dark its brows' strands are, and where."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facelab.constants import PARTS
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import Texture

_DARKEST = 0.05  # quantile of a brow's lightness that is its strands'
_LASHES = 2  # texels around an eye that lashes reach
_LEAST = 30  # texels from which a quantile is one


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Where a face has hair, and how dark it is.

    Parameters
    ----------
    brows, lashes : (256, 256) float32
        Shares, [0, 1].
    darkest : float
        Lightness of a strand, L*.
    """

    brows: Float
    lashes: Float
    darkest: float

    def strand(self, size: int) -> Float:
        """Lightness of the darkest hair, 0 where there is none, ``(size, size)``."""
        return resized(np.maximum(self.brows, self.lashes) * np.float32(self.darkest), size)

    def hair(self, size: int) -> Float:
        return resized(np.maximum(self.brows, np.float32(0.6) * self.lashes), size)


def features(texture: Texture) -> Features | None:
    if texture.parts is None:
        return None
    brows, eyes = (texture.parts[..., PARTS.index(name)] for name in ("brows", "eyes"))
    light = cv2.cvtColor(resized(texture.colour, len(brows)), cv2.COLOR_RGB2Lab)[..., 0]
    seen = resized(texture.confidence, len(brows))
    inside = (brows > 0.5) & (seen > 0.3)
    darkest = float(np.quantile(light[inside], _DARKEST)) if inside.sum() > _LEAST else 0.0
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _LASHES + 1,) * 2)
    lashes = cv2.GaussianBlur(cv2.dilate(eyes, kernel), (0, 0), 1.2)
    soft = cv2.GaussianBlur(brows, (0, 0), 1.5)
    return Features(soft, lashes, darkest)
