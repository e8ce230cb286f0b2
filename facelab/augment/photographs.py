"""Which photographs of a folder samples are made of, and who is in each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from facelab.augment.plan import Item, split_of
from facelab.errors import UsageError
from facelab.files import why
from facelab.images import find_photographs
from facelab.provenance import file_sha256

Skipped = dict[str, str]  # the name of a photograph below the folder, and why it is left out


def find(folder: Path, seed: int) -> tuple[list[Item], Skipped, str]:
    """The photographs in a folder and the folders below it.

    Parameters
    ----------
    folder : Path
        Those in a folder of it are of one person, who is called after that folder; those in the
        folder itself are of one person each.
    seed : int
        Of the data set; it decides who is in which split.

    Returns
    -------
    items : list of Item
        By sha256. Of photographs that are the same to the byte there is one, the first by name.
    skipped : dict of str to str
        The others, and why.
    left : str
        What else is in the folders, as `facelab.images.FolderContents` says it.

    Raises
    ------
    UsageError
        If it is no folder, or holds no photographs.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder; give the folder of the photographs")
    there = find_photographs(folder, recursive=True)
    names = [file.relative_to(folder) for file in there.photographs]
    # Of links in it the names stay, wherever they lead.
    items, skipped = _described(folder.resolve(), names, seed)
    if not items:
        raise UsageError(f"{folder}: no photograph in it can be read; give another folder")
    return items, skipped, there.summary


def of_files(files: Sequence[Path], seed: int) -> tuple[list[Item], Skipped]:
    """The photographs in files, as `find` has those of the deepest folder that holds them all.

    Raises
    ------
    UsageError
        If none can be read.
    """
    paths = [file.absolute() for file in files]
    root = Path(os.path.commonpath([path.parent for path in paths])) if paths else Path()
    items, skipped = _described(root, [path.relative_to(root) for path in paths], seed)
    if not items:
        said = "".join(f" ({name} {reason})" for name, reason in list(skipped.items())[:1])
        raise UsageError(f"photographs: none can be read{said}; give files of photographs")
    return items, skipped


def _described(root: Path, names: Iterable[Path], seed: int) -> tuple[list[Item], Skipped]:
    """The photographs of these names below a folder, and those that are left out."""
    found: dict[str, Item] = {}
    skipped: Skipped = {}
    for name in names:
        file = root / name
        if not _is_text(name):
            skipped[ascii(name.as_posix())] = "has a name that is no text; rename it"
            continue
        try:
            sha256 = file_sha256(file)
        except OSError as error:
            skipped[name.as_posix()] = f"cannot be read ({why(error)})"
            continue
        if sha256 in found:
            same = found[sha256].file.relative_to(root)
            skipped[name.as_posix()] = f"the same as {same.as_posix()}"
            continue
        identity = name.parts[0] if len(name.parts) > 1 else name.stem
        found[sha256] = Item(file, sha256, identity, split_of(identity, seed))
    return [found[sha256] for sha256 in sorted(found)], skipped


def _is_text(name: Path) -> bool:
    """Whether a name can be written into a file: on Linux names may be any bytes."""
    try:
        str(name).encode()
    except UnicodeEncodeError:
        return False
    return True
