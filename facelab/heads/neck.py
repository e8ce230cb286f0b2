"""A neck that bends: the body stays behind while the head turns."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from facelab.geometry import pose
from facelab.heads.family import HeadFamily
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import smoothstep

Array = NDArray[np.float64]
Angles = tuple[float, float, float]

_PIVOT = np.array([0.0, -8.0, -5.0])  # cm: the middle of the neck
_MOST = (45.0, 25.0, 20.0)  # degrees by which a neck turns comfortably: yaw, pitch, roll
_FROM, _TO = 8.6, 18.0  # cm down and back from the face: there it begins, there all is body
_BACK = 0.6  # how much a cm back counts beside one down: the nape lies higher than the chin


def bent(head: Float, angles: Angles, share: float) -> Float:
    """Return a head's vertices ``(n, 3)`` with the body turned back from where the head looks.

    Parameters
    ----------
    angles : (yaw, pitch, roll)
        Of the head before the camera, degrees.
    share : float
        Of them, that the neck does rather than the body, [0, 1].
    """
    if not share:
        return head
    turned = [
        np.clip(share * angle, -most, most) for angle, most in zip(angles, _MOST, strict=True)
    ]
    body = pose.matrix(*(angle - by for angle, by in zip(angles, turned, strict=True)))
    axis, angle = _axis(pose.matrix(*angles).T @ body)
    return _rotated(head, axis, angle * _share_of_body())


def _axis(rotation: Array) -> tuple[Array, float]:
    """The axis and the angle, radians, of a rotation by less than half a turn."""
    aside = np.array(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    sine = float(np.sqrt((aside**2).sum()))
    angle = float(np.arctan2(sine, np.trace(rotation) - 1))
    return aside / max(sine, 1e-12), angle


def _rotated(points: Float, axis: Array, angles: Array) -> Float:
    """Points ``(n, 3)``, each turned by its own angle about an axis through the neck."""
    away = points - _PIVOT
    cosine, sine = np.cos(angles)[:, None], np.sin(angles)[:, None]
    along = (away * axis).sum(axis=1, keepdims=True) * axis
    out = away * cosine + np.cross(axis, away) * sine + along * (1 - cosine) + _PIVOT
    return np.asarray(out, np.float32)


@cache
def _share_of_body() -> Array:
    """How far each vertex goes with the body, ``(n,)``."""
    _, y, z = HeadFamily.load().base.T
    return smoothstep(-y - np.float32(_BACK) * z, _FROM, _TO).astype(np.float64)
