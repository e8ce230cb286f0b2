"""One swap from file to file: read, swap, write, record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from facelab.cli.plan import Job, Request
from facelab.errors import FacelabError, UsageError
from facelab.images import Image, read, write
from facelab.pipeline import Sighting, sight, swap_into
from facelab.provenance import (
    COMPOSITE_CAPTURE,
    DIGITAL_SOURCE_TYPES,
    Input,
    Record,
    describe_input,
    mark,
    record_path,
    write_record,
)
from facelab.reconstruct import Reconstructor
from facelab.types import Float, Reconstruction

SENTENCE = "The face of a person in this image was replaced with another by facelab."

# By the definitions of the IPTC vocabulary: the pixels of a swap are those of photographs, moved
# and toned, and no trained model drew any (compositeWithTrainedAlgorithmicMedia). That is a
# composite of captures, unless the user says that the people were not captured from real life.
SOURCE_TYPES = {"synthetic": DIGITAL_SOURCE_TYPES + "compositeSynthetic"}


@dataclass(frozen=True, slots=True)
class Studio:
    """What the jobs of a request share once it is loaded.

    Parameters
    ----------
    request : Request
    reconstructor : Reconstructor
    sources : sequence of Sighting
    mask : (H, W) float32 or None
        Where targets may change, [0, 1].
    inputs : tuple of Input
        The source files and the mask.
    notes : tuple of str
        What could not be kept of them, and the terms of the detector.
    """

    request: Request
    reconstructor: Reconstructor
    sources: Sequence[Sighting]
    mask: Float | None
    inputs: tuple[Input, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: ``"done"``, ``"skipped"`` because it was done before, or ``"failed"``.

    `faces` are those swapped, `seconds` are by stage; `error` is set where it failed.
    """

    job: Job
    status: str
    faces: Sequence[Reconstruction] = ()
    notes: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    error: FacelabError | None = None

    def as_json(self) -> dict[str, object]:
        """What ``--json`` prints; boxes are x0, y0, x1, y1 in pixels of the target."""
        written = self.status != "failed"
        return {
            "target": str(self.job.target),
            "output": str(self.job.output) if written else None,
            "record": str(record_path(self.job.output)) if written else None,
            "status": self.status,
            "faces": [_face(face) for face in self.faces],
            "notes": list(self.notes),
            "seconds": {stage: round(time, 4) for stage, time in self.seconds.items()},
            "error": None if self.error is None else str(self.error),
            "exit_code": 0 if self.error is None else self.error.exit_code,
        }


def _face(face: Reconstruction) -> dict[str, object]:
    box = face.box
    corners = [round(value, 2) for value in (box.x0, box.y0, box.x1, box.y1)]
    return {"box": corners, "score": round(face.score, 4)}


def prepare(request: Request) -> Studio:
    """Load the networks, the sources and the mask of a request.

    Raises
    ------
    FacelabError
        If any of them is missing or unfit: then no job can be done.
    """
    reconstructor = request.networks.load()
    settings = request.settings
    inputs, notes, sightings, mask = [], request.networks.terms, [], None
    for role, path in request.inputs:
        image = read(path)
        inputs.append(describe_input(path, role, image))
        notes += _incoming(path, image)
        if role == "mask":
            mask = image.pixels.mean(axis=2)
            if image.alpha is not None:
                mask = mask * image.alpha
        else:
            face, box = settings.source_face, settings.source_box
            sightings += sight(image.pixels, reconstructor, face, box, str(path))
    return Studio(request, reconstructor, sightings, mask, tuple(inputs), tuple(notes))


def _incoming(path: Path, image: Image) -> list[str]:
    """What reading a source or the mask lost, for the user and the record."""
    notes = list(image.notes)
    if image.metadata.had_c2pa:
        notes.append("its Content Credentials (C2PA) are not carried over")
    return [f"{path.name}: {note}" for note in notes]


def perform(job: Job, studio: Studio) -> Outcome:
    """Do a job; a refusal or failure that facelab foresees does not stop the others."""
    settings = studio.request.settings
    times = [perf_counter()]
    try:
        target = read(job.target)
        mask = _fitting_mask(studio, job, target)
        times.append(perf_counter())
        result = swap_into(
            target.pixels, studio.sources, studio.reconstructor, settings, mask, str(job.target)
        )
        times.append(perf_counter())
        notes = _save(job, studio, target, result.image)
        times.append(perf_counter())
    except FacelabError as error:
        return Outcome(job, "failed", error=error)
    stages = zip(("read", "swap", "write"), pairwise(times), strict=True)
    seconds = {stage: end - start for stage, (start, end) in stages}
    return Outcome(job, "done", result.faces, notes, seconds)


def _fitting_mask(studio: Studio, job: Job, target: Image) -> Float | None:
    """The mask, if it fits the target."""
    mask, (height, width) = studio.mask, target.pixels.shape[:2]
    if mask is not None and mask.shape != (height, width):
        raise UsageError(
            f"{studio.request.mask}: is {mask.shape[1]} x {mask.shape[0]} pixels, {job.target} is "
            f"{width} x {height}; give a mask of the target's size"
        )
    return mask


def _save(job: Job, studio: Studio, target: Image, pixels: Float) -> tuple[str, ...]:
    """Write the marked image and its record, both or neither; return all notes."""
    request = studio.request
    inputs = (*studio.inputs, describe_input(job.target, "target", target))
    weights = request.networks.weights
    source_type = SOURCE_TYPES.get(request.consent, COMPOSITE_CAPTURE)
    xmp = mark(target.metadata.xmp, source_type=source_type, description=SENTENCE)
    lost = write(job.output, replace(target, pixels=pixels), xmp=xmp)
    try:
        own = (f"{job.output.name}: {note}" for note in (*target.notes, *lost))
        notes = (*studio.notes, *own)
        record = Record(
            recipe=request.recipe,
            inputs=inputs,
            weights=weights,
            consent=request.consent,
            notes=notes,
        )
        write_record(job.output, record)
    except BaseException:  # Ctrl-C too: no image stays without its record
        job.output.unlink(missing_ok=True)
        raise
    return notes
