"""The JSON report of the faces in a photograph."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facelab.export import Entry
from facelab.export.subject import Subject
from facelab.geometry.eyes import SeenEyes
from facelab.geometry.identity import Shape
from facelab.images import Image
from facelab.numerics.arrays import Bool
from facelab.provenance import file_sha256
from facelab.types import Pose


def describe_image(path: Path, image: Image) -> dict[str, object]:
    """Where a photograph lies, its size as displayed, in pixels, and its hash."""
    height, width = image.shape
    return {"path": str(path), "width": width, "height": height, "sha256": file_sha256(path)}


def describe_face(subject: Subject, files: dict[str, Entry]) -> dict[str, object]:
    """A face as the JSON has it.

    Pixels of the photograph as displayed, x right, y down, pixel centres at integers, depth in the
    same unit, the nearer the larger; degrees and the rotation of `facelab.types.Pose`. Of eyes the
    right one first; None for what is hidden.
    """
    box, features = subject.found.box, subject.features
    return {
        "box": _rounded(np.array([box.x0, box.y0, box.x1, box.y1])),
        "score": round(subject.found.score, 4),
        "landmarks68": _rounded(subject.landmarks),
        "visible68": subject.visible_landmarks.tolist(),
        "pose": describe_pose(subject.pose),
        **_described_eyes(features.eyes),
        "blendshapes": {name: round(value, 4) for name, value in features.blendshapes.items()},
        "shape": describe_shape(subject.shape),
        "files": files,
    }


def describe_shape(shape: Shape) -> dict[str, object]:
    """The coefficients of a face in the basis that swaps use."""
    return {"identity": _rounded(shape.identity), "expression": _rounded(shape.expression)}


def _described_eyes(eyes: SeenEyes) -> dict[str, object]:
    """The fields of eyes, whose numbers are None where they are hidden."""
    seen = np.isfinite(eyes.gaze.vectors[:, 0])
    gaze = {
        "vectors": (eyes.gaze.vectors, 5),
        "yaw": (eyes.gaze.yaw, 3),
        "pitch": (eyes.gaze.pitch, 3),
    }
    return {
        "irises": _rounded(eyes.irises),
        "visible_irises": eyes.visible.tolist(),
        "gaze": {name: _known(values, seen, digits) for name, (values, digits) in gaze.items()},
        "openness": _known(eyes.openness, np.isfinite(eyes.openness), 4),
    }


def _known(values: NDArray[np.floating], known: Bool, digits: int) -> list[object]:
    """What is known of some values ``(n, ...)``, rounded; None for the others."""
    rows = zip(_rounded(values, digits), known, strict=True)
    return [row if is_known else None for row, is_known in rows]


def describe_pose(pose: Pose) -> dict[str, object]:
    """The fields of a pose; angles in degrees."""
    return {
        "yaw": round(pose.yaw, 3),
        "pitch": round(pose.pitch, 3),
        "roll": round(pose.roll, 3),
        "rotation": _rounded(pose.rotation, 6),
        "scale": round(pose.scale, 5),
        "translation": _rounded(pose.translation),
    }


def _rounded(values: NDArray[np.floating], digits: int = 3) -> Sequence[object]:
    out: Sequence[object] = np.round(values.astype(np.float64), digits).tolist()
    return out


def json_text(value: object, line: str = "\n") -> str:
    """JSON with a line for each key, and lists without keys in them on one line.

    Python's own encoder, which indents, takes nine times as long for a report.
    """
    if isinstance(value, Mapping) and value:
        ends = "{}"
        items = [f"{json.dumps(key)}: {json_text(of, line + ' ')}" for key, of in value.items()]
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        ends = "[]"
        items = [json_text(item, line + " ") for item in value]
    else:
        return json.dumps(value, allow_nan=False)
    return ends[0] + f"{line} " + f",{line} ".join(items) + line + ends[1]
