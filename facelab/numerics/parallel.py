"""Work side by side on the cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import cv2

Input = TypeVar("Input")
Output = TypeVar("Output")
One = TypeVar("One")
Other = TypeVar("Other")


def both(one: Callable[[], One], other: Callable[[], Other]) -> tuple[One, Other]:
    """Return what two pieces of work give, done side by side as `side_by_side` does.

    Where both fail, it is the first one's error that is raised.
    """
    if cv2.getNumThreads() <= 1:
        return one(), other()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(other)
        return one(), waiting.result()


def side_by_side(run: Callable[[Input], Output], inputs: Sequence[Input]) -> list[Output]:
    """Return ``run(one)`` of each input, in their order.

    As many run at a time as OpenCV has threads: one, where processes side by side use the cores.
    What is gained is time that `run` spends outside Python's lock.
    """
    threads = min(cv2.getNumThreads(), len(inputs))
    if threads <= 1:
        return [run(one) for one in inputs]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, inputs))
