"""Drawing a sample again that came out torn, with the next random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from facelab.augment.sample import Redraw
from facelab.augment.torn import Torn
from facelab.errors import FacelabError

ATTEMPTS = 5
"""Attempts at a sample with all of its steps; as many follow without those that tore it."""

T = TypeVar("T")


def first_whole(
    draw: Callable[[int, frozenset[str]], T], require: Callable[[T], None]
) -> tuple[T, tuple[Redraw, ...]]:
    """The first attempt that is whole, and why those before it were not.

    Parameters
    ----------
    draw : callable
        Draws an attempt, counted from 0, without the steps of some names; may raise `Torn`.
    require : callable
        Raises `Torn` for what shows too little. It is asked of `ATTEMPTS` attempts; after these
        anything will do, as long as no step tears it.

    Raises
    ------
    FacelabError
        If none is whole.
    """
    redrawn: list[Redraw] = []
    for attempt in range(2 * ATTEMPTS):
        last = attempt >= ATTEMPTS
        try:
            found = draw(attempt, frozenset(one.step for one in redrawn if last))
            if not last:
                require(found)
        except Torn as torn:
            redrawn.append(Redraw(torn.reason, torn.value, torn.step))
        else:
            return found, tuple(redrawn)
    reasons = ", ".join(dict.fromkeys(one.reason for one in redrawn))
    raise FacelabError(
        f"a sample came out torn {len(redrawn)} times ({reasons}); take out of the recipe what "
        "tears it, or give it less"
    )
