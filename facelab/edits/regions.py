"""The parts of a face by the keys that people write, and the regions of the atlas that they are."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.numerics.arrays import Float


def _keyed(*regions: str) -> dict[str, str]:
    """Regions of the atlas by their keys, which have hyphens for blanks."""
    return {region.replace(" ", "-"): region for region in regions}


PARTS = _keyed(
    "face", "forehead", "brows", "left brow", "right brow", "eyes", "left eye", "right eye",
    "eye areas", "left eye area", "right eye area", "eyelids", "left eyelid", "right eyelid",
    "nose", "cheeks", "left cheek", "right cheek", "lips", "mouth area", "chin",
)  # fmt: skip
"""Each part, just as large as it is."""

SURROUNDED = {
    "eyes": "eye areas",
    "left-eye": "left eye area",
    "right-eye": "right eye area",
    "brows": "brow areas",
    "left-brow": "left brow area",
    "right-brow": "right brow area",
    "mouth": "mouth area",
    **_keyed("nose", "lips", "cheeks", "left cheek", "right cheek", "forehead", "chin"),
    "whole": "oval",
}
"""Parts with the skin around them, without which they cannot be exchanged."""


def union(atlas: Atlas, regions: Iterable[str], size: int, softness: float) -> Float:
    """Where any of some regions of the atlas lies, ``(size, size)``; see `Atlas.soft_region`."""
    parts = [atlas.soft_region(name, size, softness) for name in regions]
    out: Float = np.maximum.reduce(parts)
    return out


def grown(mask: Float, reach: float) -> Float:
    """A mask grown by a part of the side, at least by a texel."""
    side = 2 * max(1, round(reach * len(mask))) + 1
    wider: Float = cv2.dilate(mask, np.ones((side, side), np.uint8))
    return wider
