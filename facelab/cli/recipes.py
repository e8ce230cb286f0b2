"""The task of ``facelab swap`` and ``facelab edit``: photographs through a recipe, file to file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from facelab.cli.batch import Batch, Job, Outcome, Task, describe_faces
from facelab.cli.side_by_side import side_by_side
from facelab.errors import FacelabError, OutputError, UsageError
from facelab.files import MEGABYTE, Shape, parse_json, read_bytes
from facelab.files.writing import write_bytes_atomically
from facelab.images import Image, output_format, read
from facelab.numerics.memory import keep_freed, share_heap
from facelab.provenance import file_sha256, record_path, software_versions
from facelab.recipe import Recipe, check_inputs
from facelab.recipe.recipe import files_of
from facelab.reconstruct.networks import Networks

if TYPE_CHECKING:
    from facelab.model import FaceModel
    from facelab.recipe.result import Result
    from facelab.recipe.runner import RecipeRunner

_RECORD: Shape = {
    "inputs": [{"role": str, "sha256": str}],
    "output": {"sha256": str},
    "recipe": dict,
    "weights": dict,
    "consent": str,
}


@dataclass(frozen=True)
class RecipeTask(Task):
    """A recipe done to each photograph.

    Parameters
    ----------
    command : str
        The one that was given, ``swap`` or ``edit``.
    recipe : Recipe
    networks : Networks
    consent : str
        A name of `facelab.constants.CONSENT`.
    show : bool
        Whether a comparison is written beside each picture.

    Raises
    ------
    UsageError
        If an input is missing that a step needs.
    """

    command: str
    recipe: Recipe
    networks: Networks
    consent: str
    show: bool = False

    def __post_init__(self) -> None:
        check_inputs(self.recipe.steps, self.recipe.inputs)

    @property
    def doing(self) -> str:
        """``swapping`` or ``editing``."""
        return "swapping" if self.command == "swap" else "editing"

    @property
    def done(self) -> str:
        """``swapped`` or ``edited``."""
        return "swapped" if self.command == "swap" else "edited"

    @property
    def suffix(self) -> str | None:
        """The suffix of pictures in a folder, if the recipe says it."""
        return self.recipe.output.format and f".{self.recipe.output.format}"

    @cached_property
    def _inputs(self) -> list[tuple[str, Path]]:
        """The name of an input and its file."""
        given = self.recipe.inputs.items()
        masks = [] if self.recipe.mask is None else [("mask", self.recipe.mask)]
        return [*((name, file) for name, one in given for file in files_of(one)), *masks]

    @property
    def reads(self) -> list[Path]:
        """The files of the recipe."""
        return [file for _, file in self._inputs]

    @property
    def said(self) -> dict[str, object]:
        """The settings that records have beside the recipe."""
        return {"command": self.command, "show": self.show}

    def record(self, job: Job) -> Path:
        """The record beside the picture."""
        return record_path(job.output)

    def writes(self, job: Job) -> list[Path]:
        """Picture and record, and the comparison if there is one."""
        output_format(job.output)  # refuses what is no picture
        files = [job.output, record_path(job.output)]
        if not self.show:
            return files
        from facelab.recipe.result import comparison_path

        return [*files, comparison_path(job.output)]

    def is_whole(self, job: Job) -> bool:
        """Whether picture, record and comparison are there."""
        return all(file.is_file() for file in self.writes(job))

    def is_ours(self, job: Job) -> bool:
        """Whether the record is of this recipe, and the picture, if it is there, as recorded."""
        try:
            record = parse_json(read_bytes(record_path(job.output), MEGABYTE), _RECORD)
            inputs = [[item["role"], item["sha256"]] for item in record["inputs"]]
            return (
                (not job.output.exists() or record["output"]["sha256"] == file_sha256(job.output))
                and inputs == [*self._hashes, ["target", file_sha256(job.photograph)]]
                and record["recipe"] == self._settings(job)
                and record["weights"] == self.networks.weights
                and record["consent"] == self.consent
            )
        except (OSError, ValueError):  # a file is gone or no record of this kind
            return False

    def _settings(self, _job: Job) -> dict[str, object]:
        """What the record of a job has beside inputs, weights and consent."""
        return self._recorded

    @cached_property
    def _hashes(self) -> list[list[str]]:
        return [[name, file_sha256(file)] for name, file in self._inputs]

    @cached_property
    def _recorded(self) -> dict[str, object]:
        from facelab.recipe.runner import recorded

        return recorded(self.recipe, self.networks, self.said)

    def carry_out(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Do jobs, two at a time; the first are read while the inputs are."""
        share_heap()
        if len(jobs) > 1:  # a single one would only be larger
            keep_freed()
        with ThreadPoolExecutor(1) as beside:
            loading = beside.submit(self.networks.load)
            from facelab.model import FaceModel  # meanwhile
            from facelab.recipe.runner import prepare

            model = FaceModel(loading.result(), self.networks)
            ready = beside.submit(prepare, self.recipe, model, said=self.said)
            beside.submit(software_versions)  # which are read once, and every record has
            yield from side_by_side(lambda job: self.perform(job, model, ready), jobs)

    def perform(self, job: Job, model: FaceModel, ready: Future[RecipeRunner]) -> Outcome:
        """Do a job: read, find, change when all is `ready`, write, record.

        Raises
        ------
        FacelabError
            If the inputs cannot be read.
        """
        from facelab.recipe.runner import Seen

        times, name = [perf_counter()], str(job.photograph)
        try:
            photograph = read(job.photograph)
            times.append(perf_counter())
            seen = Seen.of(self.recipe, model, photograph, name)
            result = ready.result()(seen, name)
            before = photograph if self.show else None
            del photograph, seen  # of many megapixels, and no longer needed
            times.append(perf_counter())
            notes = result.save(job.output, consent=self.consent)
            if before is not None:
                self._compare(job, before, result)
            times.append(perf_counter())
        except FacelabError as error:
            ready.result()  # without its inputs no job can be done
            return Outcome(job, "failed", error=error)
        stages = zip(("read", self.command, "write"), pairwise(times), strict=True)
        seconds = {stage: end - start for stage, (start, end) in stages}
        return Outcome(job, "done", describe_faces(result.found), notes, seconds)

    def _compare(self, job: Job, photograph: Image, result: Result) -> None:
        """Write the comparison; without it, nothing stays."""
        from facelab.recipe.result import write_comparison

        try:
            write_comparison(job.output, photograph, result, self.consent)
        except OutputError:
            job.output.unlink(missing_ok=True)
            record_path(job.output).unlink(missing_ok=True)
            raise


def carry_out(task: RecipeTask, batch: Batch, save_as: Path | None) -> int:
    """Change the photographs of a command, and save the recipe if all went well.

    Returns
    -------
    int
        The exit code.

    Raises
    ------
    UsageError
        If the recipe's file is there already, or a file would be written over an input, or twice.
    OutputError
        If a folder or the recipe cannot be written to.
    """
    jobs = batch.pictures(task.suffix)
    if save_as is None:
        return batch.run(task, jobs)
    from facelab.recipe import to_yaml  # slow to import

    text = to_yaml(task.recipe, save_as.parent).encode()
    if not batch.overwrite and save_as.is_file() and save_as.read_bytes() != text:
        raise UsageError(f"--save-recipe {save_as}: is already there; --overwrite replaces it")
    code = batch.run(task, jobs)
    if code == 0:
        write_bytes_atomically(save_as, text)
    return code
