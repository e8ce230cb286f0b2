"""Whether a label record that was read back is one, so that all that is made of it can be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from facelab.augment.classes import CLASSES
from facelab.augment.plan import SPLITS
from facelab.constants import ARKIT
from facelab.files import Shape

_FARTHEST = 1e6  # px: what lies beyond is in no image
_STRONGEST = 2  # coefficient of an expression: a recipe may overdo one
_NUMBER = (int, float)
_MAYBE_MAP = (dict, type(None))

_FACE: dict[str, Shape] = {
    "box": [_NUMBER],
    "landmarks68": [[_NUMBER]],
    "visible68": [bool],
    "covered68": [bool],
    "pose": {"yaw": _NUMBER, "pitch": _NUMBER, "roll": _NUMBER, "rotation": [[_NUMBER]]},
}

SHAPE: Shape = {
    "image": str,
    "index": int,
    "split": str,
    "width": int,
    "height": int,
    "identities": [str],
    **_FACE,
    "faces": [_FACE],
    "eyelids": {"openness": [_NUMBER]},
    "irises": (list, type(None)),
    "visible_irises": (list, type(None)),
    "gaze": _MAYBE_MAP,
    "expression": _MAYBE_MAP,
    "shape": {"identity": [_NUMBER], "expression": [_NUMBER]},
    "classes": dict,
    "covered_by": dict,
    "brightness": (int, float, type(None)),
    "redrawn": [{"reason": str, "value": (int, float, type(None)), "step": str}],
    "steps": [dict],
    "sources": [{"role": str, "sha256": str}],
}
"""Of a record, as `facelab.files.parse_json` asks for it."""


def check(record: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` if a record of that shape holds what no sample has."""
    for face in (record, *record["faces"]):
        _check_face(face)
    if not record["faces"]:
        raise ValueError("it has no face")
    if not (1 <= record["width"] <= _FARTHEST and 1 <= record["height"] <= _FARTHEST):
        raise ValueError("an image of no size")
    _check_eyes(record)
    if record["expression"] is not None:
        _check_shares(record["expression"], ARKIT, _STRONGEST)
    for values in record["shape"].values():
        _check_numbers(values, (len(values),), _FARTHEST)
    for name in ("classes", "covered_by"):
        _check_shares(record[name], CLASSES)
    if not all(isinstance(values, dict) for step in record["steps"] for values in step.values()):
        raise ValueError("a step has no keys")
    if record["split"] not in SPLITS or not record["sources"]:
        raise ValueError("its split or sources are none of ours")
    if PurePosixPath(record["image"]).is_absolute() or ".." in record["image"]:
        raise ValueError("its image is elsewhere")


def _check_face(face: Mapping[str, Any]) -> None:
    _check_numbers(face["landmarks68"], (68, 3), _FARTHEST)
    _check_numbers(face["box"], (4,), _FARTHEST)
    if any(len(face[name]) != 68 for name in ("visible68", "covered68")):
        raise ValueError("a list is of another length")
    _check_numbers(face["pose"]["rotation"], (3, 3), 2)
    _check_numbers([face["pose"][name] for name in ("yaw", "pitch", "roll")], (3,), 360)


def _check_eyes(record: Mapping[str, Any]) -> None:
    _check_numbers(record["eyelids"]["openness"], (2,), _FARTHEST)
    names = ("irises", "visible_irises", "gaze")
    irises, visible, gaze = (record[name] for name in names)
    if irises is visible is gaze is None:
        return
    if irises is None or visible is None or gaze is None:
        raise ValueError(f"of {', '.join(names)} some are missing")
    _check_numbers(irises, (2, 5, 3), _FARTHEST)
    _check_numbers(visible, (2, 5), 1)
    for name, shape, most in (("vectors", (2, 3), 1.001), ("yaw", (2,), 360), ("pitch", (2,), 360)):
        _check_numbers(gaze.get(name), shape, most)


def _check_shares(
    shares: Mapping[str, Any], names: Mapping[str, int] | tuple[str, ...], most: float = 1
) -> None:
    """Check numbers from 0 to `most` by name."""
    if not shares.keys() <= set(names):
        raise ValueError("a name is none of ours")
    values = list(shares.values())
    _check_numbers(values, (len(values),), most)
    if any(value < 0 for value in values):
        raise ValueError("a share is below 0")


def _check_numbers(values: object, shape: tuple[int, ...], most: float) -> None:
    """Check nested lists of numbers up to a size; a truth value is one, too."""
    try:
        array = np.array(values)
    except ValueError:  # lists of several lengths
        raise ValueError("a list is of another length") from None
    if array.shape != shape or (array.size and array.dtype.kind not in "bfiu"):
        raise ValueError("a list is of another length, or not of numbers")
    if not (np.abs(array.astype(np.float64)) <= most).all():
        raise ValueError("a number is too large")
