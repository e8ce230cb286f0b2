"""Exact scan conversion: which pixel centres each triangle covers.

The conventions are those of `facelab.numerics.raster`. Vertices lie on a grid of 1/256 px within
2**16 px of the origin, so that every product here is a multiple of 2**-16 below 2**34: float64
holds it exactly, and no rounding decides what is covered.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["BATCH", "blocks", "doubled_area", "holding", "meeting", "pixels", "sole"]

Doubles = NDArray[np.float64]
Indices = NDArray[np.intp]

BATCH = 1 << 14  # rows or pixels at a time, and
BLOCK = 1 << 13  # triangles at a time: temporaries stay in cache and are not paged in anew

_ONE = 1 << 32  # face, in sums of which the lower half is their numbers


def doubled_area(x: Doubles, y: Doubles, corners: Indices) -> Doubles:
    """Twice the area of each triangle of (3, m) vertex indices; positive for a front face."""
    a, b, c = corners
    area: Doubles = (y[b] - y[a]) * (x[c] - x[a]) - (x[b] - x[a]) * (y[c] - y[a])
    return area


def meeting(x: Doubles, y: Doubles, corners: Indices, shape: tuple[int, int]) -> Indices:
    """Which faces may cover a pixel centre of a window, ``(k,)`` ascending.

    Those whose box holds one, see `pixels` for the arguments: a box has the rows from its top on,
    up to and without its bottom, and so the columns.
    """
    met: NDArray[np.bool_] | bool = True
    for values, side in ((x, shape[1]), (y, shape[0])):
        first = np.clip(np.ceil(values), 0, side).astype(np.int32)
        a, b, c = (first[corner] for corner in corners)
        met = met & ((a != b) | (a != c))
    return np.flatnonzero(met)


def sole(
    x: Doubles, y: Doubles, corners: Indices, shape: tuple[int, int]
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Find the one front face that covers each pixel, and the pixels that several cover.

    A difference array: where a row of pixels crosses into a face, the face's number is added, and
    where it crosses out, taken away; running sums give the numbers of the faces that cover a pixel.
    The upper half of a sum counts them. No face is filled pixel by pixel.

    Parameters
    ----------
    x, y : (n,) float64
        Vertices in px.
    corners : (3, m) intp
        Vertex indices of the faces.
    shape : (H, W)
        Size of the window in px.

    Returns
    -------
    face : (H, W) int32
        Index into the columns of `corners`, -1 where none covers the pixel, and unspecified where
        several do.
    several : (H, W) bool
    """
    height, width = shape
    sums = np.zeros((height, width + 1), np.int64)  # the last column takes what leaves the window
    first = np.clip(np.ceil(y), 0, height).astype(np.intp)
    for faces in blocks(np.flatnonzero(doubled_area(x, y, corners) > 0)):
        a, b, c = corners.take(faces, axis=1)
        begin, end = np.concatenate((a, b, c)), np.concatenate((b, c, a))
        top, bottom = first.take(begin), first.take(end)
        crossed = np.flatnonzero(top != bottom)  # by any row of pixels
        top, bottom = top.take(crossed), bottom.take(crossed)
        # Of a front face, what goes down the screen is at its left.
        sign = np.sign(bottom - top)
        change = np.tile(faces + (_ONE + 1), 3).take(crossed) * sign
        edges = _lines(x, y, begin.take(crossed), end.take(crossed))
        top, count = np.minimum(top, bottom), np.abs(bottom - top)
        for part in _batches(count):
            edge, row = _ragged(top[part], count[part])
            edge += part.start
            column = np.clip(_crossing(edges, edge, row), 0, width).astype(np.intp)
            np.add.at(sums.reshape(-1), row * (width + 1) + column, change.take(edge))
    sums = sums.reshape(-1).cumsum().reshape(sums.shape)[:, :-1]
    return sums.astype(np.int32) - 1, sums >= 2 * _ONE


def holding(
    x: Doubles, y: Doubles, corners: Indices, wanted: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which faces ``(m,)`` may reach into the square of a wanted pixel ``(H, W)``.

    Those whose box does, by a summed-area table (Crow, "Summed-area tables for texture mapping",
    SIGGRAPH 1984).
    """
    height, width = wanted.shape
    sums = cv2.integral(wanted.view(np.uint8)).ravel()
    column = np.rint(x.clip(0, width - 1)).astype(np.int32).take(corners)
    row = np.rint(y.clip(0, height - 1)).astype(np.int32).take(corners)
    left, right = column.min(axis=0), column.max(axis=0) + 1
    above, below = row.min(axis=0) * (width + 1), (row.max(axis=0) + 1) * (width + 1)
    held = sums.take(below + right) - sums.take(below + left)
    held -= sums.take(above + right) - sums.take(above + left)
    out: NDArray[np.bool_] = held > 0
    return out


def blocks(items: Indices) -> Iterator[Indices]:
    """Yield successive parts along the last axis, at most BLOCK long."""
    for begin in range(0, items.shape[-1], BLOCK):
        yield items[..., begin : begin + BLOCK]


def pixels(
    x: Doubles, y: Doubles, corners: Indices, shape: tuple[int, int]
) -> Iterator[tuple[Indices, Indices, Indices]]:
    """Find the pixels that each face covers, face by face.

    A row of pixels crosses the long edge of a face (from its top to its bottom vertex) and one
    of the two short ones. It covers the pixels from the left crossing on, up to and without the
    right one, and the face has the rows from its top on, up to and without its bottom: the
    top-left rule.

    Parameters
    ----------
    x, y : (n,) float64
        Vertices in px.
    corners : (3, m) intp
        Vertex indices of the faces, in either orientation.
    shape : (H, W)
        Size of the window in px.

    Yields
    ------
    pixel, row, face : (k,) intp
        Flat pixel index, its row, and index into the columns of `corners`, which ascends. k is
        at most BATCH, or one row of one face.
    """
    for row, left, length, face in _spans(x, y, corners, shape):
        start = row * shape[1] + left
        for run in _batches(length):
            span, pixel = _ragged(start[run], length[run])
            yield pixel, row[run].take(span), face[run].take(span)


def _spans(
    x: Doubles, y: Doubles, corners: Indices, shape: tuple[int, int]
) -> Iterator[tuple[Indices, Indices, Indices, Indices]]:
    """Row, first column, length and face of each horizontal run of covered pixels."""
    top, middle, bottom = _by_height(y, corners)
    edges = _lines(x, y, np.hstack((top, top, middle)), np.hstack((bottom, middle, bottom)))
    first = np.clip(np.ceil(y[top]), 0, shape[0]).astype(np.intp)
    count = np.clip(np.ceil(y[bottom]), 0, shape[0]).astype(np.intp) - first
    bend, faces = y[middle], middle.size
    for part in _batches(count):
        face, row = _ragged(first[part], count[part])
        face += part.start
        long = _crossing(edges, face, row)
        short = _crossing(edges, np.where(row < bend[face], face + faces, face + 2 * faces), row)
        left = np.clip(np.minimum(long, short), 0, shape[1]).astype(np.intp)
        right = np.clip(np.maximum(long, short), 0, shape[1]).astype(np.intp)
        yield row, left, right - left, face


def _by_height(y: Doubles, corners: Indices) -> tuple[Indices, Indices, Indices]:
    """Vertices of each face from the top of the screen to the bottom."""
    a, b, c = corners
    a, b = _ordered(y, a, b)
    b, c = _ordered(y, b, c)
    a, b = _ordered(y, a, b)
    return a, b, c


def _ordered(y: Doubles, a: Indices, b: Indices) -> tuple[Indices, Indices]:
    below = y[a] > y[b]
    return np.where(below, b, a), np.where(below, a, b)


def _lines(x: Doubles, y: Doubles, upper: Indices, lower: Indices) -> Doubles:
    """Edges as (offset, run, rise), so that x = (offset + y * run) / rise; (3, edges)."""
    lines = np.empty((3, upper.size))
    offset, run, rise = lines
    x_upper, y_upper = x[upper], y[upper]
    run[:] = x[lower] - x_upper
    rise[:] = y[lower] - y_upper
    offset[:] = x_upper * rise - y_upper * run
    return lines


def _crossing(edges: Doubles, edge: Indices, row: Indices) -> Doubles:
    """First pixel column at or right of an edge, on a row that the edge reaches.

    Numerator and denominator are exact. A quotient that is no integer lies at least 2**-33 from
    the next one, and rounding moves it by less than 2**-36: it never crosses.
    """
    offset, run, rise = edges.take(edge, axis=1)
    column: Doubles = np.ceil((offset + row * run) / rise)
    return column


def _ragged(start: Indices, count: Indices) -> tuple[Indices, Indices]:
    """Concatenated ranges: item i gives start[i], start[i] + 1, ... count[i] times."""
    end = np.cumsum(count)
    item = np.repeat(np.arange(len(count)), count)
    return item, np.arange(item.size) + (start - end + count).take(item)


def _batches(count: Indices) -> Iterator[slice]:
    """Yield consecutive slices whose counts add up to at most BATCH, or hold one item."""
    end = np.cumsum(count)
    start = 0
    while start < len(count):
        budget = end[start] - count[start] + BATCH
        stop = max(start + 1, int(np.searchsorted(end, budget, side="right")))
        yield slice(start, stop)
        start = stop
