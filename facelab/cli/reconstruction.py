"""What ``facelab reconstruct`` does with each photograph: read, find, write, report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from facelab.cli.folders import photographs_of
from facelab.cli.networks import Networks
from facelab.cli.outcome import incoming
from facelab.cli.report import describe
from facelab.cli.staging import folder_aside, move
from facelab.errors import FacelabError, UsageError
from facelab.export import Entry, writer
from facelab.export.obj_texture import safe_name
from facelab.export.overlay import write_together
from facelab.export.report import describe_face, describe_image
from facelab.export.subject import IMAGE_FRAME, Subject
from facelab.files import MEGABYTE, Shape, parse_json, read_bytes
from facelab.images import Found, Image, read, same_file, write_bytes_atomically
from facelab.landmarks import SUFFIXES, read_landmarks
from facelab.pipeline import choose, no_face
from facelab.provenance import file_sha256, software_versions
from facelab.reconstruct import Reconstructor
from facelab.types import Box, Reconstruction

_TOGETHER = 16  # photographs whose faces go through the network together
_PIXELS = 30_000_000  # of these photographs at most, to bound the memory
_LARGEST_REPORT = 16 * MEGABYTE  # a face has about four thousand bytes in it
_REPORT: Shape = {
    "image": {"sha256": str},
    "landmarks_file": (dict, type(None)),
    "faces": [{"files": dict}],
    "recipe": dict,
    "weights": dict,
}


@dataclass(frozen=True, slots=True)
class Job:
    """A photograph, the folder below the given one that it lies in, and the stem of its files."""

    photograph: Path
    below: Path
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
        ``all``, ``largest``, ``left``, ``right`` or an index by size from 0.
    most : int or None
        Of all, at most so many of the largest.
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
    most: int | None = None
    box: Box | None = None
    landmarks: Path | None = None
    texture_size: int | None = None
    front: bool = False
    mask_unseen: bool = False

    @cached_property
    def recipe(self) -> dict[str, object]:
        """The command and its settings, as JSON gives them back."""
        settings = asdict(self)
        settings["networks"] = self.networks.said
        settings["landmarks"] = None if self.landmarks is None else self.landmarks.name
        recipe = {"command": "reconstruct", **settings}
        parsed: dict[str, object] = json.loads(json.dumps(recipe))
        return parsed

    def subject(self, image: Image, found: Reconstruction) -> Subject:
        """A face as the writers are given it."""
        return Subject(
            image=image.srgb,
            found=found,
            texture_side=self.texture_size,
            front=self.front,
            mask_unseen=self.mask_unseen,
            metadata=image.metadata,
        )


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


def find(inputs: Sequence[Path], output: Path, *, recursive: bool) -> dict[Path, Found]:
    """What is in each of the folders given; a photograph stands for itself.

    Raises
    ------
    UsageError
        If a folder holds no photographs or cannot be listed, or is the output folder.
    """
    for given in inputs:
        if given.is_dir() and same_file(given, output):
            raise UsageError(f"{output}: photographs are taken from it; choose another -o")
    return {given: photographs_of(given, recursive=recursive, without=output) for given in inputs}


def plan(found: Mapping[Path, Found], output: Path) -> list[Job]:
    """The jobs of photographs, which lie in the output folder as in the one they were found in.

    Files are named after the photograph's stem; where two share one, after their whole names.

    Raises
    ------
    UsageError
        If two have one name.
    """
    places: dict[Path, Path] = {}  # below the output folder, by photograph
    for given, one in found.items():
        for path in one.photographs:
            places.setdefault(path, Path(path.name if path == given else path.relative_to(given)))
    stems = Counter(place.with_suffix("") for place in places.values())
    names = {
        path: place if stems[place.with_suffix("")] > 1 else place.with_suffix("")
        for path, place in places.items()
    }
    twice = [name for name, count in Counter(names.values()).items() if count > 1]
    if twice:
        raise UsageError(
            f"{len(twice)} names such as {twice[0]} would be written twice; "
            "give the photographs different names, or several folders an -o each"
        )
    return [Job(path, places[path].parent, output / name) for path, name in names.items()]


def inputs_of(jobs: Sequence[Job], request: Request) -> frozenset[Path]:
    """The resolved paths of all that a command reads, which it must not write.

    Raises
    ------
    UsageError
        If a photograph has no landmarks where they are asked for.
    """
    marks = [_landmarks_of(job, request) for job in jobs]
    paths = [*(job.photograph for job in jobs), *(path for path in marks if path)]
    return frozenset(path.resolve() for path in paths)


def _landmarks_of(job: Job, request: Request) -> Path | None:
    """The file of landmarks that belongs to a photograph, if there is to be one."""
    given = request.landmarks
    if given is None or not given.is_dir():
        return given
    stem = job.photograph.stem
    for path in (given / job.below / f"{stem}{suffix}" for suffix in SUFFIXES):
        if path.is_file():
            return path
    raise UsageError(
        f"{job.photograph}: no {stem}{'|'.join(SUFFIXES)} is in {given / job.below}; add one"
    )


def finished(job: Job, request: Request) -> bool:
    """Whether a job's report is there, of this photograph and request, with all files it names."""
    try:
        report = _reported(job)
        return (
            report["image"]["sha256"] == file_sha256(job.photograph)
            and report["landmarks_file"] == _describe_landmarks(job, request)
            and report["recipe"] == request.recipe
            and report["weights"] == request.networks.weights
            and "files" in report
            and all((job.report.parent / name).is_file() for name in _named(report))
        )
    except (OSError, ValueError):  # no report of this kind
        return False


def _describe_landmarks(job: Job, request: Request) -> dict[str, str] | None:
    path = _landmarks_of(job, request)
    return None if path is None else {"file": path.name, "sha256": file_sha256(path)}


def _reported(job: Job) -> Mapping[str, Any]:
    """The report that is there; ``OSError`` or ``ValueError`` where there is no whole one."""
    report: Mapping[str, Any] = parse_json(read_bytes(job.report, _LARGEST_REPORT), _REPORT)
    return report


def _named(report: Mapping[str, Any]) -> list[str]:
    """The names of the files that a report lists."""
    of_all = report.get("files")  # not in reports of earlier versions
    groups = [*(face["files"] for face in report["faces"]), of_all]
    entries = [entry for group in groups if isinstance(group, dict) for entry in group.values()]
    names = (value for entry in entries if isinstance(entry, dict) for value in entry.values())
    return [name for name in names if isinstance(name, str) and name.isprintable()]


def perform(
    jobs: Sequence[Job], request: Request, reconstructor: Reconstructor, kept: frozenset[Path]
) -> Iterator[Outcome]:
    """Do jobs, several photographs together; what fails does not stop the others.

    Of the resolved paths `kept` none is written.
    """
    batch: list[tuple[Job, Image]] = []
    for job in jobs:
        try:
            batch.append((job, read(job.photograph)))
        except FacelabError as error:
            yield Outcome(job, "failed", error=error)
        if len(batch) >= _TOGETHER or sum(image.pixels.size for _, image in batch) >= 3 * _PIXELS:
            yield from _finish(batch, request, reconstructor, kept)
            batch = []
    yield from _finish(batch, request, reconstructor, kept)


def _finish(
    batch: Sequence[tuple[Job, Image]],
    request: Request,
    reconstructor: Reconstructor,
    kept: frozenset[Path],
) -> Iterator[Outcome]:
    """Find the faces of a batch and write what was asked for."""
    found = _found_together(batch, request, reconstructor)
    for job, image in batch:
        try:
            faces = found[job] if job in found else _alone(job, image, request, reconstructor)
            if not faces:
                raise no_face(str(job.photograph))
            _write(job, image, faces, request, reconstructor.description, kept)
        except FacelabError as error:
            yield Outcome(job, "failed", error=error)
        except Exception as error:  # one photograph's trouble is not the others'
            reason = FacelabError(f"{job.photograph}: {describe(error)}")
            yield Outcome(job, "failed", error=reason)
        else:
            yield Outcome(job, "done", len(faces), _notes(job, image, request))


def _found_together(
    batch: Sequence[tuple[Job, Image]], request: Request, reconstructor: Reconstructor
) -> dict[Job, list[Reconstruction]]:
    """The faces of each photograph, where all of them are looked for and nothing goes wrong."""
    if request.faces != "all" or request.box or request.landmarks:
        return {}
    try:
        faces = reconstructor.batch([image.pixels for _, image in batch])
    except Exception:  # they are looked at one by one then, which tells whose it was
        return {}
    return {job: own[: request.most] for (job, _), own in zip(batch, faces, strict=True)}


def _alone(
    job: Job, image: Image, request: Request, reconstructor: Reconstructor
) -> list[Reconstruction]:
    """The faces wanted of one photograph."""
    box, marks = request.box, _landmarks_of(job, request)
    if marks is not None:
        box = Box.around(read_landmarks(marks))
    return choose(image.pixels, reconstructor, request.faces, box, str(job.photograph))[
        : request.most
    ]


def _notes(job: Job, image: Image, request: Request) -> tuple[str, ...]:
    """The terms of the networks, and what could not be kept of the photograph."""
    return (*request.networks.terms, *incoming(job.photograph, image))


def _write(
    job: Job,
    image: Image,
    faces: Sequence[Reconstruction],
    request: Request,
    network: str,
    kept: frozenset[Path],
) -> None:
    """Write all files of a photograph, the report last; what an earlier report named goes."""
    folder = job.report.parent
    with folder_aside(folder) as aside:
        described = [
            _write_face(request.subject(image, found), request, aside / f"{job.stem.name}_{index}")
            for index, found in enumerate(faces)
        ]
        report = {
            "image": describe_image(job.photograph, image),
            "landmarks_file": _describe_landmarks(job, request),
            "frame": IMAGE_FRAME,
            "faces": described,
            "files": _write_together(image, faces, request, aside / job.stem.name),
            "network": network,
            "notes": list(_notes(job, image, request)),
            "recipe": request.recipe,
            "weights": request.networks.weights,
            "versions": software_versions(),
        }
        written = sorted(aside.iterdir())
        report["written"] = {file.name: file_sha256(file) for file in written}
        text = json.dumps(report, indent=1, allow_nan=False)
        write_bytes_atomically(aside / job.report.name, (text + "\n").encode())
        earlier = _earlier_files(job)
        move([*written, aside / job.report.name], folder, kept)
    for name in earlier - set(_named(report)):
        if (folder / name).resolve() not in kept:
            (folder / name).unlink(missing_ok=True)


def _write_face(subject: Subject, request: Request, stem: Path) -> dict[str, object]:
    """Write the files of one face, and describe it."""
    files: dict[str, Entry] = {name: writer(name)(subject, stem) for name in request.write}
    return describe_face(subject, files)


def _write_together(
    image: Image, faces: Sequence[Reconstruction], request: Request, stem: Path
) -> dict[str, Entry]:
    """Write what shows all faces in one file, where there are several."""
    if len(faces) == 1 or "overlay" not in request.write:
        return {}
    first = request.subject(image, faces[0])
    subjects = [replace(first, found=found) for found in faces]
    return {"overlay": write_together(subjects, stem)}


def _earlier_files(job: Job) -> set[str]:
    """The names of this photograph's files that the report in the folder lists, if it has one."""
    try:
        report = _reported(job)
        names = _named(report)
    except (OSError, ValueError):
        return set()
    stem = job.stem.name
    safe = [safe_name(f"{stem}_{index}") for index in range(len(report["faces"]))]
    own = tuple(f"{name}_" for name in (stem, *safe))
    return {name for name in names if name.startswith(own) and Path(name).name == name}
