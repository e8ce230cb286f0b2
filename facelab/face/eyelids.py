"""Eyelids of which one photograph shows more than another.

A hooded lid has many rows of texels on a few pixels. Drawn where another face shows the lid
wholly, they would become streaks of lashes. With rows at even parts of what is seen from brow to
eye, lid lies on lid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.numerics.arrays import Float, Int
from facelab.numerics.smoothing import smoothstep
from facelab.types import PositionMap

_TAPER = 5  # columns of texels at an eye's corners over which rows return to where they were


@dataclass(frozen=True, slots=True, eq=False)
class _Lids:
    """The upper eyelids in the atlas: columns of texels, ``(n,)``, and rows in each.

    Parameters
    ----------
    columns : (n,) int32
    rows : (2, n) int32
        The brow's last row and the eye's first in each column.
    share : (n,) float32
        How far the column's rows are moved, [0, 1].
    """

    columns: Int
    rows: Int
    share: Float


@cache
def _lids(atlas: Atlas) -> _Lids:
    brows, eyes = (atlas.region(name, atlas.size) > 0.5 for name in ("brows", "eyes"))
    wanted = eyes.any(axis=0) & brows.any(axis=0)
    columns = np.flatnonzero(wanted)
    brow = len(brows) - 1 - brows[::-1, columns].argmax(axis=0)
    starts = np.flatnonzero(np.diff(columns, prepend=-2) > 1)
    steps = np.diff([*starts, len(columns)])
    inward = np.concatenate([np.minimum(run, run[::-1]) + 1 for run in map(np.arange, steps)])
    share = smoothstep(np.asarray(inward / _TAPER, np.float32))
    rows = np.stack([brow, eyes[:, columns].argmax(axis=0)])
    return _Lids(columns.astype(np.int32), rows.astype(np.int32), share)


def even_lids(positions: PositionMap) -> PositionMap:
    """Positions whose rows between brows and eyes are as far apart as each other.

    Parameters
    ----------
    positions : PositionMap

    Returns
    -------
    PositionMap
        The same surface; on the upper eyelids, other texels of it lie at its places.
    """
    lids = _lids(positions.atlas)
    (brow, eye), columns = lids.rows, lids.columns
    count = eye - brow
    steps = np.arange(count.max() + 1)[:, None]
    rows = np.minimum(brow + steps, eye)  # shorter lids repeat their last row
    lid = positions.values[rows, columns]
    across, down = np.diff(lid[..., :2], axis=0, prepend=lid[:1, :, :2]).transpose(2, 0, 1)
    along = np.cumsum(np.hypot(across, down), axis=0)
    even = along[-1] * np.minimum(steps / count, 1)
    shift = np.zeros_like(positions.values)
    shift[rows, columns] = lids.share[:, None] * (_interpolated(even, along, lid) - lid)
    smooth = cv2.GaussianBlur(shift, (0, 0), 1.0)
    return replace(positions, values=positions.values + smooth)


def _interpolated(wanted: Float, known: Float, values: Float) -> Float:
    """The values ``(m, n, c)`` of each column, known at ascending places, at the wanted ones.

    Parameters
    ----------
    wanted, known : (m, n) float32
    values : (m, n, c) float32
    """
    after = np.sum(known <= wanted[:, None], axis=1).clip(1, len(known) - 1)
    columns = np.arange(known.shape[1])
    low, high = known[after - 1, columns], known[after, columns]
    share = ((wanted - low) / np.maximum(high - low, np.float32(1e-12))).clip(0, 1)[..., None]
    first, second = values[after - 1, columns], values[after, columns]
    return np.asarray(first + share * (second - first), np.float32)
