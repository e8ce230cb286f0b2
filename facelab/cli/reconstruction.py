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
from facelab.numerics.memory import keep_freed
from facelab.reconstruct import Reconstructor
from facelab.reconstruct.face_selection import no_face
from facelab.types import Reconstruction

_TOGETHER = 16  # photographs whose faces go through the network together
_PIXELS = 30_000_000  # of these photographs at most, to bound the memory


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
        """Do jobs, several photographs together."""
        if len(jobs) > 1:  # a single one would only be larger
            keep_freed()
        reconstructor = self.export.networks.load()
        if not self.batch.quiet:
            say(reconstructor.description)
        return self.perform(jobs, reconstructor)

    def perform(self, jobs: Sequence[Job], reconstructor: Reconstructor) -> Iterator[Outcome]:
        """Do jobs, as `carry_out`, with a reconstructor that is there."""
        waiting: list[tuple[Job, Image]] = []
        for job in jobs:
            try:
                waiting.append((job, read(job.photograph)))
            except FacelabError as error:
                yield Outcome(job, "failed", error=error)
            pixels = sum(image.shape[0] * image.shape[1] for _, image in waiting)
            if len(waiting) >= _TOGETHER or pixels >= _PIXELS:
                yield from self._finish(waiting, reconstructor)
                waiting = []
        yield from self._finish(waiting, reconstructor)

    def _finish(
        self, waiting: Sequence[tuple[Job, Image]], reconstructor: Reconstructor
    ) -> Iterator[Outcome]:
        """Find the faces of several photographs and write what is asked for."""
        found = self._found_together(waiting, reconstructor)

        def finish(read: tuple[Job, Image]) -> Outcome:
            job, image = read
            return self._finished(job, image, found.get(job), reconstructor)

        return side_by_side(finish, waiting)

    def _finished(
        self,
        job: Job,
        image: Image,
        faces: list[Reconstruction] | None,
        reconstructor: Reconstructor,
    ) -> Outcome:
        """Write what is asked for of a photograph, and say how that went."""
        try:
            faces = self._write(job, image, faces, reconstructor)
        except FacelabError as error:
            return Outcome(job, "failed", error=error)
        except Exception as error:  # one photograph's trouble is not the others'
            reason = FacelabError(f"{job.photograph}: {describe(error)}")
            return Outcome(job, "failed", error=reason)
        return Outcome(job, "done", describe_faces(faces), self.export.notes(image))

    def _write(
        self,
        job: Job,
        image: Image,
        faces: list[Reconstruction] | None,
        reconstructor: Reconstructor,
    ) -> list[Reconstruction]:
        """Write what is asked for of a photograph whose faces may be known."""
        report = self._report(job)
        if faces is None:
            faces = find_faces(report, image, self.export, reconstructor)
        if not faces:
            raise no_face(str(job.photograph))
        network, overwrite = reconstructor.description, self.batch.overwrite
        write_faces(report, image, faces, self.export, network, self._kept, overwrite=overwrite)
        return faces

    @cached_property
    def _kept(self) -> frozenset[Path]:
        """The resolved paths of all that is read, which must not be written."""
        return frozenset(path.resolve() for path in (*self.batch.places, *self.reads))

    def _found_together(
        self, waiting: Sequence[tuple[Job, Image]], reconstructor: Reconstructor
    ) -> dict[Job, list[Reconstruction]]:
        """The faces of each photograph, where all of them are looked for and nothing goes wrong."""
        export = self.export
        if export.faces != "all" or export.box or export.landmarks:
            return {}
        try:
            faces = reconstructor.batch([image.frame for _, image in waiting])
        except Exception:  # they are looked at one by one then, which tells whose it was
            return {}
        jobs = [job for job, _ in waiting]
        return {job: own[: export.most] for job, own in zip(jobs, faces, strict=True)}
