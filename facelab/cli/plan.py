"""Which swaps a command asks for, whether they may be written, and which are already done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from facelab.cli.folders import photographs_of
from facelab.cli.networks import Networks
from facelab.errors import UsageError
from facelab.images import output_format, same_file
from facelab.pipeline import SwapSettings
from facelab.provenance import file_sha256, record_path


@dataclass(frozen=True, slots=True)
class Job:
    """One photograph to change and the file to write."""

    target: Path
    output: Path


@dataclass(frozen=True)
class Request:
    """What all jobs of a command have in common.

    Parameters
    ----------
    sources : tuple of Path
        Photographs of the person whose face is used.
    settings : SwapSettings
    mask : Path or None
        Grey image of the target's size, white where it may change.
    networks : Networks
    consent : str
        A name of `facelab.provenance.CONSENT`.
    """

    sources: tuple[Path, ...]
    settings: SwapSettings
    mask: Path | None
    networks: Networks
    consent: str

    @property
    def inputs(self) -> list[tuple[str, Path]]:
        """Role and file of every input but the target."""
        masks = [] if self.mask is None else [("mask", self.mask)]
        return [*(("source", path) for path in self.sources), *masks]

    @cached_property
    def recipe(self) -> dict[str, object]:
        """The command and its settings, as JSON gives them back."""
        recipe = {"command": "swap", **asdict(self.networks), **asdict(self.settings)}
        parsed: dict[str, object] = json.loads(json.dumps(recipe))
        return parsed

    @cached_property
    def hashes(self) -> list[list[str]]:
        """Role and sha256 of every input but the target."""
        return [[role, file_sha256(path)] for role, path in self.inputs]


def plan(target: Path, output: Path) -> list[Job]:
    """The jobs of a target file, or of the photographs in a target folder, by name.

    Raises
    ------
    UsageError
        If the folder holds none or cannot be listed, or a path is impossible.
    """
    photographs = photographs_of(target)
    try:
        into_folder = target.is_dir() or output.is_dir()
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; give another path") from None
    return [Job(path, output / path.name if into_folder else output) for path in photographs]


def check(jobs: Sequence[Job], request: Request) -> None:
    """Refuse jobs that cannot be written, or only over an input, before any work is done.

    Raises
    ------
    UsageError
        If an output has no known suffix, or if it or its record is an input.
    """
    others = [path for _, path in request.inputs]
    for job in jobs:
        output_format(job.output)
        for path in (job.target, *others):
            if same_file(job.output, path) or same_file(record_path(job.output), path):
                raise UsageError(f"{job.output}: would overwrite an input; give another output")


def finished(jobs: Sequence[Job], request: Request) -> set[Job]:
    """The jobs whose output is there, intact, and recorded as made of this request."""
    return {job for job in jobs if _is_finished(job, request)}


def _is_finished(job: Job, request: Request) -> bool:
    try:
        record = json.loads(record_path(job.output).read_bytes())
        inputs = [[item["role"], item["sha256"]] for item in record["inputs"]]
        return (
            record["output"]["sha256"] == file_sha256(job.output)
            and inputs == [*request.hashes, ["target", file_sha256(job.target)]]
            and record["recipe"] == request.recipe
            and record["weights"] == request.networks.weights
            and record["consent"] == request.consent
        )
    except (OSError, ValueError, KeyError, TypeError):  # a file is gone or no record of this kind
        return False
