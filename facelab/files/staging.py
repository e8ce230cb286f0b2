"""Files that appear in a folder all at once: written aside first, then moved."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from facelab.errors import OutputError
from facelab.files import why


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
