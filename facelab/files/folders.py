"""Folders that are written into."""

from __future__ import annotations

import os
from pathlib import Path

from facelab.errors import OutputError, UsageError
from facelab.files import why


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
        raise OutputError(
            f"{folder}: cannot be made a folder ({why(error)}); choose another output folder"
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


def check_absent(file: Path) -> None:
    """Refuse a file that is there, before any work is done.

    Raises
    ------
    UsageError
        It says how it may be replaced.
    """
    if file.exists():
        raise UsageError(
            f"{file}: is already there; --overwrite replaces it, or give another output"
        )
