"""Folders that commands read photographs from and write into."""

from __future__ import annotations

import os
from pathlib import Path

from facelab.errors import OutputError, UsageError
from facelab.images import Found, find_photographs


def photographs_of(given: Path, *, recursive: bool = False, without: Path | None = None) -> Found:
    """The photographs in a folder, as `find_photographs`; a file is given back as it is.

    Raises
    ------
    UsageError
        If the folder holds none or cannot be listed, or the path is impossible.
    """
    try:
        if not given.is_dir():
            return Found((given,))
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; give another path") from None
    return find_photographs(given, recursive=recursive, without=without)


def make_folder(folder: Path, *, parents: bool = False) -> None:
    """Make an output folder, if it is not there; its parents only where that is said.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        folder.mkdir(parents=parents, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(
            f"{folder}: cannot be made a folder ({reason}); choose another output folder"
        ) from error


def check_folder(folder: Path) -> None:
    """Refuse a folder that is not there or not writable, before any work is done.

    Raises
    ------
    OutputError
        It says which.
    """
    if not folder.is_dir():
        raise OutputError(f"{folder}: no such folder; create it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: not writable; choose a folder you may write to")
