"""Where clothes begin around a neck, and where hair that hangs beside a face does.

Both are one smooth line around a figure that agrees best with what a photograph shows, so that a
fold, a strand or a tip of a collar does not become an island on the neck.
"""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Bool, Float

_WINDOW = 21  # columns or rows over which what is alone is left out
_SOFT = 6.0  # of them, sigma
_RISE = 10.0  # rows, by which a collar may stand above the usual height of the line
_TELLING = 6  # texels of a column or row that tell where its line is


def neckline(dressed: Bool, seen: Bool, clothes: Bool) -> Float:
    """The row from which each column ``(w,)`` is clothes; ``h`` where none is seen.

    Parameters
    ----------
    dressed, seen : (h, w) bool
        What of a neck looks like clothes, and what of it the photograph tells; the middle column is
        the front. What is not seen of a side goes on as the other side has it.
    clothes : (h, w) bool
        What is clothes in any case, below it.
    """
    row = np.where(_tells(seen), _border(dressed | clothes, seen | clothes), np.nan)
    if not np.isfinite(row).any():
        return np.full(len(row), len(seen), np.float32)
    row = np.where(np.isfinite(row), row, row[::-1])
    index, known = np.arange(len(row)), np.isfinite(row)
    row = np.interp(index, index[known], row[known], period=len(row))
    row = np.maximum(row, np.median(row[known]) - _RISE)
    return _smoothed(row.astype(np.float32), cv2.BORDER_WRAP)


def hairline(hairy: Bool, seen: Bool) -> Float:
    """The column from which each row ``(h,)`` is hair; ``w`` where none is.

    Parameters
    ----------
    hairy, seen : (h, w) bool
        One side of the figure, from the front to the back.
    """
    column = np.where(_tells(seen.T), _border(hairy.T, seen.T), np.nan)
    index, known = np.arange(len(column)), np.isfinite(column)
    if not known.any():
        return np.full(len(column), seen.shape[1], np.float32)
    column = np.interp(index, index[known], column[known])
    return _smoothed(column.astype(np.float32), cv2.BORDER_REPLICATE)


def _border(after: Bool, seen: Bool) -> Float:
    """The row at which each column parts best into what is not `after` and, below, what is."""
    votes = np.where(after, -1, 1) * seen
    cost = np.vstack([np.zeros((1, votes.shape[1]), int), -np.cumsum(votes, axis=0)])
    return np.asarray(len(after) - cost[::-1].argmin(axis=0), np.float32)


def _tells(seen: Bool) -> Bool:
    """Which columns ``(w,)`` are seen well enough to tell where they part."""
    return np.asarray(seen.sum(axis=0) >= _TELLING)


def _smoothed(line: Float, border: int) -> Float:
    """A line without what is alone in it."""
    side = _WINDOW // 2
    wide = np.pad(line, side, "wrap" if border == cv2.BORDER_WRAP else "edge")
    middle = np.median(np.lib.stride_tricks.sliding_window_view(wide, _WINDOW), axis=1)
    wide = np.pad(middle, 3 * _WINDOW, "wrap" if border == cv2.BORDER_WRAP else "edge")
    soft = cv2.GaussianBlur(wide.astype(np.float32)[:, None], (0, 0), _SOFT)[:, 0]
    return np.asarray(soft[3 * _WINDOW : -3 * _WINDOW], np.float32)
