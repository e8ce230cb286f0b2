"""Videos: frames in and out, faces followed over time, and their places without jitter.

reader, writer, join: files - pixels: a frame's colours - tracks: who is who - smoothing: where.
PyAV reads and writes (the extra ``video``); nothing else here needs it.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TypeGuard

SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".mpg", ".mpeg", ".wmv")
"""Of the files that are taken for videos."""

WRITTEN = (".mp4", ".m4v", ".mov", ".mkv", ".webm")
"""Of the files that are written."""


def is_video(path: object) -> TypeGuard[str | PathLike[str]]:
    """Whether a path's suffix is that of a video."""
    return isinstance(path, str | PathLike) and Path(path).suffix.lower() in SUFFIXES
