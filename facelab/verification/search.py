"""Finding the files that a record names, which it does without their folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from facelab.errors import UsageError
from facelab.provenance import file_sha256

_MOST_BYTES = 4 << 30  # that are hashed in search of one renamed file


@dataclass(frozen=True)
class Search:
    """A search for files by name and hash.

    Parameters
    ----------
    near : sequence of Path
        Folders, without those in them.
    below : sequence of Path
        Folders with all that is below them.

    Raises
    ------
    UsageError
        If one of `below` is no folder.
    """

    near: Sequence[Path]
    below: Sequence[Path] = ()
    _hashes: dict[Path, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for folder in self.below:
            if not folder.is_dir():
                raise UsageError(f"{folder}: is not a folder; give one that holds inputs")

    def find(self, name: str | None, sha256: str, suffix: str | None = None) -> Path | None:
        """Find the file of that hash: one called `name` or, renamed, another of its kind.

        Parameters
        ----------
        name : str or None
            None if it is not known; then `suffix` tells its kind, or None that it may be any.
        """
        of_kind = suffix if name is None else Path(name).suffix
        called = self.named(name) if name else []
        return self._first(called, sha256) or self._first(self._like(of_kind), sha256)

    def named(self, name: str) -> list[Path]:
        """The files called `name`."""
        return [path for path in self._files if path.name == name]

    @property
    def said(self) -> str:
        """The folders, for people."""
        return ", ".join(dict.fromkeys(map(str, (*self.near, *self.below))))

    @cached_property
    def _files(self) -> list[Path]:
        """Every regular file, once, in the order of the folders."""
        found = (path for folder in self.near for path in _listed(folder.glob("*")))
        below = (path for folder in self.below for path in _listed(folder.rglob("*")))
        return list(dict.fromkeys((*found, *below)))

    def _like(self, suffix: str | None) -> Iterator[Path]:
        """Files of that suffix, or of any, until there is too much to hash of them."""
        left = _MOST_BYTES
        for path in self._files:
            if suffix is None or path.suffix.lower() == suffix.lower():
                left -= path.stat().st_size
                if left < 0:
                    return
                yield path

    def _first(self, paths: Iterable[Path], sha256: str) -> Path | None:
        return next((path for path in paths if self._hash(path) == sha256), None)

    def _hash(self, path: Path) -> str | None:
        if path not in self._hashes:
            try:
                self._hashes[path] = file_sha256(path)
            except OSError:
                return None
        return self._hashes[path]


def _listed(paths: Iterator[Path]) -> Iterator[Path]:
    """The regular files among paths, by name; what cannot be listed holds none."""
    try:
        yield from (path for path in sorted(paths) if path.is_file())
    except OSError:
        return
