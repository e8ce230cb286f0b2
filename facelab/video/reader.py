"""Videos in: their frames as displayed, one after another, with their times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.errors import ImageError, UsageError
from facelab.files import StrPath
from facelab.images import Image
from facelab.video.pixels import PixelFormat
from facelab.video.pyav import pyav

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

_MICROSECONDS = 1_000_000  # a container's own unit of time


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A frame of a video.

    Parameters
    ----------
    number : int
        Among those that are taken, from 0.
    pts : int
        When it is shown, in `Video.time_base` since the clip's start.
    image : Image
        Upright, 8 or 16 bits (10-bit video has 16); its values are taken as sRGB's.
    """

    number: int
    pts: int
    image: Image


@dataclass(frozen=True, eq=False)
class Video:
    """A video file, of which a part may be taken; made by `open_video`.

    Parameters
    ----------
    path : Path
    shape : (H, W)
        As displayed, pixels.
    pixels : PixelFormat
        How its colours are stored.
    time_base : Fraction
        Seconds; the unit of times.
    rate : Fraction
        Mean frames a second.
    count : int or None
        About how many frames are taken; None where the file does not tell.
    turns : int
        Quarter turns counter-clockwise that make stored frames upright.
    pixel_aspect : Fraction
        A displayed pixel's width over its height.
    origin : int
        The time of the clip's start in the file, in `time_base`.
    start, stop : Fraction, optional
        Seconds in the file from which, and up to which, frames are taken.
    every : int
        One frame of so many is taken.
    notes : tuple of str
        What reading cannot keep, a clause each.

    Examples
    --------
    >>> video = facelab.open_video("clip.mp4")
    >>> video
    <Video 128x96, about 5 frames, clip.mp4>
    >>> video.shape, float(video.rate)
    ((96, 128), 25.0)
    >>> [round(float(frame.pts * video.time_base), 2) for frame in video][:3]
    [0.0, 0.04, 0.08]
    """

    path: Path
    shape: tuple[int, int]
    pixels: PixelFormat = field(repr=False)
    time_base: Fraction = field(repr=False)
    rate: Fraction
    count: int | None
    turns: int = field(repr=False)
    pixel_aspect: Fraction = field(repr=False)
    origin: int = field(repr=False)
    start: Fraction | None = None
    stop: Fraction | None = None
    every: int = 1
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        (height, width), count = self.shape, self.count
        frames = f"about {count} frames, " if count else ""
        return f"<Video {width}x{height}, {frames}{self.path.name}>"

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()

    def frames(self, first: int = 0) -> FrameReader:
        """Return the frames, from the one of number `first` on."""
        return FrameReader(self, first)

    def seconds(self, frame: Frame) -> float:
        """When a frame is shown, seconds since the clip's start."""
        return float(frame.pts * self.time_base)


def open_video(
    path: StrPath,
    *,
    start: float | None = None,
    stop: float | None = None,
    every: int = 1,
) -> Video:
    """Open a video; its frames are decoded when they are asked for.

    Parameters
    ----------
    path : path
        A file that FFmpeg reads.
    start, stop : float, optional
        Seconds from the first frame; frames before `start` and from `stop` on are left out.
    every : int
        Take one frame of so many.

    Raises
    ------
    ImageError
        If it cannot be read, or holds no frame.
    UsageError
        If PyAV is not installed, or no such part is in the video.

    Examples
    --------
    >>> video = facelab.open_video("clip.mp4", start=0.1, every=2)
    >>> len(list(video))
    1
    """
    if every < 1:
        raise UsageError(f"every: {every} is not 1 or more")
    low, high = (None if value is None else Fraction(str(value)) for value in (start, stop))
    if (low or 0) < 0 or (high is not None and high <= (low or 0)):
        raise UsageError(f"start {start} and stop {stop}: give 0 <= start < stop, seconds")
    path = Path(path)
    with opened(path) as container:
        stream = video_stream(container, path)
        first = _first(container, stream, path)
        notes = _notes(first)
        shape, turns = (first.height, first.width), round(first.rotation / 90) % 4
        aspect = Fraction(stream.sample_aspect_ratio or 1)
        begun = Fraction(container.start_time or 0, _MICROSECONDS) + (low or 0)
        base = Fraction(stream.time_base or Fraction(1, 90_000))
        rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
        return Video(
            path=path,
            shape=shape[::-1] if turns % 2 else shape,
            pixels=PixelFormat.of(first),
            time_base=base,
            rate=rate,
            count=_count(container, stream, rate, (low, high), every),
            turns=turns,
            pixel_aspect=1 / aspect if turns % 2 else aspect,
            origin=round(begun / base),
            start=low,
            stop=high,
            every=every,
            notes=notes,
        )


class FrameReader(Iterator[Frame]):
    """The frames of a video, from one on.

    Attributes
    ----------
    broken : int
        Packets that could not be decoded by now.
    """

    def __init__(self, video: Video, first: int = 0) -> None:
        self.broken = 0
        self._frames = self._taken(video, first)

    def __next__(self) -> Frame:
        return next(self._frames)

    def _taken(self, video: Video, first: int) -> Iterator[Frame]:
        """The frames of the part that is taken, times growing."""
        number, last = -1, -1
        for frame in self._decoded(video):
            pts = (frame.pts if frame.pts is not None else last + 1 + video.origin) - video.origin
            if pts < 0 and video.start is not None:
                continue
            if video.stop is not None and pts * video.time_base >= video.stop - (video.start or 0):
                return
            number, last = number + 1, max(pts, last + 1)
            if number % video.every == 0 and number // video.every >= first:
                yield Frame(number // video.every, last, _image(video, frame))

    def _decoded(self, video: Video) -> Iterator[VideoFrame]:
        with opened(video.path) as container:
            stream = video_stream(container, video.path)
            stream.thread_type = "AUTO"
            if video.start:
                container.seek(video.origin, stream=stream)
            for packet in self._packets(container, stream):
                try:
                    yield from stream.decode(packet)
                except pyav().error.FFmpegError:
                    self.broken += 1

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[Any]:
        """The packets of a stream, as far as the file goes, and the last, empty one."""
        try:
            yield from container.demux(stream)
        except pyav().error.FFmpegError:
            self.broken += 1
            yield None


def opened(path: Path) -> InputContainer:
    """A file that FFmpeg reads, open; for use in ``with``.

    Raises
    ------
    ImageError
        If it is none, or a picture.
    """
    if not path.is_file():
        raise ImageError(f"{path}: no such file; check the path")
    try:
        container: InputContainer = pyav().open(str(path), metadata_errors="replace")
    except (pyav().error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ImageError(f"{path}: cannot be read as a video ({reason}); give a video") from None
    kind = container.format.name
    if kind.endswith("_pipe") or kind in ("image2", "gif", "ico"):
        container.close()
        raise ImageError(f"{path}: is a picture, not a video; give it the suffix of its kind")
    return container


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first stream of pictures that is not a cover.

    Raises
    ------
    ImageError
        If there is none.
    """
    for stream in container.streams.video:
        if not stream.disposition & pyav().stream.Disposition.attached_pic:
            return stream
    raise ImageError(f"{path}: has no pictures, only sound or data; give a video")


def _first(container: InputContainer, stream: VideoStream, path: Path) -> VideoFrame:
    """The first frame that can be decoded."""
    failures = pyav().error.FFmpegError
    with suppress(failures):
        for packet in container.demux(stream):
            with suppress(failures):
                for frame in stream.decode(packet):
                    return frame
    raise ImageError(f"{path}: no frame in it can be decoded; it is empty or damaged")


def _image(video: Video, frame: VideoFrame) -> Image:
    stored = video.shape[::-1] if video.turns % 2 else video.shape
    return Image(
        video.pixels.decoded(frame, video.turns, stored), bits=8 if video.pixels.bits == 8 else 16
    )


def _notes(first: VideoFrame) -> tuple[str, ...]:
    """What is not kept of a stream, by its first frame."""
    found = []
    if first.interlaced_frame:
        found.append("it is interlaced: its frames are taken as whole pictures")
    if any(part.is_alpha for part in first.format.components):
        found.append("its transparency is not kept")
    if first.format.components[0].bits > 10:
        found.append(f"of its {first.format.components[0].bits} bits a channel 10 are kept")
    return tuple(found)


def _count(
    container: InputContainer,
    stream: VideoStream,
    rate: Fraction,
    part: tuple[Fraction | None, Fraction | None],
    every: int,
) -> int | None:
    """About how many frames are taken."""
    if part == (None, None) and stream.frames:
        return -(-stream.frames // every)
    if not container.duration:
        return None
    whole = Fraction(container.duration, _MICROSECONDS)
    seconds = min(part[1] or whole, whole) - (part[0] or 0)
    return max(round(seconds * rate / every), 1)
