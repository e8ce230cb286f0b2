"""Labels of people: where each face in a sample is, what of it shows, and its eyes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.augment.classes import CLASSES, COVERED
from facelab.augment.ground_truth import Eyes, Other
from facelab.augment.sample import Sample
from facelab.constants import ARKIT
from facelab.export.report import describe_pose
from facelab.export.subject import Subject
from facelab.numerics.arrays import Bool, Float
from facelab.types import Reconstruction

Places = tuple[NDArray[np.signedinteger[Any]], NDArray[np.signedinteger[Any]]]  # rows and columns

_DIGITS = 3  # of pixels
_LIDS = np.array([[37, 41], [38, 40], [43, 47], [44, 46]])  # of the 68: one above the other
_CORNERS = np.array([[36, 39], [42, 45]])


def faces_of(sample: Sample, subject: Subject) -> list[dict[str, Any]]:
    """The labels of every face, see `face_of`, that of the sample first."""
    own = face_of(subject, sample.occlusion)
    return [own, *(_other(sample, other) for other in sample.truth.others)]


def _other(sample: Sample, other: Other) -> dict[str, Any]:
    subject = Subject(sample.image, Reconstruction(other.positions, 1.0))
    return face_of(subject, other.hidden.astype(np.float32))


def face_of(subject: Subject, cover: Float) -> dict[str, Any]:
    """The labels of a face.

    Parameters
    ----------
    subject : Subject
    cover : (H, W) float32
        How far something in front of the face hides it, [0, 1].

    Returns
    -------
    dict
        ``box``, ``landmarks68``, ``visible68``, ``covered68``, ``pose``, as
        `facelab.augment.labels.describe` has them.
    """
    box = subject.positions.box
    return {
        "box": rounded(np.array([box.x0, box.y0, box.x1, box.y1])),
        "landmarks68": rounded(subject.landmarks),
        "visible68": subject.visible_landmarks.tolist(),
        "covered68": covered(subject.landmarks, cover).tolist(),
        "pose": describe_pose(subject.pose),
    }


def covered(points: Float, cover: Float) -> Bool:
    """Which points something in front of the face hides, or lie outside of the image, ``(n,)``.

    Parameters
    ----------
    points : (n, 2 or more) float32
    cover : (H, W) float32
        As of `Sample`.
    """
    inside, (row, column) = places_of(points, cover.shape)
    out: Bool = ~inside | (cover[row, column] > COVERED)
    return out


def places_of(points: Float, shape: tuple[int, ...]) -> tuple[Bool, Places]:
    """Which points are within an image of a shape, and the rows and columns nearest to each."""
    height, width = shape[:2]
    column, row = np.rint(points[:, :2]).astype(np.intp).T
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return inside, (row.clip(0, height - 1), column.clip(0, width - 1))


def openness(landmarks: Float) -> Float:
    """How far the eyes are open: the distance of the lids over the width of the eye.

    The eye aspect ratio of Soukupova and Cech, "Real-Time Eye Blink Detection using Facial
    Landmarks", CVWW 2016, of points in space, so that turned heads have the same.

    Parameters
    ----------
    landmarks : (68, 3) float32

    Returns
    -------
    (2,) float32
        Of the right eye and the left one; about 0.3 for open eyes, near 0 for closed ones.
    """
    lids, widths = (
        np.linalg.norm(np.subtract(*landmarks[pairs.T]), axis=1) for pairs in (_LIDS, _CORNERS)
    )
    out: Float = lids.reshape(2, 2).mean(axis=1) / np.maximum(widths, 1e-6)
    return out


def eyes_of(eyes: Eyes | None, classes: NDArray[np.uint8]) -> dict[str, Any]:
    """The labels of eyes whose place is known; None for each, where it is not.

    Returns
    -------
    dict
        ``irises`` and ``gaze`` as `facelab.augment.labels.describe` has them;
        ``visible_irises``, whether the picture shows each of the points, told by its `classes`.
    """
    if eyes is None:
        return {"irises": None, "visible_irises": None, "gaze": None}
    inside, place = places_of(eyes.irises.reshape(-1, 3), classes.shape)
    own = np.repeat([CLASSES["right eye"], CLASSES["left eye"]], eyes.irises.shape[1])
    visible = (inside & (classes[place] == own)).reshape(eyes.irises.shape[:2])
    x, y, z = eyes.gaze.T.astype(np.float64)
    angles = np.rad2deg([np.arctan2(x, z), np.arctan2(-y, np.hypot(x, z))])
    return {
        "irises": rounded(eyes.irises),
        "visible_irises": visible.tolist(),
        "gaze": {
            "vectors": rounded(eyes.gaze, 5),
            **dict(zip(("yaw", "pitch"), rounded(angles), strict=True)),
        },
    }


def expression_of(given: Mapping[str, float] | None) -> dict[str, float] | None:
    """The coefficient of each of `ARKIT`, in its order; None where they are not known."""
    if given is None:
        return None
    return {name: round(float(given.get(name, 0)), 4) for name in ARKIT}


def rounded(values: NDArray[np.floating[Any]], digits: int = _DIGITS) -> list[Any]:
    """An array as lists of numbers with so many digits after the point."""
    out: list[Any] = np.round(values.astype(np.float64), digits).tolist()
    return out
