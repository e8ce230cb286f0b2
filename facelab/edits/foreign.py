"""Edits of other packages: loaded when they are asked for, and held to what edits are."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from functools import cache

from facelab.edits.edit import Edit, Step
from facelab.edits.parameters import check_kind, checked
from facelab.errors import FacelabError
from facelab.plugins import declared, described

_DECORATOR = "@dataclass(frozen=True, kw_only=True)"


class WithForeign(Mapping[str, type[Step]]):
    """Steps of facelab's own and, after them, those of other packages, by name.

    Names are known at once; a class of another package is loaded when it is asked for, and where
    all are asked for, all of them are.

    Parameters
    ----------
    own : mapping of str to type of Step
        They stand, whatever other packages call theirs.
    """

    def __init__(self, own: Mapping[str, type[Step]]) -> None:
        self._own = own

    def __getitem__(self, name: str) -> type[Step]:
        """The step called `name`.

        Raises
        ------
        KeyError
            If there is none.
        FacelabError
            If it is of another package and cannot be used: which, and why.
        """
        return self._own[name] if name in self._own else foreign(name)

    def __contains__(self, name: object) -> bool:
        """Whether there is a step called `name`; loads none."""
        return name in self._own or name in declared()

    def __iter__(self) -> Iterator[str]:
        """The names, facelab's own first."""
        yield from self._own
        yield from (name for name in declared() if name not in self._own)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._own.keys() | declared().keys())

    def taken(self) -> list[FacelabError]:
        """Complaints about edits of other packages that are called as one of facelab's own."""
        entries = (entry for name in self._own for entry in declared().get(name, ()))
        return [FacelabError(f"{described(one)}: the name is taken; rename it") for one in entries]


@cache
def foreign(name: str) -> type[Edit]:
    """The edit that another package calls `name`.

    Raises
    ------
    KeyError
        If there is none.
    FacelabError
        If it cannot be loaded, or is no edit: the package, its entry point, and why.
    """
    entry, *others = declared()[name]
    if others:
        both = " and ".join(map(described, (entry, *others)))
        raise FacelabError(f"two packages have an edit called {name!r}: {both}; remove one")
    try:
        found = entry.load()
    except Exception as error:  # whatever a module of others does when it is imported
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise FacelabError(
            f"{described(entry)}: cannot be loaded ({why}); install it again or remove it"
        ) from error
    try:
        return _edit(found, name)
    except ValueError as error:
        raise FacelabError(f"{described(entry)}: {error}") from None


def _edit(found: object, name: str) -> type[Edit]:
    """Load an entry point; ``ValueError`` unless it is a whole edit called `name`."""
    if not (isinstance(found, type) and issubclass(found, Edit)):
        raise ValueError(f"{found!r} is no subclass of {Edit.__module__}.{Edit.__name__}")
    if "__dataclass_fields__" not in vars(found):
        raise ValueError(f"{found.__name__} is no dataclass; put {_DECORATOR} above it")
    if inspect.isabstract(found):
        missing = ", ".join(sorted(found.__abstractmethods__))
        raise ValueError(f"{found.__name__} does not define {missing}")
    if getattr(found, "name", None) != name:
        own = getattr(found, "name", None)
        raise ValueError(f"{found.__name__} has the name {own!r}; call both {name!r}")
    for key in fields(found):
        check_kind(key)
        if key.default is not MISSING:
            checked(key, key.default)
    return found
