"""Labels of photographs: 68 landmarks, and the pose where they have one.

``.mat`` of AFLW2000-3D, of 300W-LP or of facelab; or landmarks alone, as `read_landmarks` reads
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facelab.atlas import canonical
from facelab.benchmark.measures import size_of
from facelab.errors import UsageError
from facelab.files import MEGABYTE, read_bytes, why
from facelab.files.matlab import read_mat
from facelab.geometry import pose
from facelab.geometry.landmarks import read_landmarks
from facelab.numerics.algebra import product, solve
from facelab.numerics.arrays import Float
from facelab.types import PositionMap

SUFFIXES = (".mat", ".npy", ".pts", ".txt")
"""Of files of labels; a photograph with several has its labels in the first of these."""

_LANDMARKS, _FLAT, _POSE = "pt3d_68", "pt2d", "Pose_Para"

_LARGEST_FILE = 4 * MEGABYTE  # one of AFLW2000-3D has a few thousand bytes
_LARGEST = 1e18  # beyond it there are no pixels, and areas would not be finite

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The content of a file of labels.

    Parameters
    ----------
    landmarks : (68, 3) or (68, 2) float32
        Pixels of the photograph, centres counted from 0; depth, if any, the nearer the larger.
    angles : (yaw, pitch, roll), optional
        Degrees in [-180, 180), as the file states them: a yaw may be beyond 90. Positive yaw turns
        the nose to image left, positive pitch lifts it, positive roll turns the head clockwise as
        seen. None if it states no pose.
    """

    landmarks: Float
    angles: tuple[float, float, float] | None

    @property
    def yaw(self) -> float:
        """The stated yaw, or one told from the landmarks."""
        return yaw_of(self.landmarks) if self.angles is None else self.angles[0]


def read_labels(file: Path, first: int) -> Labels:
    """The labels in a file with one of `SUFFIXES`.

    Parameters
    ----------
    file : Path
    first : int
        What the labels call the first pixel.

    Raises
    ------
    UsageError
        If it cannot be read or does not have what is needed.
    """
    points, angles = _matlab(file) if file.suffix == ".mat" else (read_landmarks(file), None)
    if len(points) != 68:
        raise UsageError(f"{file}: {len(points)} landmarks; 68 are needed")
    points = points - np.array([first, first, 0])[: points.shape[1]]
    landmarks = points.astype(np.float32)
    try:
        size_of(landmarks)
    except ValueError as error:
        raise UsageError(f"{file}: {error}; correct or remove the file") from None
    return Labels(landmarks, angles)


def rotation_of(yaw: float, pitch: float, roll: float) -> Array:
    """Angles of 300W-LP in degrees as a rotation of ours, ``(3, 3)``.

    What `facelab.augment.formats.w300lp.pose_parameters` writes, read: 300W-LP's
    ``R = Rx(pitch) Ry(yaw) Rz(roll)`` of transposed elementary matrices is the transpose of our
    ``Rz(roll) Ry(yaw) Rx(pitch)`` with the same angles.
    """
    return pose.matrix(yaw, pitch, roll).T


def yaw_of(landmarks: Float) -> float:
    """The yaw of a head whose 68 landmarks lie so in the picture, degrees as of 300W-LP.

    That of the scaled orthographic camera nearest to the affine one that takes the canonical
    face's landmarks to these with the least squared error.

    Parameters
    ----------
    landmarks : (68, 2 or 3) float32
        Pixels.
    """
    atlas = canonical()
    model = PositionMap(atlas.canonical_positions, atlas).landmarks.astype(np.float64)
    model -= model.mean(axis=0)
    away = (landmarks[:, :2] - landmarks[:, :2].mean(axis=0)).astype(np.float64) * [1, -1]
    square = product(model.T, model)
    affine = np.stack([solve(square, column) for column in product(model.T, away).T])
    left, _, right = np.linalg.svd(affine, full_matrices=False)
    across, up = left @ right
    return -pose.angles(np.stack([across, up, np.cross(across, up)]))[0]


def _matlab(file: Path) -> tuple[Array, tuple[float, float, float] | None]:
    """Landmarks ``(n, 2 or 3)`` and the angles, if there are any."""
    arrays = _arrays(file)
    name = _LANDMARKS if _LANDMARKS in arrays else _FLAT
    landmarks = _array(file, arrays, name)
    if landmarks.shape != (3 if name == _LANDMARKS else 2, 68):
        raise UsageError(
            f"{file}: {name} of {landmarks.shape}; (3, 68), or of {_FLAT} (2, 68), is needed"
        )
    if _POSE not in arrays:
        return landmarks.T, None
    parameters = _array(file, arrays, _POSE).ravel()
    if len(parameters) < 3:
        raise UsageError(f"{file}: {_POSE} of {parameters.shape}; 3 numbers or more are needed")
    pitch, yaw, roll = ((np.rad2deg(parameters[:3]) + 180) % 360 - 180).tolist()
    return landmarks.T, (yaw, pitch, roll)


def _arrays(file: Path) -> dict[str, NDArray[np.generic]]:
    try:
        return read_mat(read_bytes(file, _LARGEST_FILE), (_LANDMARKS, _FLAT, _POSE))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({why(error)}); replace or remove it") from None
    except ValueError as error:
        raise UsageError(f"{file}: {error}; replace or remove it") from None


def _array(file: Path, arrays: dict[str, NDArray[np.generic]], name: str) -> Array:
    """A named array of finite numbers, also as float32."""
    try:
        with np.errstate(invalid="ignore"):  # of what is no number
            values = np.asarray(arrays[name], np.float64)
    except KeyError:
        raise UsageError(
            f"{file}: no {_LANDMARKS} in it; give labels of AFLW2000-3D, or those that facelab "
            "augment --format 300wlp writes"
        ) from None
    if not (np.abs(values) <= _LARGEST).all():
        raise UsageError(f"{file}: {name} is not finite; replace the file")
    return values
