"""The options of commands that take videos, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

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
    """

    codec: str | None = None
    quality: int | None = None
    start: float | None = None
    stop: float | None = None
    every: int = 1
    workers: int = 2


def video_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of videos, which the command is given as one ``video``."""

    @wraps(command)
    def gathered(
        codec: str | None,
        quality: int | None,
        start: float | None,
        stop: float | None,
        every: int,
        workers: int,
        **others: Any,  # noqa: ANN401
    ) -> object:
        video = VideoOptions(codec, quality, start, stop, every, workers)
        return command(video=video, **others)

    seconds = click.FloatRange(min=0)
    count = click.IntRange(min=1)
    options = (
        click.option(
            "--codec",
            type=click.Choice(_CODECS),
            help="Of a video; by default H.264, in WebM VP9.",
        ),
        click.option(
            "--quality",
            type=click.IntRange(1, 100),
            metavar="1..100",
            help="Of a video; by default its loss is not seen.",
        ),
        click.option(
            "--from", "start", type=seconds, metavar="SECONDS", help="Take a video from here on."
        ),
        click.option(
            "--to", "stop", type=seconds, metavar="SECONDS", help="Take a video up to here."
        ),
        click.option(
            "--every",
            type=count,
            default=1,
            metavar="N",
            help="Take one frame in N of a video.",
        ),
        click.option(
            "--workers",
            type=count,
            default=2,
            show_default=True,
            metavar="N",
            help="Frames of a video that are changed at a time; the file is the same.",
        ),
    )
    for option in reversed(options):
        gathered = option(gathered)
    return gathered
