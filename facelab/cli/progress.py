"""A bar on stderr for each stage of a long run, with the rate and the time that is left."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from time import monotonic
from types import TracebackType
from typing import Any, Self

import click


class Progress:
    """A `facelab.augment.run.OnProgress` that shows what it is told.

    Parameters
    ----------
    hidden : bool
        Show nothing, and measure only.
    """

    def __init__(self, *, hidden: bool) -> None:
        self._hidden = hidden
        self._open = ExitStack()
        self._stage = ""
        self._bar: Any = None  # click's class has no public name
        self._begun = 0.0
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def __call__(self, stage: str, total: int, count: int, made: int) -> None:
        """`count` more of `total` in a stage, of which `made` were not there before."""
        if stage != self._stage:
            self._begin(stage, total)
        self._made += made
        self._bar.update(count, self._left(total - self._bar.pos - count))

    @property
    def rate(self) -> float | None:
        """How many a second were made in this stage; None if none."""
        seconds = monotonic() - self._begun
        return self._made / seconds if self._made and seconds > 0 else None

    def _begin(self, stage: str, total: int) -> None:
        self._open.close()
        self._stage, self._begun, self._made = stage, monotonic(), 0
        self._bar = self._open.enter_context(
            click.progressbar(
                length=total,
                label=stage,
                hidden=self._hidden,
                show_pos=True,
                show_eta=False,  # it would count what was there before
                item_show_func=lambda text: text,
                file=sys.stderr,
            )
        )

    def _left(self, remaining: int) -> str:
        rate = self.rate
        if rate is None:
            return ""
        minutes, seconds = divmod(round(remaining / rate), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{rate:.1f}/s, {hours}:{minutes:02}:{seconds:02} left"
