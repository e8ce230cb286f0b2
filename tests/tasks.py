"""Functions that engines are given in tests; other processes load this module, quickly."""

from __future__ import annotations

import os
import signal


def kill():
    """What an operating system does that runs out of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def once(marker):
    """Whether this is asked for the first time, in whatever process."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def square(shared, task):
    """Says who did it, too."""
    return shared["offset"] + task * task, os.getpid(), id(shared)


def threads(_shared, _task):
    """How many threads there are for OpenCV and, by the environment, for NumPy and torch."""
    import cv2

    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return [cv2.getNumThreads(), *(os.environ.get(name) for name in names)]


def die(marker, task):
    """Task 5 kills its process: once if there is a marker, else whenever it is begun."""
    if task == 5 and (marker is None or once(marker)):
        kill()
    return task


class StubbornError(Exception):
    """Cannot be pickled and restored."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def fail(kind, task):
    """Task 3 raises."""
    if task == 3:
        raise kind("it is three") if kind is not StubbornError else StubbornError("it is", "three")
    return task
