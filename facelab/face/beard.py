"""A beard as a whole: with the skin that shows through it."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.constants import PARTS
from facelab.geometry.parsing import Parsing

_HAIR = 0.35  # share of a pixel from which it counts as beard
_LEAST = 250  # pixels of the crop: less is no beard
_GAP = 8  # pixels of the crop: half the width of the widest gap in a beard
_SOFT = 1.5  # pixels of the crop


def with_whole_beard(parsing: Parsing) -> Parsing:
    """Return what is around a face, where a beard has no gaps.

    Chin and jaw between the patches of a thin beard are part of it: a swap keeps or leaves out all
    of it, not its densest hair.
    """
    sure = (parsing.share("beard") > _HAIR).astype(np.uint8)
    if int(sure.sum()) < _LEAST:
        return parsing
    side = 2 * _GAP + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(sure, cv2.MORPH_CLOSE, disk).astype(np.float32)
    whole = cv2.GaussianBlur(closed, (0, 0), _SOFT)
    shares = parsing.shares.copy()
    skin, beard = PARTS.index("skin"), PARTS.index("beard")
    moved = shares[..., skin] * whole
    shares[..., beard] += moved
    shares[..., skin] -= moved
    return Parsing(shares, parsing.crop)
