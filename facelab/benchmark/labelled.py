"""Photographs with 68 landmarks and a pose in 300W-LP's form: AFLW2000-3D, or our own.

The measures are those of the field: Zhu et al., "Face Alignment Across Large Poses", CVPR 2016,
section 6, of all faces; and for the angles Ruiz et al., "Fine-Grained Head Pose Estimation Without
Keypoints", CVPR Workshops 2018, which leaves out faces with an angle beyond 99 degrees.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facelab.benchmark.evaluation import LabelledPicture
from facelab.benchmark.measures import (
    Errors,
    angle_errors,
    bin_of,
    landmark_errors,
    pose_errors,
    size_of,
)
from facelab.errors import UsageError
from facelab.files import MEGABYTE, read_bytes, why
from facelab.files.matlab import read_mat
from facelab.geometry import pose
from facelab.images import FolderContents, find_photographs, read
from facelab.numerics.arrays import Float
from facelab.types import Box, PositionMap

BEYOND = 99.0  # degrees: with a larger angle, a face has no errors of its pose

_LANDMARKS, _POSE = "pt3d_68", "Pose_Para"

_LARGEST_FILE = 4 * MEGABYTE  # one of AFLW2000-3D has a few thousand bytes
_LARGEST = 1e18  # beyond it there are no pixels, and areas would not be finite

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledPhotograph:
    """A photograph and its labels."""

    photograph: Path
    labels: Path


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The content of a file of labels.

    Parameters
    ----------
    landmarks : (68, 3) float32
        Pixels of the photograph, centres counted from 0; depth the nearer the larger.
    rotation : (3, 3) float64
        As of `facelab.types.Pose`.
    angles : (yaw, pitch, roll)
        Degrees in [-180, 180), as the file states them: a yaw may be beyond 90. Positive yaw turns
        the nose to image left, positive pitch lifts it, positive roll turns the head clockwise as
        seen.
    """

    landmarks: Float
    rotation: Array
    angles: tuple[float, float, float]


def find(folder: Path) -> tuple[list[LabelledPhotograph], str]:
    """The photographs of a folder, and of the folders below it, that have a ``.mat`` of their name.

    And what else is in them, as `facelab.images.FolderContents` says it.

    Raises
    ------
    UsageError
        If it is no folder, or has none.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; give the folder of the labelled photographs")
    there = find_photographs(folder, recursive=True)
    pairs = [LabelledPhotograph(path, path.with_suffix(".mat")) for path in there.photographs]
    found = [pair for pair in pairs if pair.labels.is_file()]
    if not found:
        raise UsageError(
            f"{folder}: no photograph has a .mat of its name beside it; give AFLW2000-3D, or what "
            "facelab augment --format 300wlp writes"
        )
    others = Counter(there.others) - Counter({".mat": len({pair.labels for pair in found})})
    others["photograph without a .mat"] = len(pairs) - len(found)
    return found, FolderContents((), +others).summary


def picture(pair: LabelledPhotograph, first: int) -> LabelledPicture:
    """A labelled photograph; the label ``yaw`` is the range of its yaw.

    Parameters
    ----------
    pair : LabelledPhotograph
    first : int
        What the labels call the first pixel: 0, or 1 as MATLAB does.

    Raises
    ------
    ImageError
        If the photograph cannot be read.
    UsageError
        If the labels cannot.
    """
    labels = read_labels(pair.labels, first)
    return LabelledPicture(
        name=str(pair.photograph),
        image=read(pair.photograph).srgb,
        box=Box.around(labels.landmarks),
        measure=partial(errors_of, truth=labels),
        labels={"yaw": bin_of(labels.angles[0])},
    )


def errors_of(found: PositionMap, truth: Labels) -> Errors:
    """`landmark_errors`, and `turn_errors` unless an angle of the truth is beyond `BEYOND`."""
    errors = landmark_errors(found.landmarks, truth.landmarks)
    beyond = max(map(abs, truth.angles)) > BEYOND
    return errors if beyond else errors | turn_errors(found, truth)


def turn_errors(found: PositionMap, truth: Labels) -> Errors:
    """`pose_errors` of the angles of 300W-LP, and two more.

    ``pose MAE`` is the mean of the errors of yaw, pitch and roll. ``pitch offset`` is the error of
    the pitch with its sign, above 0 where the face that was found looks further up. Its mean over
    many faces says how differently two models define level.
    """
    # Of the transposed rotation our angles are those of 300W-LP, see `rotation_of`.
    own, wanted = pose.estimate(found).rotation.astype(np.float64).T, truth.rotation.T
    off = angle_errors(own, wanted)
    mean = sum(map(abs, off)) / len(off)
    return {**pose_errors(own, wanted), "pose MAE": mean, "pitch offset": off[1]}


def read_labels(file: Path, first: int) -> Labels:
    """The labels in a ``.mat`` of AFLW2000-3D or facelab.

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
    arrays = _matlab(file)
    landmarks = _array(file, arrays, _LANDMARKS)
    parameters = _array(file, arrays, _POSE).ravel()
    if landmarks.shape != (3, 68) or len(parameters) < 3:
        shapes = f"{_LANDMARKS} of {landmarks.shape} and {_POSE} of {parameters.shape}"
        raise UsageError(f"{file}: {shapes}; (3, 68) and 3 numbers or more are needed")
    points = (landmarks.T - [first, first, 0]).astype(np.float32)
    try:
        size_of(points)
    except ValueError as error:
        raise UsageError(f"{file}: {_LANDMARKS}: {error}; correct or remove the file") from None
    pitch, yaw, roll = ((np.rad2deg(parameters[:3]) + 180) % 360 - 180).tolist()
    return Labels(points, rotation_of(yaw, pitch, roll), (yaw, pitch, roll))


def rotation_of(yaw: float, pitch: float, roll: float) -> Array:
    """Angles of 300W-LP in degrees as a rotation of ours, ``(3, 3)``.

    What `facelab.augment.formats.w300lp.pose_parameters` writes, read: 300W-LP's
    ``R = Rx(pitch) Ry(yaw) Rz(roll)`` of transposed elementary matrices is the transpose of our
    ``Rz(roll) Ry(yaw) Rx(pitch)`` with the same angles.
    """
    return pose.matrix(yaw, pitch, roll).T


def _matlab(file: Path) -> dict[str, NDArray[np.generic]]:
    try:
        return read_mat(read_bytes(file, _LARGEST_FILE), (_LANDMARKS, _POSE))
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
            f"{file}: no {name} in it; give labels of AFLW2000-3D, or those that facelab augment "
            "--format 300wlp writes"
        ) from None
    if not (np.abs(values) <= _LARGEST).all():
        raise UsageError(f"{file}: {name} is not finite; replace the file")
    return values
