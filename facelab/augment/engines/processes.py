"""The surroundings of processes begun here: one thread each, and no interrupts.

As many workers as cores keep the cores busy, more threads do not.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def single_threaded() -> Iterator[None]:
    """Let NumPy and torch use one thread, if they are first loaded here or in a process begun here.

    They read the environment once, when they are loaded.
    """
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(dict.fromkeys(_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """Ctrl-C reaches this process, afterwards, and none that is begun here.

    So this one stops the others in order, where each would else complain in words of its own.
    """
    resource_tracker.ensure_running()  # multiprocessing's; its first start lets interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def cores() -> int:
    """How many cores this process may use; those of a batch system's job, not of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
