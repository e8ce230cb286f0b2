"""What ``facelab reconstruct`` does with each photograph: read, find, write, report."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from facelab.cli.folders import photographs_of
from facelab.cli.networks import Networks
from facelab.errors import FacelabError, OutputError, UsageError
from facelab.export import Entry, writer
from facelab.export.report import describe_face, describe_image
from facelab.export.subject import Subject
from facelab.images import Image, read, write_bytes_atomically
from facelab.landmarks import SUFFIXES, read_landmarks
from facelab.pipeline import choose, no_face
from facelab.provenance import file_sha256, software_versions
from facelab.reconstruct import Reconstructor
from facelab.types import Box, Reconstruction

_TOGETHER = 16  # photographs whose faces go through the network together
_PIXELS = 30_000_000  # of these photographs at most, to bound the memory


@dataclass(frozen=True, slots=True)
class Job:
    """A photograph, and the stem of all files written of it."""

    photograph: Path
    stem: Path

    @property
    def report(self) -> Path:
        """The JSON, written last."""
        return self.stem.with_name(f"{self.stem.name}.json")


@dataclass(frozen=True)
class Request:
    """What all photographs of a command have in common.

    Parameters
    ----------
    networks : Networks
    write : tuple of str
        Names of `facelab.export.NAMES`.
    faces : str
        ``all``, ``largest`` or how many of the largest.
    box : Box or None
        Where the face is, in place of detection.
    landmarks : Path or None
        A file of landmarks around which the face is, or a folder with one for each photograph.
    texture_size : int or None
    front, mask_unseen : bool
        As in `facelab.export.subject.Subject`.
    """

    networks: Networks
    write: tuple[str, ...]
    faces: str = "all"
    box: Box | None = None
    landmarks: Path | None = None
    texture_size: int | None = None
    front: bool = False
    mask_unseen: bool = False

    @cached_property
    def recipe(self) -> dict[str, object]:
        """The command and its settings, as JSON gives them back."""
        settings = asdict(self)
        settings["landmarks"] = None if self.landmarks is None else self.landmarks.name
        recipe = {"command": "reconstruct", **settings}
        parsed: dict[str, object] = json.loads(json.dumps(recipe))
        return parsed


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: ``"done"``, ``"skipped"`` since it was done before, or ``"failed"``."""

    job: Job
    status: str
    faces: int = 0
    notes: tuple[str, ...] = ()
    error: FacelabError | None = None

    def as_json(self) -> dict[str, object]:
        """What ``--json`` prints."""
        written = self.status != "failed"
        return {
            "image": str(self.job.photograph),
            "report": str(self.job.report) if written else None,
            "status": self.status,
            "faces": self.faces,
            "notes": list(self.notes),
            "error": None if self.error is None else str(self.error),
            "exit_code": 0 if self.error is None else self.error.exit_code,
        }


def plan(inputs: Sequence[Path], output: Path) -> list[Job]:
    """The jobs of photographs and of folders of them.

    Files are named after the photograph's stem; where two share one, after their whole names.

    Raises
    ------
    UsageError
        If a folder holds no photographs or cannot be listed, or two have one name.
    """
    photographs = list(dict.fromkeys(path for given in inputs for path in photographs_of(given)))
    stems = Counter(path.stem for path in photographs)
    names = [path.stem if stems[path.stem] == 1 else path.name for path in photographs]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UsageError(
            f"{len(twice)} names such as {twice[0]} come from several folders; "
            "give each folder its own -o"
        )
    return [Job(path, output / name) for path, name in zip(photographs, names, strict=True)]


def finished(job: Job, request: Request) -> bool:
    """Whether a job's report is there, of this photograph and request, with all files it names."""
    try:
        report = json.loads(job.report.read_bytes())
        files = [
            value
            for face in report["faces"]
            for entry in face["files"].values()
            for value in entry.values()
            if isinstance(value, str)
        ]
        return (
            report["image"]["sha256"] == file_sha256(job.photograph)
            and report["recipe"] == request.recipe
            and report["weights"] == request.networks.weights
            and all((job.stem.parent / name).is_file() for name in files)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # no report of this kind
        return False


def perform(
    jobs: Sequence[Job], request: Request, reconstructor: Reconstructor
) -> Iterator[Outcome]:
    """Do jobs, several photographs together; what fails does not stop the others."""
    inputs = frozenset(job.photograph.resolve() for job in jobs)
    batch: list[tuple[Job, Image]] = []
    for job in jobs:
        try:
            batch.append((job, read(job.photograph)))
        except FacelabError as error:
            yield Outcome(job, "failed", error=error)
        if len(batch) >= _TOGETHER or sum(image.pixels.size for _, image in batch) >= 3 * _PIXELS:
            yield from _finish(batch, request, reconstructor, inputs)
            batch = []
    yield from _finish(batch, request, reconstructor, inputs)


def _finish(
    batch: Sequence[tuple[Job, Image]],
    request: Request,
    reconstructor: Reconstructor,
    inputs: frozenset[Path],
) -> Iterator[Outcome]:
    """Find the faces of a batch and write what was asked for."""
    found = _found_together(batch, request, reconstructor)
    for job, image in batch:
        try:
            faces = found[job] if found else _found_alone(job, image, request, reconstructor)
            if not faces:
                raise no_face(str(job.photograph))
            _write(job, image, faces, request, reconstructor.description, inputs)
        except FacelabError as error:
            yield Outcome(job, "failed", error=error)
        else:
            yield Outcome(job, "done", len(faces), _notes(job, image, request))


def _found_together(
    batch: Sequence[tuple[Job, Image]], request: Request, reconstructor: Reconstructor
) -> dict[Job, list[Reconstruction]]:
    """The faces of each photograph, where all of them are looked for."""
    if request.faces == "largest" or request.box or request.landmarks:
        return {}
    faces = reconstructor.batch([image.pixels for _, image in batch])
    wanted = None if request.faces == "all" else int(request.faces)
    return {job: own[:wanted] for (job, _), own in zip(batch, faces, strict=True)}


def _found_alone(
    job: Job, image: Image, request: Request, reconstructor: Reconstructor
) -> list[Reconstruction]:
    """The largest face of a photograph, or the one whose place is given."""
    box = request.box
    if request.landmarks is not None:
        box = Box.around(read_landmarks(_landmark_file(request.landmarks, job)))
    return choose(image.pixels, reconstructor, "largest", box, str(job.photograph))


def _landmark_file(given: Path, job: Job) -> Path:
    if not given.is_dir():
        return given
    stem = job.photograph.stem
    named = [given / f"{stem}{suffix}" for suffix in SUFFIXES]
    for path in named:
        if path.is_file():
            return path
    raise UsageError(f"{job.photograph}: no {stem}{'|'.join(SUFFIXES)} is in {given}; add one")


def _notes(job: Job, image: Image, request: Request) -> tuple[str, ...]:
    """The terms of the networks, and what could not be kept of the photograph."""
    notes = list(image.notes)
    if image.metadata.had_c2pa:
        notes.append("its Content Credentials (C2PA) are not carried over")
    lost = (f"{job.photograph.name}: {note}" for note in notes)
    return (*request.networks.terms, *lost)


def _write(
    job: Job,
    image: Image,
    faces: Sequence[Reconstruction],
    request: Request,
    network: str,
    inputs: frozenset[Path],
) -> None:
    """Write all files of a photograph or none: aside first, then moved, the report last."""
    aside = _folder_aside(job.stem.parent)
    try:
        described = []
        for index, found in enumerate(faces):
            subject = Subject(
                image=image.pixels,
                found=found,
                texture_side=request.texture_size,
                front=request.front,
                mask_unseen=request.mask_unseen,
                metadata=image.metadata,
            )
            stem = aside / f"{job.stem.name}_{index}"
            files: dict[str, Entry] = {name: writer(name)(subject, stem) for name in request.write}
            described.append(describe_face(subject, files))
        report = {
            "image": describe_image(job.photograph, image),
            "faces": described,
            "network": network,
            "notes": list(_notes(job, image, request)),
            "recipe": request.recipe,
            "weights": request.networks.weights,
            "versions": software_versions(),
        }
        text = json.dumps(report, indent=1, allow_nan=False)
        written = sorted(aside.iterdir())
        write_bytes_atomically(aside / job.report.name, (text + "\n").encode())
        _move([*written, aside / job.report.name], job.stem.parent, inputs)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _folder_aside(folder: Path) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=".facelab-", dir=folder))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{folder}: cannot be written to ({reason}); choose another folder"
        ) from error


def _move(files: Sequence[Path], folder: Path, inputs: frozenset[Path]) -> None:
    for file in files:
        target = folder / file.name
        if target.resolve() in inputs:
            raise OutputError(f"{target}: would overwrite an input; choose another folder")
    for file in files:
        try:
            file.replace(folder / file.name)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise OutputError(
                f"{folder / file.name}: cannot be written ({reason}); remove it or choose "
                "another folder"
            ) from error
