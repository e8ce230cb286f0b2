"""Which swaps a command asks for, whether they may be written, and which are already done."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from facelab import weights
from facelab.errors import OutputError, UsageError
from facelab.images import output_format, same_file
from facelab.pipeline import SwapSettings
from facelab.provenance import file_sha256, record_path

NETWORKS = {"blazeface": ("blazeface_full", "blazeface_short"), "insightface": ()}
ALWAYS = ("canonical_face", "canonical_surface", "facemesh")


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
    detector : str
        A name of `facelab.reconstruct.DETECTORS`.
    consent : str
        A name of `facelab.provenance.CONSENT`.
    """

    sources: tuple[Path, ...]
    settings: SwapSettings
    mask: Path | None
    detector: str
    consent: str

    @property
    def inputs(self) -> list[tuple[str, Path]]:
        """Role and file of every input but the target."""
        masks = [] if self.mask is None else [("mask", self.mask)]
        return [*(("source", path) for path in self.sources), *masks]

    @cached_property
    def recipe(self) -> dict[str, object]:
        """The command and its settings, as JSON gives them back."""
        recipe = {"command": "swap", "detector": self.detector, **asdict(self.settings)}
        parsed: dict[str, object] = json.loads(json.dumps(recipe))
        return parsed

    @cached_property
    def weights(self) -> dict[str, str]:
        """Name to sha256 of the weights that the jobs use."""
        names = (*ALWAYS, *NETWORKS[self.detector])
        own = {name: weights.entry_of(name).sha256 for name in names}
        return own | (_pack_hashes() if self.detector == "insightface" else {})

    @cached_property
    def hashes(self) -> list[list[str]]:
        """Role and sha256 of every input but the target."""
        return [[role, file_sha256(path)] for role, path in self.inputs]


def _pack_hashes() -> dict[str, str]:
    """Hashes of the insightface pack in use, networks that are not run included."""
    from facelab.reconstruct.insightface import default_root, locate

    pack = locate(None, default_root())
    return {
        f"insightface/{pack.name}/{file.name}": file_sha256(file) for file in pack.glob("*.onnx")
    }


def plan(target: Path, output: Path) -> list[Job]:
    """The jobs of a target file, or of the photographs in a target folder, by name.

    Raises
    ------
    UsageError
        If the folder holds none or cannot be listed, or a path is impossible.
    """
    try:
        if not target.is_dir():  # nor anything else, maybe: reading it says so
            return [Job(target, output / target.name if output.is_dir() else output)]
        photographs = sorted(path for path in target.iterdir() if _is_photograph(path))
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; give another path") from None
    if not photographs:
        raise UsageError(f"{target}: no JPEG, PNG, WebP or TIFF file is in it; give another folder")
    return [Job(path, output / path.name) for path in photographs]


def _is_photograph(path: Path) -> bool:
    try:
        output_format(path)
    except UsageError:
        return False
    return path.is_file() and not path.name.startswith(".")


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


def make_folder(folder: Path) -> None:
    """Make the folder for a folder of targets, if it is not there; not its parents.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{folder}: cannot be made a folder ({reason}); choose another output folder"
        ) from error


def check_folder(folder: Path) -> None:
    """Refuse a folder that is not there or not writable, before any work is done.

    Raises
    ------
    OutputError
        It says which.
    """
    if not folder.is_dir():
        raise OutputError(f"{folder}: no such folder; create it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: not writable; choose a folder you may write to")


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
            and record["weights"] == request.weights
            and record["consent"] == request.consent
        )
    except (OSError, ValueError, KeyError, TypeError):  # a file is gone or no record of this kind
        return False
