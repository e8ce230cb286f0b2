"""Files that are either complete or not there."""

from __future__ import annotations

import errno
import secrets
from pathlib import Path

from facelab.errors import OutputError
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
