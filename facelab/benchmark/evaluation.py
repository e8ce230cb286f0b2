"""Evaluation of every method on a picture whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from facelab.benchmark.measures import Errors, same_face
from facelab.benchmark.offsets import axes_of
from facelab.benchmark.outcomes import FoundFace, MethodOutcome
from facelab.numerics.arrays import Float
from facelab.reconstruct import Reconstructor
from facelab.types import Box, PositionMap

WAYS = ("detected", "boxes")
"""How a face is found: by the method itself, detector included; or at the true box, given to it."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPicture:
    """A picture, and the errors of a position map found in it.

    Parameters
    ----------
    name : str
        Unlike all others.
    image : (H, W, 3) float32
        RGB in [0, 1].
    box : Box
        Where the face is, pixels.
    measure : callable
        The errors of a position map in pixels of `image`.
    labels : mapping of str to str
        The groups that it belongs to; means are taken over these.
    landmarks : (68, 2 or 3) float32, optional
        The true ones, pixels, if the outcomes shall have both these and those that were found.
    """

    name: str
    image: Float
    box: Box
    measure: Callable[[PositionMap], Errors]
    labels: Mapping[str, str]
    landmarks: Float | None = None


def outcomes_of(
    picture: LabelledPicture, methods: Mapping[str, Reconstructor], ways: Sequence[str] = WAYS
) -> Iterator[MethodOutcome]:
    """Evaluate every method on a picture, the face found in each way."""
    for way in ways:
        for method, reconstructor in methods.items():
            yield outcome_of(picture, method, reconstructor, way)


def outcome_of(
    picture: LabelledPicture, method: str, reconstructor: Reconstructor, way: str
) -> MethodOutcome:
    """Evaluate a method on a picture."""
    found = find_face_at(picture.image, picture.box, reconstructor, way)
    errors = None if found is None else picture.measure(found)
    name, labels = f"{picture.name}, {way}", {**picture.labels, "way": way}
    face = None
    if found is not None and picture.landmarks is not None:
        face = FoundFace(found.landmarks, picture.landmarks, axes_of(found))
    return MethodOutcome(name, method, labels, errors, face)


def find_face_at(
    image: Float, box: Box, reconstructor: Reconstructor, way: str
) -> PositionMap | None:
    """The face in a box, found in one of `WAYS`; None if none is found, or only others."""
    return same_face(reconstructor(image, [box] if way == "boxes" else None), box)
