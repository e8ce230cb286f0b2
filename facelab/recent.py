"""What was made last, kept for whoever asks for the same again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """The values that were asked for last, at most so many, by what they are made of.

    Each is made once, however many threads ask for it at a time: the others wait.

    Parameters
    ----------
    most : int
        How many are kept, 1 or more.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[Key, Future[Value]] = OrderedDict()

    def of(self, key: Key, make: Callable[[], Value]) -> Value:
        """Return the value of a key, made by `make` unless it is kept.

        What `make` raises is raised here and to all who wait; the next who asks tries again.
        """
        own: Future[Value] = Future()
        with self._lock:
            kept = self._kept.setdefault(key, own)
            self._kept.move_to_end(key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        if kept is own:
            self._make(key, own, make)
        return kept.result()

    def _make(self, key: Key, own: Future[Value], make: Callable[[], Value]) -> None:
        try:
            own.set_result(make())
        except BaseException as error:
            with self._lock:
                if self._kept.get(key) is own:
                    del self._kept[key]
            own.set_exception(error)
