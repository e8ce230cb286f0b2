"""Where a data set is written: a folder on this machine or anywhere that fsspec reaches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from facelab.errors import OutputError, UsageError
from facelab.files import MEGABYTE, read_bytes, why
from facelab.files.writing import write_bytes_atomically

_LARGEST = 2048 * MEGABYTE  # of a file that is read back whole; a shard has a hundred samples


@dataclass(frozen=True)
class Store:
    """A folder of files that are either complete or not there.

    Names are relative to it, with ``/`` between folders, which are made when needed.

    Parameters
    ----------
    url : str
        A path, or what fsspec takes: ``s3://bucket/folder``, ``memory://folder``.

    Raises
    ------
    UsageError
        If fsspec does not know the protocol or lacks the package for it.
    """

    url: str
    files: AbstractFileSystem = field(init=False, repr=False, compare=False)
    root: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            files, root = url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise UsageError(
                f"{self.url}: fsspec cannot open it ({error}); give a path, or install what that "
                "protocol needs"
            ) from None
        object.__setattr__(self, "files", files)
        object.__setattr__(self, "root", root)

    def write(self, name: str, data: bytes) -> None:
        """Write a file, or replace it.

        Raises
        ------
        OutputError
            If it cannot be written; what was there before is still there.
        """
        path = self._path(name)
        try:
            if isinstance(self.files, LocalFileSystem):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                write_bytes_atomically(path, data)
            else:
                self.files.pipe_file(path, data)
        except OSError as error:
            raise _failure(path, error) from error

    def write_parts(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a file of any length, as `write` does, from parts that are made meanwhile."""
        path = self._path(name)
        folder, _, last = path.rpartition("/")
        temporary = f"{folder}/.facelab-{last}.part"
        try:
            self.files.makedirs(folder, exist_ok=True)
            try:
                with self.files.open(temporary, "wb") as file:
                    file.writelines(parts)
                self.files.mv(temporary, path)
            except BaseException:
                if self.files.exists(temporary):
                    self.files.rm_file(temporary)
                raise
        except OSError as error:
            raise _failure(path, error) from error

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises
        ------
        OSError
            If it cannot be read; ``FileNotFoundError`` if there is none.
        """
        if isinstance(self.files, LocalFileSystem):
            return read_bytes(self._path(name), _LARGEST)
        data: bytes = self.files.cat_file(self._path(name))
        return data

    def exists(self, name: str) -> bool:
        """Whether there is a file, which then is complete."""
        there: bool = self.files.exists(self._path(name))
        return there

    def names(self, prefix: str = "") -> list[str]:
        """The names of all files below a folder of it, sorted."""
        below = self._path(prefix) if prefix else self.root
        start = len(self.root.rstrip("/")) + 1
        return sorted(path[start:] for path in self.files.find(below))

    def _path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"


def _failure(path: str, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({why(error)}); free some space or choose another"
    )
