"""What became of a photograph, and the marked picture and record that were written of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from facelab.cli.plan import Job, Request
from facelab.errors import FacelabError
from facelab.images import Image
from facelab.numerics.arrays import Float
from facelab.provenance import Input, Record, describe_input, record_path
from facelab.provenance import save as saving
from facelab.types import Box, Reconstruction


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: ``"done"``, ``"skipped"`` because it was done before, or ``"failed"``.

    `faces` are those changed, as `faces_said` has them: a batch of thousands keeps no position map.
    `seconds` are by stage; `error` is set where it failed.
    """

    job: Job
    status: str
    faces: Sequence[dict[str, object]] = ()
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
            "faces": list(self.faces),
            "notes": list(self.notes),
            "seconds": {stage: round(time, 4) for stage, time in self.seconds.items()},
            "error": None if self.error is None else str(self.error),
            "exit_code": 0 if self.error is None else self.error.exit_code,
        }


def faces_said(faces: Sequence[Reconstruction]) -> tuple[dict[str, object], ...]:
    """Box and score of each face, as JSON has it."""
    return tuple({"box": _corners(face.box), "score": round(face.score, 4)} for face in faces)


def _corners(box: Box) -> list[float]:
    return [round(value, 2) for value in (box.x0, box.y0, box.x1, box.y1)]


def stages(names: Sequence[str], times: Sequence[float]) -> dict[str, float]:
    """Seconds of each stage between the times it began and ended."""
    spans = zip(names, pairwise(times), strict=True)
    return {name: end - start for name, (start, end) in spans}


def incoming(path: Path, image: Image) -> Iterator[str]:
    """What reading an input lost, for the user and the record."""
    yield from (f"{path.name}: {note}" for note in image.notes)
    if image.metadata.had_c2pa:
        yield f"{path.name}: its Content Credentials (C2PA) are not carried over"


def save(
    job: Job,
    request: Request,
    inputs: Sequence[Input],
    notes: Sequence[str],
    target: Image,
    pixels: Float,
) -> tuple[str, ...]:
    """Write the marked image and its record, both or neither; return all notes.

    `inputs` and `notes` are those of the request, to which the target's come.
    """
    record = Record(
        recipe=request.recorded,
        inputs=(*inputs, describe_input(job.target, "target", target)),
        weights=request.networks.weights,
        seed=request.seed,
        consent=request.consent,
        notes=tuple(notes),
    )
    picture = replace(target, pixels=pixels)
    return saving.save(job.output, picture, request.mark, record, request.quality)
