"""A command's photographs: found, planned, carried out with progress, and reported.

The one batch runner; what a command does with a photograph is a `Task`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import click

from facelab.cli.report import conclude, say, say_notes
from facelab.errors import FacelabError, UsageError
from facelab.files import why
from facelab.files.writing import check_folder, make_folder, same_file
from facelab.images import WRITTEN_AS, FolderContents, find_photographs
from facelab.types import Box, Reconstruction
from facelab.video import is_video


@dataclass(frozen=True, slots=True)
class Job:
    """One photograph and the file that is written of it: a picture, or a report."""

    photograph: Path
    output: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a job: ``"done"``, ``"skipped"`` since it was done before, or ``"failed"``.

    `faces` are as `describe_faces` has them: a batch of thousands keeps no position map. `seconds`
    are by stage; `error` is set where it failed.
    """

    job: Job
    status: str
    faces: Sequence[dict[str, object]] = ()
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    error: FacelabError | None = None

    def as_json(self, record: Path) -> dict[str, object]:
        """The outcome as ``--json`` prints it; boxes are x0, y0, x1, y1 of the photograph."""
        written = self.status != "failed"
        return {
            "input": str(self.job.photograph),
            "output": str(self.job.output) if written else None,
            "record": str(record) if written else None,
            "status": self.status,
            "faces": list(self.faces),
            "notes": list(self.notes),
            "seconds": {stage: round(time, 4) for stage, time in self.seconds.items()},
            "error": None if self.error is None else str(self.error),
            "exit_code": 0 if self.error is None else self.error.exit_code,
        }


def describe_faces(faces: Iterable[Reconstruction]) -> tuple[dict[str, object], ...]:
    """Return box and score of each face, as JSON has it."""
    return tuple({"box": _corners(face.box), "score": round(face.score, 4)} for face in faces)


def _corners(box: Box) -> list[float]:
    return [round(value, 2) for value in (box.x0, box.y0, box.x1, box.y1)]


class Task(ABC):
    """The work of a command on each of its photographs."""

    @property
    @abstractmethod
    def doing(self) -> str:
        """The work in a word, for the bar: ``"swapping"``."""

    @property
    @abstractmethod
    def done(self) -> str:
        """The work once it is done, in a word: ``"swapped"``."""

    @property
    @abstractmethod
    def reads(self) -> Sequence[Path]:
        """Every file that is read beside the photographs; none of them is written."""

    @abstractmethod
    def record(self, job: Job) -> Path:
        """The file that says how a job was done; written last."""

    @abstractmethod
    def writes(self, job: Job) -> Sequence[Path]:
        """Every file that a job writes, as far as is known before."""

    @abstractmethod
    def is_ours(self, job: Job) -> bool:
        """Whether what is there is recorded as made of this task, and was not changed since."""

    @abstractmethod
    def is_whole(self, job: Job) -> bool:
        """Whether every file is there that the record names."""

    @abstractmethod
    def carry_out(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Do jobs; what facelab refuses or fails to do with one does not stop the others.

        Raises
        ------
        FacelabError
            Before the first, if no job can be done.
        """


@dataclass(frozen=True)
class Batch:
    """The photographs of a command.

    Parameters
    ----------
    inputs : sequence of Path
        Photographs, and folders of them.
    output : Path
        Where the results go.
    recursive : bool
        Of folders take the folders below them, too.
    overwrite : bool
        Do again what is done, and replace what is there.
    as_json, quiet : bool
        Print the results as JSON; say nothing but errors.
    """

    inputs: Sequence[Path]
    output: Path
    recursive: bool = False
    overwrite: bool = False
    as_json: bool = False
    quiet: bool = False

    @cached_property
    def found(self) -> dict[Path, FolderContents]:
        """The content of each folder given; a photograph stands for itself.

        Raises
        ------
        UsageError
            If a folder holds no photograph, cannot be listed or is the output folder, or a path is
            impossible.
        """
        return {given: self._found(given) for given in self.inputs}

    def _found(self, given: Path) -> FolderContents:
        try:
            if not given.is_dir():
                return FolderContents((given,))
        except OSError as error:
            raise UsageError(f"{error.filename}: {why(error)}; give another path") from None
        if same_file(given, self.output):
            raise UsageError(f"{self.output}: photographs are taken from it; choose another -o")
        return find_photographs(given, recursive=self.recursive, without=self.output)

    @cached_property
    def places(self) -> dict[Path, Path]:
        """Each photograph, once, with its place below an output folder."""
        places: dict[Path, Path] = {}
        for given, found in self.found.items():
            for path in found.photographs:
                own = Path(path.name) if path == given else path.relative_to(given)
                places.setdefault(path, own)
        return places

    @cached_property
    def into_folder(self) -> bool:
        """Whether the output is a folder: it is there as one, or its name has no suffix.

        Raises
        ------
        UsageError
            If it is a file, but there are several photographs; or it is impossible.
        """
        try:
            folder = self.output.is_dir() or not self.output.suffix
        except OSError as error:
            raise UsageError(f"{error.filename}: {why(error)}; give another path") from None
        if not folder and (len(self.places) > 1 or any(path.is_dir() for path in self.inputs)):
            raise UsageError(
                f"{self.output}: is a file, but several photographs go into a folder; give one"
            )
        return folder

    def pictures(self, suffix: str | None) -> list[Job]:
        """Plan a picture of each photograph.

        In a folder they have the names of the photographs, or end in `suffix`. What facelab does
        not write becomes what `WRITTEN_AS` says. Where two would share a name that way, the whole
        name stays before the new suffix.
        """
        if not self.into_folder:
            return [Job(path, self.output) for path in self.places]
        ends = {
            path: suffix or WRITTEN_AS.get(path.suffix.lower(), path.suffix) for path in self.places
        }
        names = {path: place.with_suffix(ends[path]) for path, place in self.places.items()}
        shared = {name for name, count in Counter(names.values()).items() if count > 1}
        for path, place in self.places.items():
            if names[path] in shared and names[path] != place:
                names[path] = place.with_name(f"{place.name}{ends[path]}")
        return [Job(path, self.output / name) for path, name in names.items()]

    def reports(self) -> list[Job]:
        """Plan a JSON report of each photograph, named after its stem.

        Where two share one, after their whole names.
        """
        stems = Counter(place.with_suffix("") for place in self.places.values())
        names = {
            path: place.with_suffix("") if stems[place.with_suffix("")] == 1 else place
            for path, place in self.places.items()
        }
        return [
            Job(path, self.output / name.with_name(f"{name.name}.json"))
            for path, name in names.items()
        ]

    def run(self, task: Task, jobs: Sequence[Job]) -> int:
        """Do the jobs that are not done, say what was done, and return the exit code.

        Raises
        ------
        UsageError
            If a file would be written over an input, or twice.
        OutputError
            If a folder cannot be written to.
        """
        refuse(task, jobs)
        if self.into_folder:
            make_folder(self.output)
            for folder in sorted({job.output.parent for job in jobs}):
                make_folder(folder, parents=True)
        check_folder(jobs[0].output.parent)
        outcomes = self._outcomes(task, jobs)
        if self.as_json:
            listed = [outcome.as_json(task.record(outcome.job)) for outcome in outcomes]
            click.echo(json.dumps(listed, indent=2))
        if not self.quiet:
            tell(outcomes, task.done, [found.summary for found in self.found.values()])
        return conclude(outcome.error for outcome in outcomes)

    def _outcomes(self, task: Task, jobs: Sequence[Job]) -> list[Outcome]:
        outcomes = {}
        if not self.overwrite:
            ours = {job for job in jobs if task.is_ours(job)}
            outcomes = {job: Outcome(job, "skipped") for job in ours if task.is_whole(job)}
            outcomes |= blocked(task, [job for job in jobs if job not in ours])
        left = [job for job in jobs if job not in outcomes]
        try:
            outcomes |= {outcome.job: outcome for outcome in self._carried_out(task, left)}
        except FacelabError as error:
            outcomes |= {job: Outcome(job, "failed", error=error) for job in left}
        return [outcomes[job] for job in jobs]

    def _carried_out(self, task: Task, jobs: Sequence[Job]) -> list[Outcome]:
        if not jobs:
            return []
        if self.quiet or not self.into_folder or len(self.places) == 1:
            return list(task.carry_out(jobs))
        from facelab.cli.progress import Bar  # slow to import

        outcomes = []
        with Bar(task.doing, len(jobs), hidden=False) as bar:
            for outcome in task.carry_out(jobs):
                bar.set_postfix_str(outcome.job.photograph.name, refresh=False)
                bar.update()
                outcomes.append(outcome)
        return outcomes


def photographs_in(given: Path) -> tuple[Path, ...]:
    """Return the photographs in a folder; a file is given back as it is.

    Raises
    ------
    UsageError
        If the folder holds none or cannot be listed.
    """
    return find_photographs(given).photographs if given.is_dir() else (given,)


def refuse(task: Task, jobs: Sequence[Job]) -> None:
    """Raise ``UsageError`` if jobs would write over an input or twice, before any work is done."""
    inputs = {_identity(path) for path in (*task.reads, *(job.photograph for job in jobs))}
    written: set[Path] = set()
    for file in (file for job in jobs for file in task.writes(job)):
        if _identity(file) in inputs:
            raise UsageError(f"{file}: would overwrite an input; give another output")
        if file in written:
            raise UsageError(f"{file}: would be written twice; rename the photograph")
        written.add(file)


def _identity(file: Path) -> tuple[int, int] | Path:
    """The identity of a file, whatever leads to it; of one not yet there, its place."""
    try:
        about = file.stat()
    except OSError:
        return file.resolve()
    return about.st_dev, about.st_ino


def blocked(task: Task, jobs: Sequence[Job]) -> dict[Job, Outcome]:
    """Return the jobs that would replace what is there, failed."""
    taken = {job: [file for file in task.writes(job) if file.exists()] for job in jobs}
    files = [files[0] for files in taken.values() if files]
    if not files:
        return {}
    others = f" and {len(files) - 1} more" if len(files) > 1 else ""
    error = UsageError(
        f"{files[0]}{others}: already there, but not made of this; --overwrite replaces what is "
        "there, or give another output"
    )
    return {job: Outcome(job, "failed", error=error) for job, files in taken.items() if files}


def tell(outcomes: Sequence[Outcome], done: str, left: Iterable[str]) -> None:
    """Say what was done, what was `left` of folders and, once each, what could not be kept."""
    say_notes(note for outcome in outcomes for note in outcome.notes)
    if len(outcomes) > 1:
        counts = Counter(outcome.status for outcome in outcomes)
        say(", ".join(f"{counts[status]} {status}" for status in ("done", "skipped", "failed")))
    elif outcomes[0].status == "done":
        job, faces = outcomes[0].job, outcomes[0].faces
        said = "" if is_video(job.photograph) else f"{len(faces)} face(s) "
        say(f"{job.output}: {said}{done}")
    elif outcomes[0].status == "skipped":
        say(f"{outcomes[0].job.output}: already done; --overwrite does it again")
    for line in filter(None, left):
        say(line)
