"""How far what was found of a face is from the truth.

Convention
----------
Lengths are in % of the size of the face: the square root of the area of the box around its 68
landmarks as they lie in the picture (Zhu et al., "Face Alignment Across Large Poses", CVPR 2016,
section 6). Depth has no origin of its own, so in three dimensions the mean depth of what is
compared is made that of the truth. Angles are in degrees.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from facelab.geometry import pose
from facelab.numerics.arrays import Float
from facelab.types import Box, PositionMap, Reconstruction

Errors = dict[str, float]  # a measure's name to its value, % or degrees
Array = NDArray[np.float64]

SAME_FACE = 0.2  # overlap of two boxes over their union, below which they are of different faces
YAWS = ((0, 30), (30, 60), (60, 90))  # degrees, the upper end included; above 90 counts as the last
PARTS = {
    "jaw": slice(0, 17),
    "brows": slice(17, 27),
    "nose": slice(27, 36),
    "eyes": slice(36, 48),
    "mouth": slice(48, 68),
}
"""Which of the 68 landmarks make up each part of a face."""
LOST = 100.0
"""The error, %, of a face that was lost, where lost faces count."""
ANGLES = ("yaw", "pitch", "roll", "geodesic", "pose MAE", "pitch offset")
"""Which measures are in degrees; all others are in %."""


def errors_of(found: PositionMap, truth: PositionMap) -> Errors:
    """All measures of a face, see `landmark_errors`, `dense_errors` and `pose_errors`.

    Parameters
    ----------
    found, truth : PositionMap
        Pixels of the same picture; the truth on the canonical atlas, or both on one atlas.
    """
    wanted = truth.landmarks
    turned, true = (pose.estimate(each).rotation for each in (found, truth))
    return {
        **landmark_errors(found.landmarks, wanted),
        **dense_errors(found, truth, size_of(wanted)),
        **pose_errors(turned.astype(np.float64), true.astype(np.float64)),
    }


def landmark_errors(found: Float, truth: Float) -> Errors:
    """``landmarks 2D``, ``landmarks 3D``, and the same of each of `PARTS`: mean distances, %.

    Parameters
    ----------
    found, truth : (68, 3) float32
        Pixels, the nearer the larger. Depth is aligned over all 68, for the parts too. Of a truth
        without depth, ``(68, 2)``, there are no errors in three dimensions.

    Raises
    ------
    ValueError
        If the truth has no size.
    """
    size = size_of(truth)
    off = {axes: distances(found, truth, size, axes) for axes in range(2, truth.shape[1] + 1)}
    groups = {"landmarks": slice(None), **PARTS}
    return {
        f"{name} {axes}D": float(away[rows].mean())
        for name, rows in groups.items()
        for axes, away in off.items()
    }


def dense_errors(found: PositionMap, truth: PositionMap, size: float) -> Errors:
    """``dense 2D`` and ``dense 3D``: mean distances over the texels of the face, %.

    Parameters
    ----------
    found, truth : PositionMap
        As of `errors_of`.
    size : float
        Of the face, pixels.
    """
    own, wanted = _corresponding(found, truth)
    return {f"dense {axes}D": float(distances(own, wanted, size, axes).mean()) for axes in (2, 3)}


def pose_errors(found: Array, truth: Array) -> Errors:
    """``yaw``, ``pitch``, ``roll``: how far each angle is off; ``geodesic``: of the turn between.

    Near a yaw of 90 pitch and roll are one angle, and only ``geodesic`` means something.

    Parameters
    ----------
    found, truth : (3, 3) float64
        Rotations as of `facelab.types.Pose`.
    """
    yaw, pitch, roll = map(abs, angle_errors(found, truth))
    between = found.T @ truth
    axis = np.array([between[i, j] - between[j, i] for i, j in ((2, 1), (0, 2), (1, 0))])
    turn = np.rad2deg(np.arctan2(np.linalg.norm(axis), np.trace(between) - 1))
    return {"yaw": float(yaw), "pitch": float(pitch), "roll": float(roll), "geodesic": float(turn)}


def angle_errors(found: Array, truth: Array) -> tuple[float, float, float]:
    """Errors of yaw, pitch and roll, degrees with their signs.

    Every rotation has two sets of angles, one with a yaw beyond 90. Of those of `found` the set
    counts that is nearer to the truth's: a yaw of 92 found for one of 88 is off by 4, and its pitch
    and roll are not off by 180.

    Parameters
    ----------
    found, truth : (3, 3) float64
        Rotations.
    """
    yaw, pitch, roll = pose.angles(found)
    both = np.array([[yaw, pitch, roll], [180 - yaw, pitch + 180, roll + 180]])
    off = (both - pose.angles(truth) + 180) % 360 - 180
    nearest = off[np.abs(off).sum(axis=1).argmin()]
    return float(nearest[0]), float(nearest[1]), float(nearest[2])


def size_of(landmarks: Float) -> float:
    """The square root of the area of the box around landmarks ``(68, 2 or 3)``, pixels.

    Raises
    ------
    ValueError
        If it has none.
    """
    box = Box.around(landmarks)
    size = float(np.sqrt(box.width * box.height))
    if not size > 0:
        raise ValueError("all landmarks lie on one line of the picture")
    return size


def distances(found: Float, truth: Float, size: float, axes: int) -> Array:
    """How far points are from where they should be, ``(n,)`` in % of `size`.

    Parameters
    ----------
    found, truth : (n, axes or more) float32
        Pixels, the nearer the larger.
    size : float
        Pixels.
    axes : int
        2 for the distance in the picture; 3 for that in space, once the mean depths are the same.
    """
    off = (found[:, :axes] - truth[:, :axes]).astype(np.float64)
    off[:, 2:] -= off[:, 2:].mean(axis=0)
    away: Array = np.linalg.norm(off, axis=1) * (100 / size)
    return away


def bin_of(yaw: float) -> str:
    """Which of `bin_names` an angle in degrees belongs to, whatever its sign."""
    last = bin_names()[-1]
    return next((f"{low}-{high}" for low, high in YAWS if abs(yaw) <= high), last)


def bin_names() -> list[str]:
    """The names of `YAWS`: ``0-30``, ``30-60``, ``60-90``."""
    return [f"{low}-{high}" for low, high in YAWS]


def same_face(faces: Sequence[Reconstruction], box: Box) -> PositionMap | None:
    """The face whose own box overlaps `box` most; None if none does by `SAME_FACE`."""
    face = max(faces, key=lambda face: face.box.overlap(box), default=None)
    return face.positions if face and face.box.overlap(box) >= SAME_FACE else None


def _corresponding(found: PositionMap, truth: PositionMap) -> tuple[Float, Float]:
    """Where both have the places of a face, ``(n, 3)`` each: those of the texels of `found`."""
    atlas = found.atlas
    if atlas.name == truth.atlas.name:
        return found.values[atlas.face], truth.values[atlas.face]
    if atlas.chart is None or truth.atlas.chart is not None:
        raise ValueError(f"{atlas.name} cannot be compared with a truth on {truth.atlas.name}")
    places = atlas.chart[atlas.face]
    column, row = np.rint(places).astype(int).clip(0, atlas.size - 1).T
    shared = truth.atlas.face[row, column]
    return found.values[atlas.face][shared], truth.atlas.read(truth.values, places[shared])
