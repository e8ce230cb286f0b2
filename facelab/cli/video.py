"""Videos in place of photographs: the tasks of commands that take both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from facelab.cli.batch import Batch, Job, Outcome, Task
from facelab.cli.recipes import RecipeTask
from facelab.cli.report import say
from facelab.cli.video_options import VideoOptions
from facelab.errors import FacelabError, UsageError
from facelab.export.video import VideoExport, files_of, is_of, write_video
from facelab.numerics.memory import keep_freed, share_heap
from facelab.provenance import record_path, software_versions
from facelab.recipe.video import VideoResult, preview_path, video_settings
from facelab.video import is_video
from facelab.video.writer import QUALITY, codec_for

if TYPE_CHECKING:
    from facelab.model import FaceModel
    from facelab.recipe.runner import RecipeRunner
    from facelab.reconstruct import Reconstructor


def are_videos(paths: Sequence[Path], options: VideoOptions) -> bool:
    """Whether a command is for videos.

    Raises
    ------
    UsageError
        If it is for videos and photographs, or for photographs with options of videos.
    """
    videos = [path for path in paths if is_video(path)]
    if videos and len(videos) < len(paths):
        raise UsageError(f"{videos[0]}: is a video among photographs; give them to two commands")
    if not videos and options != VideoOptions():
        raise UsageError(f"{paths[0]}: is no video; leave the options of videos out")
    return bool(videos)


@dataclass(frozen=True)
class VideoTask(RecipeTask):
    """A recipe done to each video, one after another.

    Parameters
    ----------
    options : VideoOptions
        How videos are read and written.
    quiet : bool
        Show no progress.
    """

    options: VideoOptions = field(default_factory=VideoOptions)
    quiet: bool = False

    def writes(self, job: Job) -> list[Path]:
        """Video and record, and the preview if there is one."""
        codec_for(job.output, self.options.codec)  # refuses what is no video
        preview = [preview_path(job.output)] if self.options.preview else []
        return [job.output, record_path(job.output), *preview]

    def _settings(self, job: Job) -> dict[str, object]:
        """What the record of a job has beside inputs, weights and consent."""
        video, quality = self.options.opened(job.photograph), self._quality
        codec = codec_for(job.output, self.options.codec)
        return {**self._recorded, "video": video_settings(video, codec, quality)}

    @cached_property
    def _quality(self) -> int:
        return self.options.quality or self.recipe.output.quality or QUALITY

    def carry_out(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Do jobs, one after another; the inputs are read while the first begins."""
        share_heap()
        keep_freed()
        with ThreadPoolExecutor(1) as beside:
            from facelab.model import FaceModel
            from facelab.recipe.runner import prepare

            model = FaceModel(self.networks.load(), self.networks)
            beside.submit(software_versions)
            ready = beside.submit(prepare, self.recipe, model, said=self.said)
            for job in jobs:
                yield self.perform(job, model, ready)

    def perform(self, job: Job, _model: FaceModel, ready: Future[RecipeRunner]) -> Outcome:
        """Do a job, with its progress.

        Raises
        ------
        FacelabError
            If the inputs cannot be read.
        """
        from facelab.cli.progress import Bar  # slow to import

        runner, begun = ready.result(), perf_counter()
        try:
            result = VideoResult(self.options.opened(job.photograph), runner)
            if self.options.preview:
                sheet = result.write_preview(job.output, self.options.preview, self.consent)
                if not self.quiet:
                    say(f"{sheet}: written")
            with Bar(job.photograph.name, result.video.count or 0, hidden=self.quiet) as bar:
                notes = result.save(
                    job.output,
                    consent=self.consent,
                    codec=self.options.codec,
                    quality=self._quality,
                    workers=self.options.workers,
                    on_progress=lambda done, _of: bar.show(done),
                )
        except FacelabError as error:
            return Outcome(job, "failed", error=error)
        return Outcome(job, "done", (), notes, {self.command: perf_counter() - begun})


@dataclass(frozen=True)
class VideoReconstructTask(Task):
    """Rows and an overlay of the faces of each video, one after another.

    Parameters
    ----------
    export : VideoExport
    options : VideoOptions
        Which part is taken.
    quiet : bool
        Show no progress.
    """

    export: VideoExport
    options: VideoOptions
    quiet: bool = False

    @property
    def doing(self) -> str:
        """``reconstructing``."""
        return "reconstructing"

    @property
    def done(self) -> str:
        """``reconstructed``."""
        return "reconstructed"

    @property
    def reads(self) -> list[Path]:
        """Nothing beside the videos."""
        return []

    def record(self, job: Job) -> Path:
        """The report."""
        return job.output

    def writes(self, job: Job) -> list[Path]:
        """The report, and all that it names."""
        return files_of(job.output, self.export)

    def is_ours(self, job: Job) -> bool:
        """Whether the report is there, of this video and export."""
        return is_of(job.output, self.options.opened(job.photograph), self.export)

    def is_whole(self, job: Job) -> bool:
        """Whether all files are there."""
        return all(file.is_file() for file in self.writes(job))

    def carry_out(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Do jobs, one after another."""
        share_heap()
        keep_freed()
        reconstructor = self.export.networks.load()
        for job in jobs:
            yield self._outcome(job, reconstructor)

    def _outcome(self, job: Job, reconstructor: Reconstructor) -> Outcome:
        from facelab.cli.progress import Bar  # slow to import

        try:
            video = self.options.opened(job.photograph)
            with Bar(job.photograph.name, video.count or 0, hidden=self.quiet) as bar:
                write_video(job.output, video, self.export, reconstructor, bar.show)
        except FacelabError as error:
            return Outcome(job, "failed", error=error)
        return Outcome(job, "done", (), video.notes)


def video_task(task: RecipeTask, options: VideoOptions, batch: Batch) -> VideoTask:
    """The task of a recipe for videos.

    Raises
    ------
    UsageError
        If a comparison is asked for, which videos have none of.
    """
    if task.show:
        raise UsageError("--show: a video has no comparison; leave it out")
    quiet = batch.quiet
    return VideoTask(
        task.command, task.recipe, task.networks, task.consent, options=options, quiet=quiet
    )
