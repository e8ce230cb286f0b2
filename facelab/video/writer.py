"""Videos out: frames to a file of one stream, the same bytes on any number of cores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facelab.errors import OutputError, UsageError
from facelab.images import Image
from facelab.video.pyav import pyav
from facelab.video.reader import Frame, Video

if TYPE_CHECKING:
    from av import VideoFrame
    from av.packet import Packet
    from av.video.stream import VideoStream

_THREADS = 4  # a number of its own: what x264 writes depends on it
QUALITY = 70
"""Of 1 to 100: what is lost then is not seen beside the input."""


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoder, and how its loss is said.

    Parameters
    ----------
    encoder : str
        FFmpeg's name of it.
    worst : int
        The rate factor at which it loses most; 0 is the least.
    options : sequence of (str, str)
    containers : tuple of str
        The suffixes of files that hold it.
    """

    encoder: str
    worst: int
    options: Sequence[tuple[str, str]]
    containers: tuple[str, ...]

    def settings(self, quality: int) -> dict[str, str]:
        """FFmpeg's options for a quality of 1 to 100."""
        factor = round(self.worst * (1 - quality / 100))
        return {"crf": str(factor), **dict(self.options)}


_MPEG = (".mp4", ".m4v", ".mov", ".mkv")
CODECS = {
    "h264": Codec("libx264", 51, (("preset", "fast"), ("rc-lookahead", "10")), _MPEG),
    "hevc": Codec(
        "libx265", 51, (("preset", "fast"), ("x265-params", "log-level=none:pools=1")), _MPEG
    ),
    "vp9": Codec(
        "libvpx-vp9",
        63,
        (("b", "0"), ("deadline", "good"), ("cpu-used", "4"), ("auto-alt-ref", "0")),
        (".webm", ".mkv", ".mp4"),
    ),
}
"""By the names that users call them; the first that fits a file's suffix is its default."""


def codec_for(path: Path, name: str | None = None) -> str:
    """Return the name of the codec for a file, by default what its suffix usually holds.

    Raises
    ------
    UsageError
        If there is none of that name, or files with that suffix do not hold it.
    """
    suffix = path.suffix.lower()
    fitting = [key for key, codec in CODECS.items() if suffix in codec.containers]
    if not fitting:
        wanted = ", ".join(sorted({one for codec in CODECS.values() for one in codec.containers}))
        raise UsageError(f"{path}: no such video is written; end its name in {wanted}")
    if name is not None and name not in fitting:
        raise UsageError(f"--codec {name}: {suffix} holds {', '.join(fitting)}; choose one")
    return name or fitting[0]


class VideoWriter:
    """Writes the frames of a part of a video, whose first one begins at 0.

    No frame is shown in another order than it is stored (no B-frames), so that parts can be put
    together by their times alone.

    Parameters
    ----------
    path : Path
        An MP4 file.
    video : Video
        What the frames are of: their times, colours and pixels' aspect.
    codec : str
        Of `CODECS`.
    quality : int
        1 to 100.
    """

    def __init__(self, path: Path, video: Video, codec: str, quality: int) -> None:
        self._path, self._video, self._codec = path, video, CODECS[codec]
        self._quality = quality
        self._first: int | None = None
        self._container = pyav().open(str(path), "w", format="mp4", options=BITEXACT)

    def write(self, frame: Frame, image: Image) -> None:
        """Write an image, upright, of 8 or 16 bits, as the next frame, shown when `frame` is.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        encoded = self._video.pixels.encoded(image.values)
        if self._first is None:
            self._first, self._stream = frame.pts, self._added(encoded)
        encoded.pts, encoded.time_base = frame.pts - self._first, self._video.time_base
        self._mux(self._stream.encode(encoded))

    def close(self) -> None:
        """Write what the encoder still holds, and close the file.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        try:
            if self._first is not None:
                self._mux(self._stream.encode())
        finally:
            with written(self._path):
                self._container.close()

    def _mux(self, packets: Sequence[Packet[Any]]) -> None:
        with written(self._path):
            self._container.mux(packets)

    def _added(self, frame: VideoFrame) -> VideoStream:
        """The stream of frames such as this."""
        video, held = self._video, self._video.pixels
        settings = self._codec.settings(self._quality)
        stream: VideoStream = self._container.add_stream(
            self._codec.encoder, rate=video.rate, options=settings
        )
        context = stream.codec_context
        stream.time_base = context.time_base = video.time_base
        context.width, context.height = frame.width, frame.height
        context.pix_fmt = held.name
        context.sample_aspect_ratio = video.pixel_aspect
        context.max_b_frames = 0
        context.thread_count = _THREADS
        context.colorspace, context.color_range = held.matrix, held.colour_range
        context.color_primaries, context.color_trc = held.primaries, held.transfer
        return stream


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Raise ``OutputError`` for what goes wrong with writing a file."""
    try:
        yield
    except (pyav().error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"{path}: cannot be written ({reason}); free some space or choose another disk"
        ) from None


BITEXACT = {"fflags": "+bitexact"}
"""FFmpeg's option for files without a date and a random number."""
