"""The label record of a sample: what is known of its face, as JSON has it.

Convention
----------
Pixels of the sample's image, x right, y down, pixel centres at integers; depth in the same unit,
the nearer the larger. The subject's right is at small x in a face seen from the front. Labels are
exact with respect to the geometry that was rendered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.augment.classes import COVERED
from facelab.augment.plan import SPLITS
from facelab.augment.sample import Sample
from facelab.export.report import describe_pose
from facelab.export.subject import Subject
from facelab.files import Shape, parse_json
from facelab.geometry.landmarks import points468
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Bool, Float
from facelab.types import Reconstruction

Record = dict[str, Any]  # as JSON has it

LANDMARKS = (
    *(f"jaw {k}" for k in range(1, 18)),
    *(f"{side} brow {k}" for side in ("right", "left") for k in range(1, 6)),
    *(f"nose bridge {k}" for k in range(1, 5)),
    *(f"nose base {k}" for k in range(1, 6)),
    *(f"{side} eye {k}" for side in ("right", "left") for k in range(1, 7)),
    *(f"outer lip {k}" for k in range(1, 13)),
    *(f"inner lip {k}" for k in range(1, 9)),
)
"""The 68 landmarks of iBUG 300-W, in its order; right and left are the subject's."""

_DIGITS = 3  # of pixels
_FARTHEST = 1e6  # px: what lies beyond is in no image
_NUMBER = (int, float)
_RECORD: Shape = {
    "image": str,
    "index": int,
    "split": str,
    "width": int,
    "height": int,
    "identities": [str],
    "box": [_NUMBER],
    "landmarks68": [[_NUMBER]],
    "visible68": [bool],
    "covered68": [bool],
    "pose": {"yaw": _NUMBER, "pitch": _NUMBER, "roll": _NUMBER, "rotation": [[_NUMBER]]},
    "brightness": (int, float, type(None)),
    "steps": [dict],
    "sources": [{"sha256": str}],
}
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709, of encoded values


def subject_of(sample: Sample) -> Subject:
    """The sample's face with its image, as exports take it."""
    return Subject(sample.image, Reconstruction(sample.positions, 1.0))


def describe(sample: Sample, subject: Subject, seed: int, files: Mapping[str, object]) -> Record:
    """The label record of a sample.

    Parameters
    ----------
    sample : Sample
    subject : Subject
        Its `subject_of`.
    seed : int
        Of the data set.
    files : mapping
        What else the record holds, before all: ``image`` and ``maps``.

    Returns
    -------
    dict
        ``box`` is that of the whole face and may reach beyond the image. ``visible68`` says what
        the face itself does not hide; ``covered68`` what something in front of it does, or lies
        outside of the image. ``brightness`` is the mean luma of the face's pixels that show it,
        [0, 1], or None where none does. ``identities`` are of all people, the photograph's first.
    """
    height, width = sample.image.shape[:2]
    box = sample.positions.box
    return {
        **files,
        "index": sample.index,
        "variant": sample.variant,
        "split": sample.split,
        "seed": seed,
        "width": width,
        "height": height,
        "identities": identities(sample),
        "box": _rounded(np.array([box.x0, box.y0, box.x1, box.y1])),
        "landmarks68": _rounded(subject.landmarks),
        "visible68": subject.visible_landmarks.tolist(),
        "covered68": covered(subject.landmarks, sample.occlusion).tolist(),
        "points468": _rounded(points468(sample.positions)),
        "pose": describe_pose(subject.pose),
        "brightness": _brightness(sample, subject),
        "steps": [{name: dict(values)} for name, values in sample.steps],
        "sources": [asdict(source) for source in sample.sources],
    }


def identities(sample: Sample) -> list[str]:
    """Everybody who is in a sample, once, the person of the photograph first."""
    return list(dict.fromkeys(source.identity for source in sample.sources if source.identity))


def covered(points: Float, cover: Float) -> Bool:
    """Which points something in front of the face hides, or lie outside of the image, ``(n,)``.

    Parameters
    ----------
    points : (n, 2 or more) float32
    cover : (H, W) float32
        As of `Sample`.
    """
    column, row = np.rint(points[:, :2]).astype(int).T
    height, width = cover.shape
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    hidden = cover[row.clip(0, height - 1), column.clip(0, width - 1)] > COVERED
    out: Bool = ~inside | hidden
    return out


def encode(record: Record) -> bytes:
    """A record as one line of JSON, UTF-8."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return (text + "\n").encode()


def decode(data: bytes) -> Record:
    """The record of `encode`; ``ValueError`` if it is none, or damaged."""
    record: Record = parse_json(data, _RECORD)
    places = np.array(record["landmarks68"], np.float64)
    lengths = {"box": 4, "visible68": 68, "covered68": 68}
    if places.shape != (68, 3) or any(len(record[name]) != lengths[name] for name in lengths):
        raise ValueError("a list is of another length")
    if np.array(record["pose"]["rotation"]).shape != (3, 3):
        raise ValueError("the rotation is of another shape")
    if not (np.abs(np.append(places, record["box"])) <= _FARTHEST).all():
        raise ValueError("a place is in no image")
    if not (1 <= record["width"] <= _FARTHEST and 1 <= record["height"] <= _FARTHEST):
        raise ValueError("an image of no size")
    if any(abs(record["pose"][name]) > 360 for name in ("yaw", "pitch", "roll")):
        raise ValueError("an angle is beyond 360 degrees")
    if not all(isinstance(values, dict) for step in record["steps"] for values in step.values()):
        raise ValueError("a step has no keys")
    if record["split"] not in SPLITS or not record["sources"]:
        raise ValueError("its split or sources are none of ours")
    if PurePosixPath(record["image"]).is_absolute() or ".." in record["image"]:
        raise ValueError("its image is elsewhere")
    return record


def _brightness(sample: Sample, subject: Subject) -> float | None:
    drawing = subject.drawing
    shown = drawing.fragments.covered & (sample.occlusion[drawing.window] <= COVERED)
    if not shown.any():
        return None
    return round(float(product(sample.image[drawing.window][shown], _LUMA).mean()), 4)


def _rounded(values: NDArray[np.floating]) -> list[Any]:
    out: list[Any] = np.round(values.astype(np.float64), _DIGITS).tolist()
    return out
