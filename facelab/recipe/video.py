"""A video through a recipe: its frames by the engine of photographs, in order, part by part.

frames -> faces followed and steadied -> the recipe, several frames at a time -> parts -> one file
"""

from __future__ import annotations

import json
import re
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from facelab.errors import NoFaceError, OutputError, UsageError
from facelab.files import StrPath, why
from facelab.files.writing import write_bytes_atomically
from facelab.images import Image, write
from facelab.numerics.integers import as_bytes
from facelab.provenance import Input, Record, file_sha256, mark, record_path, software_versions
from facelab.provenance.record import record_bytes
from facelab.recipe.recipe import Faces, MostFaces
from facelab.recipe.result import Result
from facelab.recipe.runner import RecipeRunner, Seen, mark_of
from facelab.types import Reconstruction
from facelab.video.choice import chosen_faces
from facelab.video.follow import FollowedFrame, Memory, followed
from facelab.video.join import join, packet_of
from facelab.video.pyav import pyav_version
from facelab.video.reader import FrameReader, Video
from facelab.video.tracks import FaceTracker, TrackedFace
from facelab.video.writer import QUALITY, VideoWriter, codec_for

PART = 240
"""Frames of a part: what a killed run loses at the most."""

WORKERS = 2
"""Frames that are changed at a time; the file is the same for any number."""

_TILE, _COLUMNS, _TILES = 320, 4, 60  # of a preview: a tile's width, px, and their numbers

OnProgress = Callable[[int, int | None], None]
"""Takes the number of frames that are done, and about how many there are."""


@dataclass(frozen=True, eq=False)
class VideoResult:
    """A video with changed faces, which is made when it is saved or gone through.

    Parameters
    ----------
    video : Video
    runner : RecipeRunner
        The recipe with its inputs.

    Examples
    --------
    >>> result = facelab.swap(facelab.open_video("clip.mp4"), "astronaut.png", model=model)
    >>> next(iter(result))
    <Result 128x96, 0 faces>
    """

    video: Video
    runner: RecipeRunner

    def __repr__(self) -> str:
        height, width = self.video.shape
        return f"<VideoResult {width}x{height}, {self.video.path.name}>"

    def __iter__(self) -> Iterator[Result]:
        for _, _, result in self._changed(self.video.frames(), Memory(), frozenset(), WORKERS):
            yield result

    def save(
        self,
        path: StrPath,
        *,
        consent: str = "unspecified",
        codec: str | None = None,
        quality: int | None = None,
        workers: int = WORKERS,
        on_progress: OnProgress | None = None,
    ) -> tuple[str, ...]:
        """Write the video, marked, with a record beside it, and the sound and subtitles it had.

        It is made in parts, in ``PATH.parts`` beside it. A run that was killed goes on after the
        last whole part when the same is asked for again, and gives the same bytes; one that was
        interrupted leaves what is done as ``NAME.part.SUFFIX`` to look at.

        Parameters
        ----------
        path : path
            Its suffix tells the kind, of `facelab.video.WRITTEN`. What is there is replaced.
        consent : str
            By what right the faces are used, a name of `facelab.constants.CONSENT`.
        codec : str, optional
            Of `facelab.video.writer.CODECS`; by default H.264, in WebM VP9.
        quality : int, optional
            1 to 100; by default the recipe's, or one whose loss is not seen.
        workers : int
            Frames that are changed at a time.
        on_progress : callable, optional
            Told of every frame.

        Returns
        -------
        tuple of str
            What could not be kept, a clause each.

        Raises
        ------
        UsageError
            If the suffix is none that is written, or does not go with the codec.
        OutputError
            If a file cannot be written.
        """
        path = Path(path)
        chosen = codec_for(path, codec)
        wanted = quality or self.runner.recipe.output.quality or QUALITY
        job = _Parts(self, path, chosen, wanted, consent)
        job.prepare()
        try:
            job.make(workers, on_progress or (lambda _done, _of: None))
        except KeyboardInterrupt:
            job.leave_playable()
            raise
        return job.finish()

    def preview(self, every: int) -> Image:
        """A sheet of every so many frames, changed, at most `_TILES` of them.

        The faces of each are looked for anew, so that nothing between them needs be done.
        """
        tiles = []
        for frame in islice(replace(self.video, every=every * self.video.every), _TILES):
            try:
                image = self.runner(frame.image, f"frame {frame.number}").image
            except NoFaceError:
                image = frame.image
            height, width = image.shape
            size = _TILE, max(round(_TILE * height / width), 1)
            tiles.append(cv2.resize(as_bytes(image.values), size, interpolation=cv2.INTER_AREA))
        if not tiles:
            raise UsageError(f"{self.video.path}: no frame is in the part that is taken")
        tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % _COLUMNS)
        rows = [tiles[at : at + _COLUMNS] for at in range(0, len(tiles), _COLUMNS)]
        return Image(np.concatenate([np.concatenate(row, axis=1) for row in rows]))

    def write_preview(self, path: StrPath, every: int, consent: str = "unspecified") -> Path:
        """Write the `preview` of a video that is saved to `path`, as `preview_path` has it.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        sheet = preview_path(Path(path))
        source_type, sentence = mark_of(self.runner.recipe, consent)
        xmp = mark(None, source_type=source_type, description=sentence)
        write(sheet, self.preview(every), xmp=xmp)
        return sheet

    def said(self, codec: str, quality: int) -> dict[str, object]:
        """The settings that records have beside the recipe's."""
        return video_settings(self.video, codec, quality)

    def _changed(
        self, frames: FrameReader, memory: Memory, chosen: frozenset[int], workers: int
    ) -> Iterator[tuple[FollowedFrame, frozenset[int], Result]]:
        """Each frame, whom it was for before, and what became of it; in order."""
        tracker = FaceTracker(self.runner.model.reconstructor)
        faces_of = self.runner.recipe.faces
        waiting: deque[tuple[FollowedFrame, frozenset[int], Future[Result]]] = deque()
        with ThreadPoolExecutor(workers) as pool:
            try:
                for one in followed(frames, tracker, memory):
                    own = faces_meant(faces_of, one.faces, chosen & one.known)
                    found = sorted((face.found for face in own), key=lambda face: -face.box.size)
                    waiting.append((one, chosen, pool.submit(self._one, one, found)))
                    chosen = (chosen & one.known) | {face.track for face in own}
                    if len(waiting) > workers:
                        yield _done(waiting.popleft())
                while waiting:
                    yield _done(waiting.popleft())
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _one(self, one: FollowedFrame, found: Sequence[Reconstruction]) -> Result:
        return self.runner(Seen(one.frame.image, found), f"frame {one.frame.number}")


def _kind(note: str) -> str:
    """A note without its figures."""
    return re.sub(r"[\d.]+", "", note)


def preview_path(output: Path) -> Path:
    """Where the preview of a video goes: beside it, ``NAME_preview.png``."""
    return output.with_name(f"{output.stem}_preview.png")


def _done(
    waiting: tuple[FollowedFrame, frozenset[int], Future[Result]],
) -> tuple[FollowedFrame, frozenset[int], Result]:
    one, chosen, result = waiting
    return one, chosen, result.result()


def faces_meant(
    faces: Faces, seen: Sequence[TrackedFace], before: frozenset[int]
) -> list[TrackedFace]:
    """The faces of a frame that a recipe's `Faces` mean, as of `chosen_faces`."""
    if isinstance(faces, MostFaces):
        return chosen_faces("all", faces.count, seen, before)
    return chosen_faces(faces, None, seen, before)


def video_settings(video: Video, codec: str, quality: int) -> dict[str, object]:
    """What records say of how a video was read and written."""
    start, stop = (None if value is None else float(value) for value in (video.start, video.stop))
    settings: dict[str, object] = {"codec": codec, "quality": quality}
    return {**settings, "start": start, "stop": stop, "every": video.every}


@dataclass(frozen=True)
class VideoRecord(Record):
    """The record of a video.

    Attributes
    ----------
    streams : mapping of str to str
        Each stream of the output to the sha256 of its packets.
    """

    streams: Mapping[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class _Parts:
    """A video that is made part by part, in a folder beside it."""

    result: VideoResult
    path: Path
    codec: str
    quality: int
    consent: str
    notes: list[str] = field(default_factory=list)
    open_part: int = 0

    @property
    def folder(self) -> Path:
        return self.path.with_name(f"{self.path.name}.parts")

    @property
    def playable(self) -> Path:
        return self.path.with_name(f"{self.path.stem}.part{self.path.suffix}")

    def part(self, number: int) -> Path:
        """The file of a part."""
        return self.folder / f"{number:06d}.mp4"

    def memory(self, number: int) -> Path:
        """The file of what is known before a part."""
        return self.folder / f"{number:06d}.npz"

    def prepare(self) -> None:
        """Make the folder; what is in it of another run goes."""
        plan = self.folder / "plan.json"
        try:
            self.folder.mkdir(exist_ok=True)
            wanted = json.dumps(self._plan(), sort_keys=True).encode()
            if not plan.is_file() or plan.read_bytes() != wanted:
                for file in self.folder.iterdir():
                    file.unlink()
                write_bytes_atomically(plan, wanted)
            self.playable.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.folder}: cannot be written to ({why(error)}); choose another output"
            ) from None

    def make(self, workers: int, on_progress: OnProgress) -> None:
        """Make the parts that are not there yet."""
        first, memory, chosen = self._begun()
        video = self.result.video
        frames = video.frames(first * PART - len(memory.past))
        changed = self.result._changed(frames, memory, chosen, workers)
        number, writer, done = first, None, first * PART
        try:
            for one, before, result in changed:
                if one.frame.number % PART == 0:
                    if writer is not None:
                        self._close(writer, number)
                    number = self.open_part = one.frame.number // PART
                    self._remember(number, one, before)
                    writer = VideoWriter(self._unfinished, video, self.codec, self.quality)
                assert writer is not None
                writer.write(one.frame, result.image)
                self._note(result.notes, video.seconds(one.frame))
                done += 1
                on_progress(done, video.count)
        except BaseException:
            if writer is not None:
                with suppress(OutputError):  # what went wrong before matters more
                    writer.close()
            raise
        if writer is not None:
            self._close(writer, number)
        if frames.broken:
            self.notes.append(f"{video.path.name}: {frames.broken} damaged packet(s) left out")

    def finish(self) -> tuple[str, ...]:
        """Put the parts together, write the record, and remove the folder."""
        parts = self._whole()
        if not parts:
            raise UsageError(f"{self.result.video.path}: no frame is in the part that is taken")
        temporary = self.folder / "joined"
        joined = join(temporary, self.path.suffix.lower(), parts, self.result.video, self._mark())
        notes = (*self._lost(), *self.notes, *joined.lost)
        record = self._record(notes, joined.streams)
        digest = file_sha256(temporary)
        write_bytes_atomically(record_path(self.path), record_bytes(self.path, digest, record))
        try:
            temporary.replace(self.path)
        except OSError as error:
            record_path(self.path).unlink(missing_ok=True)
            raise OutputError(
                f"{self.path}: cannot be written ({why(error)}); choose another output path"
            ) from None
        shutil.rmtree(self.folder, ignore_errors=True)
        return notes

    def leave_playable(self) -> None:
        """Put together what is there by now, the part that was begun among it."""
        parts = self._whole()
        if self._unfinished.is_file() and self.memory(self.open_part).is_file():
            parts.append((self._unfinished, self._state(self.open_part)[2]))
        if parts:
            suffix = self.path.suffix.lower()
            join(self.playable, suffix, parts, self.result.video, self._mark())

    @property
    def _unfinished(self) -> Path:
        return self.folder / "unfinished.mp4"

    def _close(self, writer: VideoWriter, number: int) -> None:
        writer.close()
        self._unfinished.replace(self.part(number))

    def _remember(self, number: int, one: FollowedFrame, chosen: frozenset[int]) -> None:
        out = BytesIO()
        np.savez(
            out,
            memory=np.frombuffer(one.before.packed(), np.uint8),
            chosen=np.array(sorted(chosen), np.int64),
            pts=np.int64(one.frame.pts),
            notes=np.array(json.dumps(self.notes)),
        )
        write_bytes_atomically(self.memory(number), out.getvalue())

    def _state(self, number: int) -> tuple[Memory, frozenset[int], int]:
        """What is known before a part, whom it is for, and when its first frame is shown."""
        arrays = np.load(self.memory(number), allow_pickle=False)
        chosen = frozenset(arrays["chosen"].tolist())
        return Memory.unpacked(arrays["memory"].tobytes()), chosen, int(arrays["pts"])

    def _begun(self) -> tuple[int, Memory, frozenset[int]]:
        """The first part that is to be made, and what is known before it."""
        number = 0
        while self.part(number).is_file() and self.memory(number + 1).is_file():
            number += 1
        if number == 0:
            return 0, Memory(), frozenset()
        memory, chosen, _ = self._state(number)
        self.notes = json.loads(str(np.load(self.memory(number))["notes"]))
        return number, memory, chosen

    def _whole(self) -> list[tuple[Path, int]]:
        """The parts that are whole, with the times of their first frames."""
        parts: list[tuple[Path, int]] = []
        while self.part(len(parts)).is_file():
            number = len(parts)
            parts.append((self.part(number), self._state(number)[2]))
        return parts

    def _note(self, notes: Sequence[str], seconds: float) -> None:
        """Keep the first note of each kind, whatever its figures, with its time."""
        kinds = {_kind(note) for note in self.notes}
        for note in notes:
            said = f"at {seconds:.2f} s: {note}"
            self.notes += [] if _kind(said) in kinds else [said]
            kinds.add(_kind(said))

    def _lost(self) -> list[str]:
        """What reading the inputs and the video lost."""
        video = self.result.video
        return [*self.result.runner.notes, *(f"{video.path.name}: {note}" for note in video.notes)]

    def _mark(self) -> bytes:
        source_type, sentence = mark_of(self.result.runner.recipe, self.consent)
        sentence = sentence.replace("this image", "this video")
        return mark(packet_of(self.result.video.path), source_type=source_type,
                    description=sentence)  # fmt: skip

    def _plan(self) -> dict[str, object]:
        """What the bytes of the parts depend on."""
        record = self._record((), {})
        return {"recipe": record.recipe, "inputs": [vars(one) for one in record.inputs],
                "weights": dict(record.weights), "versions": dict(record.versions)}  # fmt: skip

    @cached_property
    def _digest(self) -> str:
        """The sha256 of the video, which was there when it was opened."""
        path = self.result.video.path
        try:
            return file_sha256(path)
        except OSError as error:
            raise UsageError(f"{path}: {why(error)}; leave it where it is meanwhile") from None

    def _record(self, notes: Sequence[str], streams: Mapping[str, str]) -> VideoRecord:
        video, runner = self.result.video, self.result.runner
        height, width = video.shape
        given = [part.described for part in runner.parts]
        target = Input(video.path.name, "target", self._digest, width, height)
        return VideoRecord(
            recipe={**runner.recorded, "video": self.result.said(self.codec, self.quality)},
            inputs=(*given, target),
            weights=runner.weights,
            seed=runner.recipe.seed,
            consent=self.consent,
            notes=tuple(notes),
            versions={**software_versions(), **pyav_version()},
            streams=streams,
        )
