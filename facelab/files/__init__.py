"""Files from outside, read so that none of them can hang a command or fill its memory.

Only regular files are read: a pipe may never say a word, a device may never end. How large a file
is, is known before it is read.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from io import BufferedReader
from typing import Any, TypeAlias

StrPath = str | os.PathLike[str]

MEGABYTE = 1 << 20

_LONG = re.compile(r"(?:^|[\s,:\[])-?(?:[\d.]+[eE]|\d{30})")
_LARGEST = 1e30  # number: sums and squares of those below stay finite

Shape: TypeAlias = "type | tuple[type, ...] | list[Shape] | dict[str, Shape]"
"""What a value of JSON must be: a type or several, ``[shape]`` of every item, or keys' shapes."""

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: StrPath) -> BufferedReader:
    """A file opened for reading, which is never waited for.

    Raises
    ------
    OSError
        If it is not there, may not be read, or is not a regular file; `strerror` says why.
    """
    try:
        # Without O_NONBLOCK a pipe that nobody writes to would be waited for.
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
    except ValueError as error:  # a NUL in it, or half a surrogate pair
        raise OSError(errno.EINVAL, "no name of a file", repr(path)) from error
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "is a folder", os.fspath(path))
        if not stat.S_ISREG(mode):
            kind = _KINDS.get(stat.S_IFMT(mode), "something else")
            raise OSError(errno.EINVAL, f"is {kind}, not a regular file", os.fspath(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_bytes(path: StrPath, limit: int) -> bytes:
    """All of a regular file of at most `limit` bytes.

    Raises
    ------
    OSError
        As of `open_regular`, or if it is larger.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            reason = f"too large: {_said(size)}, where the limit is {_said(limit)}"
            raise OSError(errno.EFBIG, reason, os.fspath(path))
        return file.read(size)


def why(error: Exception) -> str:
    """Why a file cannot be read or written, as a part of a sentence."""
    reason: str = getattr(error, "strerror", None) or str(error)
    return reason[:1].lower() + reason[1:]


def parse_json(data: bytes, shape: Shape) -> Any:  # noqa: ANN401  # as JSON has it
    """A JSON document of a known shape.

    Parameters
    ----------
    data : bytes
        UTF-8.
    shape : type, tuple of type, list or mapping
        What the document must be, see `Shape`; a mapping's other keys may be anything.

    Raises
    ------
    ValueError
        If it is none, or of another shape: in one line, where.
    """
    text = data.decode()
    try:
        # The own functions are slow, and only numbers with an exponent or many digits need them.
        own: dict[str, Any] = {"parse_float": _real, "parse_int": _integer}
        value = json.loads(text, parse_constant=_real, **(own if _LONG.search(text) else {}))
        if "\\ud" in text.lower():  # half of a surrogate pair is no text, and cannot be written
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    _require(value, shape, "it")
    return value


def _real(text: str) -> float:
    value = float(text)
    if not abs(value) < _LARGEST:
        raise ValueError(f"{text[:20]} is no number of ours")
    return value


def _integer(text: str) -> int:
    _real(text)
    return int(text)


def _require(value: object, shape: Shape, where: str) -> None:
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise ValueError(f"{where} is no map of keys")
        for key, inner in shape.items():
            if key not in value:
                raise ValueError(f"{where} has no {key}")
            _require(value[key], inner, key)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise ValueError(f"{where} is no list")
        for item in value:
            _require(item, shape[0], f"an item of {where}")
    else:
        kinds = shape if isinstance(shape, tuple) else (shape,)
        if type(value) not in kinds:  # in Python a bool is an int, too
            raise ValueError(f"{where} is of another kind")


def _said(size: int) -> str:
    """A size for people."""
    for unit, name in ((1 << 30, "GB"), (MEGABYTE, "MB"), (1 << 10, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"
