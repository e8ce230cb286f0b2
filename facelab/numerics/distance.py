"""Distance of each pixel of a mask to its edge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facelab.numerics.arrays import Float


def distance_within(mask: NDArray[Any]) -> Float:
    """Return the Euclidean distance of each pixel to the nearest one outside the mask.

    Felzenszwalb & Huttenlocher, "Distance Transforms of Sampled Functions", 2012, by OpenCV.

    Parameters
    ----------
    mask : (H, W) bool or uint8
        Inside where it is not 0.

    Returns
    -------
    (H, W) float32
        Pixels, 0 outside.
    """
    with _without_ipp():
        distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance, np.float32)


@contextmanager
def _without_ipp() -> Iterator[None]:
    """Without Intel's primitives in this thread: theirs rounds as the memory happens to lie."""
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        yield
    finally:
        cv2.ipp.setUseIPP(before)
