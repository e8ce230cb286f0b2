"""The options of commands that take videos, too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from facelab.video.reader import Video

Command = Callable[..., Any]

_CODECS = ("h264", "hevc", "vp9")  # of `facelab.video.writer`, which is slow to import


@dataclass(frozen=True)
class VideoOptions:
    """How videos are read and written.

    Parameters
    ----------
    codec : str, optional
        By default what the output's suffix usually holds.
    quality : int, optional
        1 to 100.
    start, stop : float, optional
        Seconds.
    every : int
        One frame of so many is taken.
    workers : int
        Frames that are changed at a time.
    preview : int, optional
        One frame of so many is on a sheet that is written first.
    """

    codec: str | None = None
    quality: int | None = None
    start: float | None = None
    stop: float | None = None
    every: int = 1
    workers: int = 2
    preview: int | None = None

    def opened(self, path: Path) -> Video:
        """The part of a video that is taken; for errors see `facelab.video.reader.open_video`."""
        from facelab.video.reader import open_video

        return open_video(path, start=self.start, stop=self.stop, every=self.every)


_SECONDS, _COUNT = click.FloatRange(min=0), click.IntRange(min=1)
_PART = (
    click.option(
        "--from", "start", type=_SECONDS, metavar="SECONDS", help="Take a video from here on."
    ),
    click.option("--to", "stop", type=_SECONDS, metavar="SECONDS", help="Take a video up to here."),
    click.option(
        "--every", type=_COUNT, default=1, metavar="N", help="Take one frame in N of a video."
    ),
)
_WRITTEN = (
    click.option(
        "--codec", type=click.Choice(_CODECS), help="Of a video; by default H.264, in WebM VP9."
    ),
    click.option(
        "--quality",
        type=click.IntRange(1, 100),
        metavar="1..100",
        help="Of a video; by default its loss is not seen.",
    ),
    click.option(
        "--workers",
        type=_COUNT,
        default=2,
        show_default=True,
        metavar="N",
        help="Frames of a video that are changed at a time; the file is the same.",
    ),
    click.option(
        "--preview",
        type=_COUNT,
        metavar="N",
        help="First write NAME_preview.png, a sheet of one frame in N of a video.",
    ),
)


def part_options(command: Command) -> Command:
    """Add the options that say which part of a video is taken, given on as one ``video``."""
    return _gathered(command, _PART)


def video_options(command: Command) -> Command:
    """Add these, and those that say how a video is written."""
    return _gathered(command, (*_PART, *_WRITTEN))


def _gathered(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    names = {field.name for field in fields(VideoOptions)}

    @wraps(command)
    def gathered(**given: Any) -> object:  # noqa: ANN401
        own = {name: given.pop(name) for name in names & given.keys()}
        return command(video=VideoOptions(**own), **given)

    out: Command = gathered
    for option in reversed(options):
        out = option(out)
    return out
