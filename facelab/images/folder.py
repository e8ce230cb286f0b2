"""Finding photographs in a folder; whatever else is in it is counted by kind."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from facelab.errors import UsageError
from facelab.files import why
from facelab.files.writing import same_file
from facelab.images.formats import HEIC_SUFFIXES, WRITTEN, is_read

FOLDER = "folder"
OUTPUT = "output folder"
OWN = "facelab file"
HIDDEN = "hidden"
BROKEN = "broken link"
LOOP = "link to a folder that is taken or above"
SPECIAL = "special file"
UNREADABLE = "unreadable"
NAMELESS = "without a suffix"
OTHER = "other"

_PLURALS = {kind: f"{kind}s" for kind in (FOLDER, OUTPUT, OWN, BROKEN, SPECIAL)} | {
    LOOP: "links to folders that are taken or above"
}
_SUFFIX = re.compile(r"\.[a-z0-9_+-]{1,12}")  # what can be said in a line of text
_DRAWN = re.compile(
    r"(.+)_(?:all_overlay|\d+_(?:overlay|surface|depth|normals|pncc|texture|visibility|map|parse))\.png"
)


@dataclass(frozen=True)
class FolderContents:
    """The photographs in a folder, and what else is in it.

    Parameters
    ----------
    photographs : tuple of Path
        By name, below the folder as it was given.
    others : mapping of str to int
        Kind to number: a suffix such as ``.txt``, or a constant of this module.
    """

    photographs: tuple[Path, ...]
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The line ``5 not taken: 2 .txt, 1 folder, ...``; empty where everything is taken."""
        if not self.others:
            return ""
        kinds = sorted(self.others.items(), key=lambda item: (-item[1], item[0]))
        listed = ", ".join(
            f"{count} {kind if count == 1 else _PLURALS.get(kind, kind)}" for kind, count in kinds
        )
        heic = any(kind in HEIC_SUFFIXES for kind in self.others)
        hint = "; pip install 'facelab[heic]' to read HEIC" if heic else ""
        return f"{sum(self.others.values())} not taken: {listed}{hint}"


def find_photographs(
    folder: Path, *, recursive: bool = False, without: Path | None = None
) -> FolderContents:
    """Find the photographs in a folder, by their suffixes, and what else is in it.

    Only regular files are taken, also through links. What facelab wrote beside photographs (its
    records, and the pictures that a report stands beside) is not. Links to folders are followed,
    but each folder is entered once and none that lies above: loops end.

    Parameters
    ----------
    folder : Path
    recursive : bool
        Whether to look into the folders below it.
    without : Path, optional
        A folder below it that is not entered: where the output goes.

    Raises
    ------
    UsageError
        If it is no folder, cannot be listed, or has no photograph.
    """
    try:
        walk = _Walk(folder.resolve(strict=True), without)
        walk.list(folder)
    except (OSError, ValueError) as error:  # a zero in the name is a ValueError
        raise UsageError(f"{folder}: cannot be listed ({why(error)}); give a folder") from None
    while recursive and walk.below:
        walk.enter(walk.below.popleft())
    others = walk.others + Counter({FOLDER: len(walk.below)})
    found = FolderContents(tuple(sorted(walk.photographs)), dict(others))
    if not found.photographs:
        reason = f" ({found.summary})" if found.summary else ""
        deeper = ", or --recursive to look into its folders" if FOLDER in found.others else ""
        raise UsageError(f"{folder}: no photograph is in it{reason}; give another folder{deeper}")
    return found


class _Walk:
    """A walk through the folders below `root`, a resolved one."""

    def __init__(self, root: Path, without: Path | None) -> None:
        self.photographs: list[Path] = []
        self.others: Counter[str] = Counter()
        self.below: deque[Path] = deque()  # folders that were seen, not entered
        self._root, self._without = root, without
        self._entered = {_identity(root)}

    def list(self, folder: Path) -> None:
        """Sort what is in a folder; ``OSError`` if it cannot be listed."""
        names = sorted(os.listdir(folder))  # noqa: PTH208  # names, also those that are no text
        known = set(names)
        for name in names:
            kind = _kind(folder / name, known)
            if kind == FOLDER:
                self.below.append(folder / name)
            elif kind:
                self.others[kind] += 1
            else:
                self.photographs.append(folder / name)

    def enter(self, folder: Path) -> None:
        """List a folder that was seen, unless it is not to be entered, or again."""
        try:
            kind = self._closed(folder)
            if not kind:
                self._entered.add(_identity(folder))
                self.list(folder)
        except OSError:
            kind = UNREADABLE
        if kind:
            self.others[kind] += 1

    def _closed(self, folder: Path) -> str:
        if self._without is not None and same_file(folder, self._without):
            return OUTPUT
        if folder.is_symlink():
            real = folder.resolve()
            if real.is_relative_to(self._root) or self._root.is_relative_to(real):
                return LOOP
        return LOOP if _identity(folder) in self._entered else ""


def _kind(path: Path, names: Collection[str]) -> str:
    """The kind of a file in a folder that also has `names`; empty for a photograph."""
    if path.name.startswith("."):
        return HIDDEN
    try:
        mode = path.stat().st_mode
    except OSError:  # also a link to itself, or a path that is too long
        return BROKEN if os.path.islink(path) else UNREADABLE  # noqa: PTH114  # never raises
    if stat.S_ISDIR(mode):
        return FOLDER
    if not stat.S_ISREG(mode):
        return SPECIAL
    if _is_own(path.name, names):
        return OWN
    suffix = path.suffix.lower()
    if is_read(suffix):
        return ""
    return (suffix if _SUFFIX.fullmatch(suffix) else OTHER) if suffix else NAMELESS


def _is_own(name: str, names: Collection[str]) -> bool:
    """Whether facelab writes a file of that name beside one of `names`.

    ``a.jpg.json`` is the record of ``a.jpg``, ``a_show.png`` goes with such a record, and
    ``a_0_overlay.png`` with the report ``a.json``.
    """
    if name.endswith(".json"):
        return name.removesuffix(".json") in names
    if name.endswith("_show.png"):
        shown, ends = name.removesuffix("_show.png"), (*WRITTEN, *map(str.upper, WRITTEN))
        return any(f"{shown}{end}.json" in names for end in ends)
    drawn = _DRAWN.fullmatch(name)
    return drawn is not None and f"{drawn[1]}.json" in names


def _identity(folder: Path) -> tuple[int, int]:
    about = folder.stat()
    return about.st_dev, about.st_ino
