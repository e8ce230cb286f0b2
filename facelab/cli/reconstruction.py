"""The task of ``facelab reconstruct``: read, find the faces, write their files and a report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from facelab.cli.batch import Batch, Job, Outcome, Task, describe_faces
from facelab.cli.report import describe, say
from facelab.cli.side_by_side import side_by_side
from facelab.errors import FacelabError, UsageError
from facelab.export.photograph import Export, Report, find_faces, write_faces
from facelab.geometry.landmarks import SUFFIXES
from facelab.images import Image, read
from facelab.numerics.memory import keep_freed, share_heap
from facelab.reconstruct import Reconstructor
from facelab.types import Reconstruction


@dataclass(frozen=True)
class ReconstructTask(Task):
    """Files of the faces of each photograph.

    Parameters
    ----------
    export : Export
        What is asked for.
    batch : Batch
        The photographs.
    """

    export: Export
    batch: Batch

    @property
    def doing(self) -> str:
        """``reconstructing``."""
        return "reconstructing"

    @property
    def done(self) -> str:
        """``reconstructed``."""
        return "reconstructed"

    @cached_property
    def _landmarks(self) -> dict[Path, Path | None]:
        """The file of landmarks that belongs to each photograph."""
        return {path: self._landmarks_of(path, at) for path, at in self.batch.places.items()}

    def _landmarks_of(self, photograph: Path, place: Path) -> Path | None:
        given = self.export.landmarks
        if given is None or not given.is_dir():
            return given
        folder, stem = given / place.parent, photograph.stem
        for path in (folder / f"{stem}{suffix}" for suffix in SUFFIXES):
            if path.is_file():
                return path
        raise UsageError(f"{photograph}: no {stem}{'|'.join(SUFFIXES)} is in {folder}; add one")

    @property
    def reads(self) -> list[Path]:
        """Every file of landmarks."""
        return [path for path in self._landmarks.values() if path]

    def _report(self, job: Job) -> Report:
        return Report(job.output, job.photograph, self._landmarks[job.photograph])

    def record(self, job: Job) -> Path:
        """The report itself."""
        return job.output

    def writes(self, job: Job) -> list[Path]:
        """The report; what else there will be is not known before."""
        return [job.output]

    def is_ours(self, job: Job) -> bool:
        """Whether the report is there, of this photograph and export."""
        return self._report(job).is_of(self.export)

    def is_whole(self, job: Job) -> bool:
        """Whether all files are there that the report names."""
        return self._report(job).is_whole()

    def carry_out(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Do jobs, two at a time."""
        share_heap()
        if len(jobs) > 1:  # a single one would only be larger
            keep_freed()
        reconstructor = self.export.networks.load()
        if not self.batch.quiet:
            say(reconstructor.description)
        return self.perform(jobs, reconstructor)

    def perform(self, jobs: Sequence[Job], reconstructor: Reconstructor) -> Iterator[Outcome]:
        """Do jobs, as `carry_out`, with a reconstructor that is there."""
        return side_by_side(lambda job: self._outcome(job, reconstructor), jobs)

    def _outcome(self, job: Job, reconstructor: Reconstructor) -> Outcome:
        """Do one job, and say how that went."""
        try:
            image = read(job.photograph)
            faces = self._write(job, image, reconstructor)
        except FacelabError as error:
            return Outcome(job, "failed", error=error)
        except Exception as error:  # one photograph's trouble is not the others'
            reason = FacelabError(f"{job.photograph}: {describe(error)}")
            return Outcome(job, "failed", error=reason)
        return Outcome(job, "done", describe_faces(faces), self.export.notes(image))

    def _write(self, job: Job, image: Image, reconstructor: Reconstructor) -> list[Reconstruction]:
        """Find the faces of a photograph, and write what is asked for of them."""
        report = self._report(job)
        faces = find_faces(report, image, self.export, reconstructor)
        network, overwrite = reconstructor.description, self.batch.overwrite
        write_faces(report, image, faces, self.export, network, self._kept, overwrite=overwrite)
        return faces

    @cached_property
    def _kept(self) -> frozenset[Path]:
        """The resolved paths of all that is read, which must not be written."""
        return frozenset(path.resolve() for path in (*self.batch.places, *self.reads))
