"""A bar on stderr for each stage of a long run, with the rate and the time that is left."""

from __future__ import annotations

import sys
from time import monotonic
from types import TracebackType
from typing import Any, Self

import click
from tqdm import tqdm

_LAYOUT = "{desc} |{bar}| {n_fmt}/{total_fmt}, {rate_noinv_fmt}, {remaining} left{postfix}"


class Bar(tqdm):  # type: ignore[type-arg]  # of nothing: it is told what is done
    """A bar on a terminal; elsewhere its label, once, so that no log is flooded.

    Parameters
    ----------
    label : str
        What is being done.
    total : int
    hidden : bool
        Show nothing at all.
    """

    monitor_interval = 0  # no thread: every step may be drawn

    def __init__(self, label: str, total: int, *, hidden: bool) -> None:
        terminal = sys.stderr.isatty()
        if not (hidden or terminal):
            click.echo(label, err=True)
        super().__init__(
            desc=label,
            total=total,
            disable=hidden or not terminal,
            bar_format=_LAYOUT,
            unit="",
            miniters=1,
            smoothing=0,  # the mean rate
            dynamic_ncols=True,
        )

    def advance(self, count: int, made: int) -> None:
        """Go on by `count`, of which the `made` that were not there before measure the speed."""
        if not self.disable:
            self.initial += count - made
            self.update(count)

    def show(self, done: int) -> None:
        """Go on to `done`; what was done before the first call does not measure the speed."""
        if not self.disable:
            if self.n == 0:
                self.initial = done - 1
            self.update(done - self.n)


class Progress:
    """A `facelab.augment.run.OnProgress` that shows what it is told.

    Parameters
    ----------
    hidden : bool
        Show nothing, and measure only.
    """

    def __init__(self, *, hidden: bool) -> None:
        self._hidden = hidden
        self._stage = ""
        self._bar: Any = None
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
        if self._bar is not None:
            self._bar.close()

    def __call__(self, stage: str, total: int, count: int, made: int) -> None:
        """`count` more of `total` in a stage, of which `made` were not there before."""
        if stage != self._stage:
            self._begin(stage, total)
        self._made += made
        self._bar.advance(count, made)

    @property
    def rate(self) -> float | None:
        """How many a second were made in this stage; None if none."""
        seconds = monotonic() - self._begun
        return self._made / seconds if self._made and seconds > 0 else None

    def _begin(self, stage: str, total: int) -> None:
        if self._bar is not None:
            self._bar.close()
        self._stage, self._begun, self._made = stage, monotonic(), 0
        self._bar = Bar(stage, total, hidden=self._hidden)
