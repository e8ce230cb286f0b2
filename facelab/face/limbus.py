"""The rim of an iris, by the circle across which a picture of an eye becomes lighter the most.

The integro-differential operator of Daugman, "High confidence visual recognition of persons by a
test of statistical independence", PAMI 1993, equation 1, over the arcs that no lid hides.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facelab.numerics.arrays import Float
from facelab.numerics.morphology import disk

_ANGLES = 32
_EDGE = 0.14  # radii to both sides of the rim at which it is compared
_SHIFTS = np.arange(-4, 5) * 0.06  # radii by which a pupil may be off
_WIDE = np.arange(-8, 9) * 0.1  # and along an eye whose iris no network has found
_SIZES = np.arange(-3, 5) * 0.05 + 1
_TRUST = 0.35  # of the contrast: what the farthest place must gain over the given one
_NEAR = 0.04  # of the contrast: how much less a place may gain and still count
_INSIDE = 0.05  # radii from the lids, from which a place is of the eye
_LEAST = 5  # of the angles that must be seen
_DOUBT = 8  # angles' worth of doubt, so that a short arc does not win by its steepness
_CATCHLIGHT = 0.3  # radii: half the width of the widest reflection


@dataclass(frozen=True, slots=True)
class Found:
    """Where an iris's rim was found.

    Parameters
    ----------
    centre : (x, y)
        In the frame of the iris as it was given.
    radius : float
        In its radii.
    """

    centre: tuple[float, float]
    radius: float


def find_limbus(grey: Float, lid: Float, reach: float, known: bool) -> Found:
    """Find the rim of an iris near the circle of radius 1.

    Parameters
    ----------
    grey : (n, n) float32
        Luminance of a view of the eye, whose middle is the circle's.
    lid : (n, n) float32
        How far each place lies between the lids, radii.
    reach : float
        Radii from the middle of the view to its edges.
    known : bool
        Whether the circle is about right, or only the usual place of irises.
    """
    across = _SHIFTS if known else _WIDE
    y, x, size = (one.ravel() for one in np.meshgrid(_SHIFTS, across, _SIZES, indexing="ij"))
    plain = _without_catchlights(grey, len(grey) / (2 * reach))
    angle = (np.arange(_ANGLES) + 0.5) * (2 * np.pi / _ANGLES)
    inner, outer = (
        [_read(plane, x, y, size + edge, angle, reach) for plane in (plain, lid)]
        for edge in (-_EDGE, _EDGE)
    )
    seen = (inner[1] > _INSIDE) & (outer[1] > _INSIDE)
    count = seen.sum(axis=1)
    rise = ((outer[0] - inner[0]) * seen).sum(axis=1) / (count + _DOUBT)
    rise[count < _LEAST] = -1
    away = (x / across[-1]) ** 2 + (y / _SHIFTS[-1]) ** 2 + ((size - 1) / (_SIZES[-1] - 1)) ** 2
    inside = lid > _INSIDE
    contrast = max(float(plain[inside].std()) if inside.any() else 0.0, 1e-6)
    score = rise - np.float32(_TRUST * contrast) * away / 3
    if rise[score.argmax()] <= 0:
        return Found((0.0, 0.0), 1.0)
    # Of places that are nearly as good the mean: it moves little with noise and the picture's size.
    near = np.exp((score - score.max()) / np.float32(_NEAR * contrast))
    x, y, size = (float((near * one).sum() / near.sum()) for one in (x, y, size))
    return Found((x, y), size)


def _without_catchlights(grey: Float, radius: float) -> Float:
    """A view of an iris of so many pixels without small bright spots, and a little softer.

    A grey-scale opening (Serra 1982).
    """
    spot = disk(max(1, round(_CATCHLIGHT * radius)))
    opened = cv2.morphologyEx(grey, cv2.MORPH_OPEN, spot)
    out: Float = cv2.GaussianBlur(opened, (0, 0), 0.06 * radius)
    return out


def _read(plane: Float, x: Float, y: Float, radius: Float, angle: Float, reach: float) -> Float:
    """A view on circles ``(k,)`` at angles ``(a,)``: ``(k, a)``."""
    scale, middle = len(plane) / (2 * reach), (len(plane) - 1) / 2
    across = (x[:, None] + radius[:, None] * np.cos(angle)) * scale + middle
    down = (y[:, None] + radius[:, None] * np.sin(angle)) * scale + middle
    out: Float = cv2.remap(
        plane,
        across.astype(np.float32),
        down.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return out
