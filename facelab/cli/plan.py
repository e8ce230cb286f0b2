"""Which photographs a command changes, whether they may be written, which are already done."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from facelab.cli.networks import Networks
from facelab.errors import UsageError
from facelab.files import MEGABYTE, Shape, parse_json, read_bytes
from facelab.images import WRITTEN_AS, output_format
from facelab.provenance import file_sha256, record_path

_RECORD: Shape = {
    "inputs": [{"role": str, "sha256": str}],
    "output": {"sha256": str},
    "recipe": dict,
    "weights": dict,
    "consent": str,
}


@dataclass(frozen=True, slots=True)
class Job:
    """One photograph to change and the file to write."""

    target: Path
    output: Path


@dataclass(frozen=True)
class Request(ABC):
    """What all jobs of a command have in common.

    Parameters
    ----------
    networks : Networks
    consent : str
        A name of `facelab.provenance.CONSENT`.
    """

    networks: Networks
    consent: str

    @property
    @abstractmethod
    def inputs(self) -> list[tuple[str, Path]]:
        """Role and file of every input but the target."""

    @property
    @abstractmethod
    def settings_said(self) -> dict[str, object]:
        """The command and its own settings."""

    @property
    @abstractmethod
    def mark(self) -> tuple[str, str]:
        """What the pictures are: source type, a URI of the IPTC vocabulary, and a sentence."""

    def files(self, job: Job) -> list[Path]:
        """Every file that a job writes."""
        return [job.output, record_path(job.output)]

    @property
    def quality(self) -> int | None:
        """Of JPEG, WebP and AVIF; by default as `facelab.images.write` says."""
        return None

    @property
    def suffix(self) -> str | None:
        """What the files of a folder end in; by default as those they are made from."""
        return None

    @property
    def seed(self) -> int | None:
        """The seed of what is random, if anything is."""
        return None

    @cached_property
    def recorded(self) -> dict[str, object]:
        """The command, its settings and its networks, as JSON gives them back."""
        said = {**self.networks.said, **self.settings_said}
        parsed: dict[str, object] = json.loads(json.dumps(said))
        return parsed

    @cached_property
    def hashes(self) -> list[list[str]]:
        """Role and sha256 of every input but the target."""
        return [[role, file_sha256(path)] for role, path in self.inputs]


def plan(photographs: Sequence[Path], target: Path, output: Path, suffix: str | None) -> list[Job]:
    """The jobs of a target file, or of the photographs found in a target folder, in their order.

    Files in the folder `output` lie as those they are made from lie in `target` and have their
    names, or end in `suffix`. What facelab does not write becomes what `WRITTEN_AS` says. Where two
    would share a name that way, the whole name stays before the new suffix.

    Raises
    ------
    UsageError
        If a path is impossible.
    """
    try:
        whole = target.is_dir()
        into_folder = whole or output.is_dir()
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; give another path") from None
    if not into_folder:
        return [Job(path, output) for path in photographs]
    places = [output / (path.relative_to(target) if whole else path.name) for path in photographs]
    ends = [suffix or WRITTEN_AS.get(path.suffix.lower(), path.suffix) for path in photographs]
    names = [place.with_suffix(end) for place, end in zip(places, ends, strict=True)]
    shared = {name for name, count in Counter(names).items() if count > 1}
    for index, (place, end) in enumerate(zip(places, ends, strict=True)):
        if names[index] in shared and names[index] != place:
            names[index] = place.with_name(f"{place.name}{end}")
    return [Job(path, name) for path, name in zip(photographs, names, strict=True)]


def check(jobs: Sequence[Job], request: Request) -> None:
    """Refuse jobs that cannot be written, or only over an input, before any work is done.

    Raises
    ------
    UsageError
        If an output has no known suffix, is an input, or would be written twice.
    """
    inputs = {_identity(path) for _, path in request.inputs} | {
        _identity(job.target) for job in jobs
    }
    written: set[Path] = set()
    for job in jobs:
        output_format(job.output)
        for file in request.files(job):
            if _identity(file) in inputs:
                raise UsageError(f"{file}: would overwrite an input; give another output")
            if file in written:
                raise UsageError(f"{file}: would be written twice; rename the photograph")
            written.add(file)


def _identity(file: Path) -> tuple[int, int] | Path:
    """What tells a file from others, whatever leads to it; of one not yet there, its place."""
    try:
        about = file.stat()
    except OSError:
        return file.resolve()
    return about.st_dev, about.st_ino


def finished(jobs: Sequence[Job], request: Request) -> set[Job]:
    """The jobs whose output is there, intact, and recorded as made of this request."""
    return {job for job in jobs if _is_finished(job, request)}


def _is_finished(job: Job, request: Request) -> bool:
    try:
        record = parse_json(read_bytes(record_path(job.output), MEGABYTE), _RECORD)
        inputs = [[item["role"], item["sha256"]] for item in record["inputs"]]
        return (
            all(file.is_file() for file in request.files(job))
            and record["output"]["sha256"] == file_sha256(job.output)
            and inputs == [*request.hashes, ["target", file_sha256(job.target)]]
            and record["recipe"] == request.recorded
            and record["weights"] == request.networks.weights
            and record["consent"] == request.consent
        )
    except (OSError, ValueError):  # a file is gone or no record of this kind
        return False
