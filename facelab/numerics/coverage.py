"""How much of each pixel triangles cover, for edges that are not jagged."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Float

_SAMPLES = 4  # along each side of a pixel
_BITS = 4  # of a vertex's place below a sample
_FARTHEST = 2.0**14  # px: beyond, fixed-point places would not fit


def coverage(vertices: Float, triangles: NDArray[np.int32], shape: tuple[int, int]) -> Float:
    """How much of each pixel the union of triangles covers, in 4 x 4 samples.

    Parameters
    ----------
    vertices : (n, 2 or 3) float32
        x right and y down, pixels; centres lie at integers.
    triangles : (m, 3) int32
        Those that turn their back, clockwise as seen, are left out.
    shape : (H, W)

    Returns
    -------
    (H, W) float32
        [0, 1].
    """
    mask = np.zeros((shape[0] * _SAMPLES, shape[1] * _SAMPLES), np.uint8)
    places = np.clip(vertices[:, :2], -_FARTHEST, _FARTHEST).astype(np.float64)
    places = (places + 0.5) * _SAMPLES - 0.5
    fixed = np.rint(places * 2**_BITS).astype(np.int32)
    corners = fixed[triangles]
    (ax, ay), (bx, by), (cx, cy) = corners.astype(np.int64).transpose(1, 2, 0)
    front = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) < 0
    for triangle in corners[front]:
        cv2.fillConvexPoly(mask, triangle, (255,), cv2.LINE_8, _BITS)
    small = cv2.resize(mask, shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small / np.float32(255), np.float32)
