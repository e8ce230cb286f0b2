"""Windows of maps, and mixing within them: most edits change a small part of a texture."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Bool, Float

Window = tuple[slice, slice]
"""Rows and columns."""

WHOLE: Window = slice(None), slice(None)


def window_of(mask: Float | Bool) -> Window:
    """The smallest window outside of which a mask ``(H, W)`` or ``(H, W, C)`` is 0 everywhere.

    It holds at least one pixel.
    """
    flat = mask.reshape(len(mask), -1)  # along rows of all channels, which is quickest
    rows = np.flatnonzero(np.any(flat, axis=1))
    if not len(rows):
        return slice(0, 1), slice(0, 1)
    down = slice(int(rows[0]), int(rows[-1]) + 1)
    across = np.any(flat[down], axis=0).reshape(mask.shape[1], -1)
    columns = np.flatnonzero(np.any(across, axis=1))
    return down, slice(int(columns[0]), int(columns[-1]) + 1)


def around(mask: Float | Bool, room: int = 0, step: int = 1) -> Window:
    """The smallest window with all of a mask, as of `window_of`, and so many pixels around it.

    Its sides are multiples of `step`, so that maps of another side may have it as whole pixels.
    """
    rows, columns = (
        slice(
            max(part.start - room, 0) // step * step,
            min(-(-(part.stop + room) // step) * step, side),
        )
        for part, side in zip(window_of(mask), mask.shape[:2], strict=True)
    )
    return rows, columns


def scaled(window: Window, side: int, size: int) -> Window:
    """A window of maps of one side in maps of side `size`: all pixels that it reaches."""
    rows, columns = (
        slice(part.start * size // side, -(-part.stop * size // side)) for part in window
    )
    return rows, columns


def laid_over(values: Float, kept: Float, added: Float, window: Window) -> Float:
    """Lay something smooth over a window of a map: premultiplied, and given on a smaller map.

    Porter & Duff, "Compositing Digital Images", SIGGRAPH 1984, the operator "over".

    Parameters
    ----------
    values : (H, W, 3) float32
    kept : (h, w) float32
        How much of the values stays, [0, 1].
    added : (h, w, 3) float32
        What is laid over them, times how much of it shows.
    window : (rows, columns) slices
        Of the values, which all of `kept` and `added` covers.

    Returns
    -------
    (H, W, 3) float32
        A new array; the values themselves where all of them is kept and nothing is added.
    """
    out = values.copy()
    part = out[window]
    kept, added = (cv2.resize(one, part.shape[1::-1]) for one in (kept, added))
    part *= cv2.merge([kept] * 3)
    part += added
    return out


def mixed(values: Float, others: Float, share: Float) -> Float:
    """``values + share * (others - values)``, a new array.

    Parameters
    ----------
    values, others : (H, W, 3) float32
        Finite.
    share : (H, W) float32
        Of the others, [0, 1].

    Returns
    -------
    (H, W, 3) float32
        The values, bit for bit, where the share is 0 and the others where it is 1.
    """
    out = np.subtract(others, values, order="C", dtype=np.float32)
    # Arrays of one shape multiply several times faster than by broadcasting.
    out *= np.asarray(cv2.merge([share] * 3), np.float32).reshape(out.shape)
    out += values
    cv2.copyTo(np.ascontiguousarray(others, np.float32), (share == 1).view(np.uint8), out)
    return out
