"""The label record of a sample: what is known of its face, as JSON has it.

Convention
----------
Pixels of the sample's image, x right, y down, pixel centres at integers; depth in the same unit,
the nearer the larger. The subject's right is at small x in a face seen from the front. Labels are
exact with respect to the geometry that was rendered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.augment import record_checks
from facelab.augment.classes import CLASSES, COVERED, IN_FRONT
from facelab.augment.maps import segmentation
from facelab.augment.people import expression_of, eyes_of, faces_of, openness, rounded
from facelab.augment.sample import Sample
from facelab.export.report import describe_shape
from facelab.export.subject import Subject
from facelab.files import parse_json
from facelab.geometry.landmarks import points468
from facelab.numerics.algebra import product
from facelab.types import PositionMap, Reconstruction

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

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709, of encoded values


def subject_of(sample: Sample) -> Subject:
    """The sample's face, as exports take it; those of one render share what is worked out of it.

    Its image is for its size alone.
    """
    return _subject(sample.positions, sample.image.shape[:2])


@lru_cache(maxsize=1)
def _subject(positions: PositionMap, shape: tuple[int, int]) -> Subject:
    return Subject(np.zeros((*shape, 3), np.float32), Reconstruction(positions, 1.0))


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
        outside of the image. ``faces`` has these of everybody, the face of the sample first.
        ``irises``, ``visible_irises``, ``gaze`` and ``expression`` are None where they are not
        known, as in photographs. ``shape`` is fitted to the face's own geometry. ``classes`` and
        ``covered_by`` are shares of the image and of the face that each class has. ``brightness``
        is the mean luma of the face's pixels that show it, [0, 1], or None where none does.
        ``identities`` are of all people, the photograph's first.
    """
    height, width = sample.image.shape[:2]
    classes, faces = segmentation(sample, subject), faces_of(sample, subject)
    return {
        **files,
        "index": sample.index,
        "variant": sample.variant,
        "split": sample.split,
        "seed": seed,
        "width": width,
        "height": height,
        "identities": identities(sample),
        **faces[0],
        "points468": rounded(points468(sample.positions)),
        "faces": faces,
        **eyes_of(sample.truth.eyes, classes),
        "eyelids": {"openness": rounded(openness(subject.landmarks))},
        "expression": expression_of(sample.truth.expression),
        "shape": describe_shape(subject.shape),
        "classes": _shares(classes, CLASSES),
        "covered_by": _covered_by(classes, subject),
        "brightness": _brightness(sample, subject),
        "redrawn": [asdict(redraw) for redraw in sample.redrawn],
        "steps": [{name: dict(values)} for name, values in sample.steps],
        "sources": [asdict(source) for source in sample.sources],
    }


def identities(sample: Sample) -> list[str]:
    """Everybody who is in a sample, once, the person of the photograph first."""
    return list(dict.fromkeys(source.identity for source in sample.sources if source.identity))


def encode(record: Record) -> bytes:
    """A record as one line of JSON, UTF-8."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return (text + "\n").encode()


def decode(data: bytes) -> Record:
    """The record of `encode`; ``ValueError`` if it is none, or damaged."""
    record: Record = parse_json(data, record_checks.SHAPE)
    record_checks.check(record)
    return record


def _shares(classes: NDArray[np.uint8], names: Iterable[str]) -> dict[str, float]:
    """The share of pixels that each of some classes has, those of none left out."""
    counts = np.bincount(classes.ravel(), minlength=256) / max(classes.size, 1)
    found = {name: round(float(counts[CLASSES[name]]), 4) for name in names}
    return {name: share for name, share in found.items() if share}


def _covered_by(classes: NDArray[np.uint8], subject: Subject) -> dict[str, float]:
    """The share of the face's pixels that each class hides of what may lie in front of it."""
    drawing = subject.drawing
    return _shares(classes[drawing.window][drawing.fragments.covered], ("hair", *IN_FRONT))


def _brightness(sample: Sample, subject: Subject) -> float | None:
    drawing = subject.drawing
    shown = drawing.fragments.covered & (sample.occlusion[drawing.window] <= COVERED)
    if not shown.any():
        return None
    return round(float(product(sample.image[drawing.window][shown], _LUMA).mean()), 4)
