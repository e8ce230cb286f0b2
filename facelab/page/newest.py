"""Of requests of one kind only the newest is answered."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

Value = TypeVar("Value")


class SupersededError(Exception):
    """A newer request has come meanwhile."""


class Newest:
    """Work that is done one at a time; of what waits, only the newest of each caller.

    A slider sends more pictures to draw than can be drawn; those that nobody will see are left
    out. What is being done is finished.
    """

    def __init__(self) -> None:
        self._busy = Lock()
        self._turns: dict[str, int] = {}

    def __call__(self, caller: str, turn: int, work: Callable[[], Value]) -> Value:
        """Return what `work` gives, once it is the turn of it.

        Parameters
        ----------
        caller : str
            Such as one tab of a browser.
        turn : int
            Larger than those of the caller's earlier requests.
        work : callable

        Raises
        ------
        SupersededError
            If the caller has sent a request with a larger number before work began.
        """
        self._turns[caller] = max(turn, self._turns.get(caller, turn))
        with self._busy:
            if self._turns[caller] > turn:
                raise SupersededError
            return work()
