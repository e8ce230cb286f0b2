"""Work side by side on the cores.

Threads stay and wait for the next work: starting one takes longer than much of what it is given.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any, TypeVar

import cv2

_MOST = 64  # threads; what finds none of them free is done by who asks for it

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
    beside = _threads(os.getpid()).submit(other)
    try:
        first = one()
    finally:
        begun = _ended(beside)
    return first, beside.result() if begun else other()


def side_by_side(run: Callable[[Input], Output], inputs: Sequence[Input]) -> list[Output]:
    """Return ``run(one)`` of each input, in their order.

    As many run at a time as OpenCV has threads: one, where processes side by side use the cores.
    What is gained is time that `run` spends outside Python's lock. Where several fail, it is the
    first one's error that is raised.
    """
    threads = min(cv2.getNumThreads(), len(inputs))
    if threads <= 1:
        return [run(one) for one in inputs]
    done: dict[int, Output] = {}
    failed: dict[int, Exception] = {}
    numbers = iter(range(len(inputs)))  # each thread takes the next one

    def work() -> None:
        for number in numbers:
            try:
                done[number] = run(inputs[number])
            except Exception as error:
                failed[number] = error

    beside = [_threads(os.getpid()).submit(work) for _ in range(threads - 1)]
    try:
        work()
    finally:
        for one in beside:
            _ended(one)
    if failed:
        raise failed[min(failed)]
    return [done[number] for number in range(len(inputs))]


@cache
def _threads(process: int) -> ThreadPoolExecutor:
    """The threads of a process; one that was forked has none of its parent's."""
    return ThreadPoolExecutor(_MOST, f"facelab-{process}")


def _ended(work: Future[Any]) -> bool:
    """Wait for work to end; False if it has not begun, and now never will."""
    if work.cancel():
        return False
    wait([work])
    return True
