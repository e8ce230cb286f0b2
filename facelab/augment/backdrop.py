"""What was behind a person: the picture carried into the place where the person was."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Float

_TRACE = 0.04  # of a matte, that may show hair
_SMALLEST = 2  # pixels of the last level


def without(image: Float, person: Float, reach: float) -> Float:
    """A picture without its person.

    Parameters
    ----------
    image : (H, W, C) float32
    person : (H, W) float32
        How much of each pixel is the person, [0, 1].
    reach : float
        Pixels around the person that may show a hair of theirs, too.

    Returns
    -------
    (H, W, C) float32
    """
    side = 2 * int(np.ceil(reach)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    gone = (cv2.dilate(person, disc) > _TRACE).astype(np.float32)
    if gone.all():
        return image
    soft = cv2.GaussianBlur(gone, (0, 0), max(reach / 2, 0.5))
    share = np.maximum(gone, soft)[..., None]
    filled = pulled(image, 1 - gone)
    return np.asarray(image + share * (filled - image), np.float32)


def pulled(values: Float, weight: Float) -> Float:
    """Values ``(H, W, C)`` where there is weight ``(H, W)``, carried to where there is none.

    Pull-push (Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4): averages of coarser and
    coarser levels fill the finer ones.
    """
    levels = [np.dstack([values * weight[..., None], weight]).astype(np.float32)]
    while min(levels[-1].shape[:2]) > _SMALLEST:
        height, width = levels[-1].shape[:2]
        half = (-(-width // 2), -(-height // 2))
        levels.append(_resized(levels[-1], half))
    coarsest = levels[-1].reshape(-1, levels[-1].shape[2]).sum(axis=0)
    mean = coarsest[:-1] / np.maximum(coarsest[-1], np.float32(1e-6))
    share = levels[-1][..., -1:]
    out = np.where(share > 0, levels[-1][..., :-1] / np.maximum(share, np.float32(1e-6)), mean)
    for level in levels[-2::-1]:
        out = _resized(out, level.shape[1::-1])
        share = level[..., -1:]
        own = level[..., :-1] / np.maximum(share, np.float32(1e-6))
        out = out + np.clip(share, 0, 1) * (own - out)
    return np.asarray(out, np.float32)


def _resized(values: Float, size: tuple[int, ...]) -> Float:
    """Values ``(h, w, c)`` at another size, in parts that OpenCV takes."""
    smaller = size[0] < values.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    parts = [values[..., k : k + 4] for k in range(0, values.shape[2], 4)]
    out = [cv2.resize(np.ascontiguousarray(part), size, interpolation=way) for part in parts]
    return np.dstack(out)
