"""Work on two photographs at a time: one is read or written while another is computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_AT_ONCE = 2  # more would only take more memory: NumPy and OpenCV keep two cores busy

T = TypeVar("T")
R = TypeVar("R")


def side_by_side(work: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
    """Yield ``work(item)`` of each item, in their order, two at a time; of one alone right here.

    Where work fails, that is raised in its turn. What has begun by then, or when the caller stops
    asking or is interrupted, is finished, and nothing else is begun.
    """
    if len(items) == 1:
        yield work(items[0])
        return
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for item in items:
                if len(waiting) == _AT_ONCE:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(work, item))
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
