"""Light on a face at the middle scales: what the tone is too smooth for, without its features."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.face.skin import SIZE, Skin
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, spread
from facelab.types import Texture

_ALIKE = 10
_LEAST = np.array([0, 64, 64], np.float32)
_SCALE = np.array([2.55, 2, 2], np.float32)
_MEDIAN = 7  # texels
_SIGMA = 0.02 * SIZE


def lit(
    source: Texture, own: Skin, target: Texture, other: Skin
) -> tuple[Float, Float]:
    """Return the tone of two faces with their light at the middle scales, where both show skin."""
    both = np.minimum(_known(own), _known(other))
    bands = middle(source, own), middle(target, other)
    squared = ((bands[0] - bands[1]) ** 2).sum(axis=2)
    share = both * squared / (squared + np.float32(_ALIKE) ** 2)
    return _with(own.tone, share, bands[0]), _with(other.tone, share, bands[1])


def middle(texture: Texture, skin: Skin) -> Float:
    """Lightness of the skin over its tone, at 2 to 9 % of the side; lines and spots left out."""
    lab = cv2.cvtColor(resized(texture.colour, SIZE), cv2.COLOR_RGB2Lab)
    tone = cv2.cvtColor(skin.tone, cv2.COLOR_RGB2Lab)
    filled = (spread(lab, skin.likelihood) + _LEAST) * _SCALE
    coarse = cv2.medianBlur(np.clip(np.round(filled), 0, 255).astype(np.uint8), _MEDIAN) / _SCALE - _LEAST
    return cv2.GaussianBlur(coarse, (0, 0), _SIGMA) - tone


def _known(skin: Skin) -> Float:
    return np.clip(cv2.GaussianBlur(skin.likelihood, (0, 0), _SIGMA) * 4, 0, 1)


def _with(tone: Float, share: Float, band: Float) -> Float:
    lab = cv2.cvtColor(tone, cv2.COLOR_RGB2Lab) + share[..., None] * band
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1)
