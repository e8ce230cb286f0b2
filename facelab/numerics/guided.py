"""The guided filter: a map drawn along the edges of a picture."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.numerics.arrays import Float

_LEAST = 2  # pixels: the smallest radius on a reduced picture


def guided(values: Float, guide: Float, radius: int, variance: float) -> Float:
    """Filter a map so that it is a locally linear function of a picture's colours.

    He, Sun & Tang, "Guided Image Filtering", PAMI 2013, equations 14, 19 and 20: with a guide of
    three channels. The coefficients vary slowly, so for wide windows they are worked out on a
    reduced picture (He & Sun, "Fast Guided Filter", 2015).

    Parameters
    ----------
    values : (H, W) float32
        In [0, 1].
    guide : (H, W, 3) float32
        RGB in [0, 1].
    radius : int
        Of the windows, pixels.
    variance : float
        Of the guide's colours, under which no edge is seen (epsilon).

    Returns
    -------
    (H, W) float32
        In [0, 1].
    """
    every = max(1, radius // _LEAST)
    slope, offset = _coefficients(
        _reduced(values, every), _reduced(guide, every), radius // every, variance
    )
    if every > 1:
        size = values.shape[1], values.shape[0]
        slope, offset = (cv2.resize(one, size) for one in (slope, offset))
    slope *= guide
    out = cv2.transform(slope, np.ones((1, 3), np.float32))
    out += offset
    return np.asarray(np.clip(out, 0, 1, out=out), np.float32)


def _coefficients(values: Float, guide: Float, radius: int, variance: float) -> tuple[Float, Float]:
    """What the map is of the guide around each pixel: ``(h, w, 3)`` times it plus ``(h, w)``."""
    mean, means = _mean(values, radius), _mean(guide, radius)
    covariance = _mean(guide * values[..., None], radius) - means * mean[..., None]
    slope = _solved(_covariance(guide, means, radius, variance), covariance)
    offset = mean - cv2.transform(slope * means, np.ones((1, 3), np.float32))
    return _mean(slope, radius), _mean(offset, radius)


def _reduced(picture: Float, every: int) -> Float:
    """A picture reduced to samples, at least one of them.

    They vary as the picture does; means of squares of pixels would vary less.
    """
    if every == 1:
        return picture
    height, width = picture.shape[:2]
    size = max(width // every, 1), max(height // every, 1)
    out: Float = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    return out


def _mean(values: Float, radius: int) -> Float:
    side = 2 * radius + 1
    out: Float = cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT_101)
    return out


def _covariance(guide: Float, means: Float, radius: int, variance: float) -> tuple[Float, ...]:
    """Entries rr, rg, rb, gg, gb, bb of the guide's covariance around each pixel."""
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    products = [guide[..., i] * guide[..., j] for i, j in pairs]
    entries = (
        _mean(product, radius) - means[..., i] * means[..., j]
        for product, (i, j) in zip(products, pairs, strict=True)
    )
    return tuple(
        entry + np.float32(variance) * (i == j)
        for entry, (i, j) in zip(entries, pairs, strict=True)
    )


def _solved(matrix: tuple[Float, ...], right: Float) -> Float:
    """The solutions ``(H, W, 3)`` of symmetric 3 x 3 systems, by their cofactors."""
    rr, rg, rb, gg, gb, bb = matrix
    a, b, c = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    d, e, f = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    determinant = np.maximum(rr * a + rg * b + rb * c, np.float32(1e-12))[..., None]
    x, y, z = cv2.split(right)
    rows = [a * x + b * y + c * z, b * x + d * y + e * z, c * x + e * y + f * z]
    out: Float = np.dstack(rows) / determinant
    return out
