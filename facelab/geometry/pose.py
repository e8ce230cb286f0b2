"""Pose of a head, from all vertices of its position map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from facelab.atlas import Atlas
from facelab.numerics.algebra import product
from facelab.types import Pose, PositionMap

Array = NDArray[np.float64]

_FLIP = np.array([1.0, -1.0, 1.0])  # pixels have y down, the camera frame has y up


def estimate(positions: PositionMap) -> Pose:
    """Estimate the pose of a reconstructed face.

    The similarity that takes the canonical face's texels to those of this face with the least
    squared error (Umeyama, PAMI 1991, eqs. 40-42).
    """
    rows, canonical = _canonical(positions.atlas)
    seen = positions.values.reshape(-1, 3).take(rows, axis=0) * _FLIP
    scale, rotation, translation = _onto(canonical, seen)
    yaw, pitch, roll = angles(rotation)
    return Pose(
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        rotation=rotation.astype(np.float32),
        scale=scale,
        translation=(translation * _FLIP).astype(np.float32),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """Points that are laid over others: their mean ``(3,)``, and ``(n, 3)`` from there."""

    mean: Array
    away: Array
    spread: float

    @classmethod
    def of(cls, points: Array) -> _Source:
        mean = points.mean(axis=0)
        away = points - mean
        return cls(mean, away, np.sum(away**2))


@cache
def _canonical(atlas: Atlas) -> tuple[NDArray[np.intp], _Source]:
    """The rows of the face's texels, and where the canonical face has them."""
    points = atlas.canonical_positions[atlas.face].astype(np.float64)
    return np.flatnonzero(atlas.face), _Source.of(points)


def similarity(source: Array, target: Array) -> tuple[float, Array, Array]:
    """Scale, rotation ``(3, 3)`` and translation ``(3,)`` with target ~ scale * R source + t.

    Parameters
    ----------
    source, target : (n, 3) float64
        Corresponding points, n >= 3, not all on a line.
    """
    return _onto(_Source.of(source), target)


def _onto(source: _Source, target: Array) -> tuple[float, Array, Array]:
    mean = target.mean(axis=0)
    left, stretch, right = np.linalg.svd(product((target - mean).T, source.away))
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left * sign) @ right
    scale = float((stretch * sign).sum() / source.spread)
    return scale, rotation, mean - scale * rotation @ source.mean


def matrix(yaw: float, pitch: float, roll: float) -> Array:
    """The rotation Rz(roll) Ry(yaw) Rx(pitch), ``(3, 3)`` float64; angles in degrees.

    In a frame with x right, y up, z to the viewer.
    """
    (cy, sy), (cp, sp), (cr, sr) = (
        (np.cos(angle), np.sin(angle)) for angle in np.deg2rad([yaw, pitch, roll])
    )
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    turned: Array = about_z @ about_y @ about_x
    return turned


def angles(rotation: Array) -> tuple[float, float, float]:
    """The angles (yaw, pitch, roll) in degrees of a rotation ``(3, 3)``.

    Of the two that give one rotation, those with a pitch of at most 90: a head seen from behind the
    profile has a yaw beyond 90. At yaw +-90, where only pitch -+ roll is determined, roll is 0.
    """
    sine = float(np.clip(-rotation[2, 0], -1, 1))
    yaw = float(np.rad2deg(np.arcsin(sine)))
    if abs(sine) > 1 - 1e-9:
        pitch = np.arctan2(sine * rotation[0, 1], rotation[1, 1])
        return yaw, float(np.rad2deg(pitch)), 0.0
    side = 1.0
    if rotation[2, 2] < 0:
        side, yaw = -1.0, float(np.copysign(180, sine)) - yaw
    pitch = np.arctan2(side * rotation[2, 1], side * rotation[2, 2])
    roll = np.arctan2(side * rotation[1, 0], side * rotation[0, 0])
    return yaw, float(np.rad2deg(pitch)), float(np.rad2deg(roll))
