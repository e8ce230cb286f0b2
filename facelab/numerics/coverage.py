"""How much of each pixel triangles cover, for edges that are not jagged."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Bool, Float

_SAMPLES = 4  # along each side of a pixel
_BITS = 4  # of a vertex's place below a sample
_SMALL = 2.0  # pixels
_FARTHEST = 2.0**14  # px: beyond, fixed-point places would not fit


def coverage(vertices: Float, triangles: NDArray[np.int32], covered: Bool) -> Float:
    """How much of each pixel the union of triangles covers, in 4 x 4 samples.

    Parameters
    ----------
    vertices : (n, 2 or 3) float32
        x right and y down, pixels; centres lie at integers.
    triangles : (m, 3) int32
        Those that turn their back, clockwise as seen, are left out.
    covered : (H, W) bool
        The pixels whose centres they cover, as `facelab.numerics.raster` finds them: well within,
        small triangles need not be looked at.

    Returns
    -------
    (H, W) float32
        [0, 1].
    """
    height, width = covered.shape
    inside = covered.astype(np.uint8)
    within = cv2.erode(
        inside, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=(0,)
    )
    mask = cv2.resize(within * 255, None, fx=_SAMPLES, fy=_SAMPLES, interpolation=cv2.INTER_NEAREST)
    places = np.clip(vertices[:, :2], -_FARTHEST, _FARTHEST).astype(np.float64)
    wanted = triangles[_matter(places, triangles, within)]
    fixed = np.rint(((places + 0.5) * _SAMPLES - 0.5) * 2**_BITS).astype(np.int32)
    for triangle in fixed[wanted]:
        cv2.fillConvexPoly(mask, triangle, (255,), cv2.LINE_8, _BITS)
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small / np.float32(255), np.float32)


def _matter(
    places: NDArray[np.float64], triangles: NDArray[np.int32], within: NDArray[np.uint8]
) -> Bool:
    """Which triangles face the viewer, reach the picture, and are not small and well within."""
    (ax, ay), (bx, by), (cx, cy) = places[triangles].transpose(1, 2, 0)
    front = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) < 0
    left, right = np.minimum(np.minimum(ax, bx), cx), np.maximum(np.maximum(ax, bx), cx)
    top, bottom = np.minimum(np.minimum(ay, by), cy), np.maximum(np.maximum(ay, by), cy)
    height, width = within.shape
    reaches = (right > -1) & (left < width) & (bottom > -1) & (top < height)
    column, row = np.rint(places).astype(int).clip(0, [width - 1, height - 1]).T
    inside = within[row, column].astype(np.bool_)[triangles].all(axis=1)
    small = (right - left < _SMALL) & (bottom - top < _SMALL)
    out: Bool = front & reaches & ~(inside & small)
    return out
