"""Photographs with 68 landmarks, and mostly a pose: AFLW2000-3D, 300W-LP, or our own.

The measures are those of the field: Zhu et al., "Face Alignment Across Large Poses", CVPR 2016,
section 6, of all faces; and for the angles Ruiz et al., "Fine-Grained Head Pose Estimation Without
Keypoints", CVPR Workshops 2018, which leaves out faces with an angle beyond 99 degrees.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facelab.benchmark.evaluation import LabelledPicture
from facelab.benchmark.label_files import SUFFIXES, Labels, read_labels, rotation_of
from facelab.benchmark.measures import (
    Errors,
    angle_errors,
    bin_of,
    landmark_errors,
    pose_errors,
)
from facelab.benchmark.offsets import without_offsets
from facelab.benchmark.outcomes import MethodOutcome
from facelab.errors import UsageError
from facelab.geometry import pose
from facelab.images import FolderContents, find_photographs, read
from facelab.types import Box, PositionMap

BEYOND = 99.0  # degrees: with a larger angle, a face has no errors of its pose
OFFSETS = ", constant offsets"
"""What the names of landmark errors end in that `without_offsets` leaves."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelledPhotograph:
    """A photograph and its labels.

    Parameters
    ----------
    photograph, labels : Path
    name : str
        Of the photograph, below the folder that was searched.
    """

    photograph: Path
    labels: Path
    name: str


def find(folder: Path) -> tuple[list[LabelledPhotograph], str]:
    """The photographs of a folder, and of those below it, with a file of labels of their name.

    And what else is in them, as `facelab.images.FolderContents` says it.

    Raises
    ------
    UsageError
        If it is no folder, or has none.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; give the folder of the labelled photographs")
    there = find_photographs(folder, recursive=True)
    found = [pair for path in there.photographs if (pair := _labelled(path, folder))]
    kinds = ", ".join(SUFFIXES)
    if not found:
        raise UsageError(
            f"{folder}: no photograph has a file of its name beside it that ends in {kinds}; give "
            "AFLW2000-3D, or what facelab augment --format 300wlp writes"
        )
    used = Counter(labels.suffix for labels in {pair.labels for pair in found})
    others = Counter(there.others) - used
    others["photograph without labels"] = len(there.photographs) - len(found)
    return found, FolderContents((), +others).summary


def _labelled(photograph: Path, folder: Path) -> LabelledPhotograph | None:
    name = photograph.relative_to(folder).as_posix()
    files = (photograph.with_suffix(suffix) for suffix in SUFFIXES)
    labels = next((file for file in files if file.is_file()), None)
    return None if labels is None else LabelledPhotograph(photograph, labels, name)


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
        name=pair.name,
        image=read(pair.photograph).srgb,
        box=Box.around(labels.landmarks),
        measure=partial(errors_of, truth=labels),
        labels={"yaw": bin_of(labels.yaw)},
        landmarks=labels.landmarks,
    )


def errors_of(found: PositionMap, truth: Labels) -> Errors:
    """`landmark_errors`, and `turn_errors` unless an angle of the truth is beyond `BEYOND`."""
    errors = landmark_errors(found.landmarks, truth.landmarks)
    if truth.angles is None or max(map(abs, truth.angles)) > BEYOND:
        return errors
    return errors | turn_errors(found, rotation_of(*truth.angles))


def turn_errors(found: PositionMap, truth: Array) -> Errors:
    """`pose_errors` of the angles of 300W-LP, and two more.

    ``pose MAE`` is the mean of the errors of yaw, pitch and roll. ``pitch offset`` is the error of
    the pitch with its sign, above 0 where the face that was found looks further up. Its mean over
    many faces says how differently two models define level.

    Parameters
    ----------
    found : PositionMap
    truth : (3, 3) float64
        As of `facelab.types.Pose`.
    """
    # Of the transposed rotation our angles are those of 300W-LP, see `rotation_of`.
    own, wanted = pose.estimate(found).rotation.astype(np.float64).T, truth.T
    off = angle_errors(own, wanted)
    mean = sum(map(abs, off)) / len(off)
    return {**pose_errors(own, wanted), "pose MAE": mean, "pitch offset": off[1]}


def with_offsets(rows: Sequence[MethodOutcome]) -> list[MethodOutcome]:
    """The outcomes, with the errors in the picture once more for constant offsets (`OFFSETS`).

    Offsets are those of a method and a way of finding faces. Of a single face there are none.
    """
    out, groups = list(rows), dict[tuple[str, str], list[int]]()
    for place, row in enumerate(rows):
        if row.face is not None:
            groups.setdefault((row.method, row.labels["way"]), []).append(place)
    for places in (each for each in groups.values() if len(each) > 1):
        faces = [face for place in places if (face := rows[place].face)]
        found, truth, axes = (
            np.stack(each).astype(np.float64)
            for each in zip(
                *((face.found[:, :2], face.truth[:, :2], face.axes) for face in faces), strict=True
            )
        )
        moved = without_offsets(found, truth, axes).astype(np.float32)
        for place, face, points in zip(places, faces, moved, strict=True):
            errors = landmark_errors(points, face.truth[:, :2])
            more = {f"{name}{OFFSETS}": error for name, error in errors.items()}
            out[place] = replace(rows[place], errors={**(rows[place].errors or {}), **more})
    return out
