"""Files and folders that are either complete or not there."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from facelab.errors import OutputError, UsageError
from facelab.files import StrPath, why

_REMEDIES = {
    errno.EACCES: "choose a folder you may write to",
    errno.EDQUOT: "free some space or choose another disk",
    errno.EFBIG: "raise the file-size limit or choose another disk",
    errno.EISDIR: "give a file name, not a folder",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOENT: "create the folder first",
    errno.ENOSPC: "free some space or choose another disk",
    errno.ENOTDIR: "choose a path whose parents are folders",
    errno.EPERM: "choose a folder you may write to",
    errno.EROFS: "choose a folder you may write to",
}


def write_bytes_atomically(path: StrPath, data: bytes) -> None:
    """Write a file so that `path` holds either all of `data` or what it held before.

    Parameters
    ----------
    path : path
        The file to create or replace; its folder must exist.
    data : bytes
        Its content.

    Raises
    ------
    OutputError
        If the file cannot be written; nothing is left behind.
    """
    target = Path(path)
    # In the same folder, so that the renaming stays on one file system and is atomic.
    temporary = target.with_name(f".facelab-{secrets.token_hex(6)}.part")
    try:
        try:
            temporary.write_bytes(data)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(_sentence(target, error)) from error


def _sentence(path: Path, error: OSError) -> str:
    remedy = _REMEDIES.get(error.errno or 0, "choose another output path")
    return f"{path}: cannot be written ({why(error)}); {remedy}"


def same_file(a: StrPath, b: StrPath) -> bool:
    """Whether two paths lead to one file, also through links or to a file not yet there."""
    try:
        return Path(a).samefile(b)
    except OSError:
        return _resolved(a) == _resolved(b)


def _resolved(path: StrPath) -> Path:
    """The path without links; as it is where they lead round in a circle."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError):
        return Path(path).absolute()


@contextmanager
def folder_aside(folder: Path) -> Iterator[Path]:
    """A hidden folder inside of `folder`, gone in the end with all that is still in it.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    try:
        aside = Path(tempfile.mkdtemp(prefix=".facelab-", dir=folder))
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written to ({why(error)}); choose another folder"
        ) from error
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def move(files: Sequence[Path], folder: Path, kept: Collection[Path]) -> None:
    """Move files into a folder, replacing those of their names, in the order given.

    Raises
    ------
    OutputError
        If one would replace a folder or one of the resolved paths `kept`; then none is moved.
        Or if one cannot be moved.
    """
    for target in (folder / file.name for file in files):
        if target.resolve() in kept:
            raise OutputError(f"{target}: would overwrite an input; choose another folder")
        if target.is_dir():
            raise OutputError(f"{target}: is a folder; remove it or choose another folder")
    for file in files:
        target = folder / file.name
        try:
            file.replace(target)
        except OSError as error:
            raise OutputError(
                f"{target}: cannot be written ({why(error)}); choose another folder"
            ) from error


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
