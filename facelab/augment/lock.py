"""The lock of a store, and the note of its data set: one run at a time, one data set in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from fsspec.implementations.local import LocalFileSystem

from facelab.augment.store import Store
from facelab.errors import OutputError, UsageError
from facelab.files import parse_json

NAME = ".facelab-plan.json"
"""The file that notes which data set a store holds, from the first sample on."""

_LOCK = ".facelab.lock"
_HALF = ".facelab-*.part"  # what a killed process leaves of `images.write_bytes_atomically`


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """Keep other runs out of a local folder; one that was killed keeps nobody out.

    Elsewhere nothing is locked: two runs of one data set write the same bytes, which does no harm.

    Raises
    ------
    OutputError
        If another run is writing, or nothing can be written.
    """
    if not isinstance(store.files, LocalFileSystem):
        yield
        return
    folder = Path(store.root)
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise OutputError(
            f"{store.url}: another run is writing it; wait for that, or choose another folder"
        ) from None
    except (OSError, NotImplementedError) as error:
        raise OutputError(
            f"{store.url}: cannot be locked ({str(error).lower()}); choose another folder"
        ) from error
    try:
        for half in folder.rglob(_HALF):
            half.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


def require_same(store: Store, facts: Mapping[str, object], count: int) -> None:
    """Refuse a store that holds something else, or more of the same.

    Parameters
    ----------
    store : Store
    facts : mapping
        What makes the data set what it is, or a part of that, as JSON has it.
    count : int
        How many samples it will have.

    Raises
    ------
    UsageError
        If it does; the message names what differs.
    """
    known = _read(store)
    if known is None:
        return
    differ = [key for key, value in facts.items() if known.get(key) != value]
    if differ:
        raise UsageError(
            f"{store.url}: holds another data set ({', '.join(differ)} differ); choose another "
            "folder, or the options that it was made with"
        )
    if known["count"] > count:
        raise UsageError(
            f"{store.url}: was begun for {known['count']} samples; give at least as many, or "
            "choose another folder"
        )


def write_plan(store: Store, facts: Mapping[str, object], count: int) -> None:
    """Write down what data set a store holds, once `require_same` has passed.

    Raises
    ------
    OutputError
        If that cannot be written.
    """
    require_same(store, facts, count)
    text = json.dumps({**facts, "count": count}, indent=1, sort_keys=True, allow_nan=False)
    store.write(NAME, (text + "\n").encode())


def _read(store: Store) -> dict[str, Any] | None:
    """The note of the data set that a store holds; None if the store is empty."""
    try:
        known: dict[str, Any] = parse_json(store.read(NAME), {"count": int})
    except FileNotFoundError:
        if all(name == _LOCK for name in store.names()):
            return None
        raise UsageError(
            f"{store.url}: holds files of something else; choose an empty folder or a new one"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{store.url}: its {NAME} is damaged ({error}); choose another folder"
        ) from None
    return known
