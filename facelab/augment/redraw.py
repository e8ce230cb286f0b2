"""Drawing a sample again that came out torn, with the next random numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from facelab.augment.sample import Redraw, Sample
from facelab.augment.torn import Torn
from facelab.errors import FacelabError

ATTEMPTS = 5
"""Attempts at a sample with all of its steps; as many follow without those that tore it."""

Draw = Callable[[int, frozenset[str]], Sample]
"""Draws an attempt, counted from 0, at a sample without the steps of some names."""


def first_whole(draw: Draw, require: Callable[[Sample], None]) -> Sample:
    """The first attempt at a sample that is whole, which says why others were not.

    Parameters
    ----------
    draw : callable
        May raise `Torn`.
    require : callable
        Raises `Torn` for a sample that shows too little. It is asked of `ATTEMPTS` attempts; after
        these any sample will do, as long as nothing tears it.

    Raises
    ------
    FacelabError
        If none is whole.
    """
    redrawn: list[Redraw] = []
    for attempt in range(2 * ATTEMPTS):
        last = attempt >= ATTEMPTS
        try:
            sample = draw(attempt, frozenset(one.step for one in redrawn if last))
            if not last:
                require(sample)
        except Torn as torn:
            redrawn.append(Redraw(torn.reason, torn.value, torn.step))
        else:
            return replace(sample, redrawn=tuple(redrawn))
    reasons = ", ".join(dict.fromkeys(one.reason for one in redrawn))
    raise FacelabError(
        f"a sample came out torn {len(redrawn)} times ({reasons}); take out of the recipe what "
        "tears it, or give it less"
    )
