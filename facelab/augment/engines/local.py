"""Tasks in processes of this machine."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing.connection import Connection, wait
from typing import Any, Generic

import cv2

from facelab.augment.engines import ATTEMPTS, Result, Shared, Task, fatal
from facelab.augment.engines.processes import interrupts_kept, single_threaded

_PROCESSES = multiprocessing.get_context("spawn")  # OpenCV and torch do not survive a fork
_PATIENCE = 5.0  # seconds in which a worker may tidy up


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Processes with one task at a time each; a single worker is this process.

    Parameters
    ----------
    workers : int
    """

    workers: int

    def map(
        self,
        function: Callable[[Shared, Task], Result],
        shared: Shared,
        tasks: Iterable[Task],
        named: Callable[[Task], str] = str,
    ) -> Generator[Result, None, None]:
        """See `facelab.augment.engines.Engine.map`."""
        call = partial(function, shared)
        if self.workers == 1:
            return (call(task) for task in tasks)
        return _spread(self.workers, pickle.dumps(call), iter(tasks), named)


def _spread(
    count: int, call: bytes, tasks: Iterator[Task], named: Callable[[Task], str]
) -> Generator[Any, None, None]:
    """The results of a pickled function from up to `count` processes."""
    waiting = deque((task, 1) for task in islice(tasks, count))  # with which attempt it is
    idle: list[_Worker[Task]] = [_Worker(call) for _ in waiting]
    busy: dict[Connection, _Worker[Task]] = {}
    try:
        while waiting or busy:
            while idle and waiting:
                worker = idle.pop()
                worker.begin(*waiting.popleft())
                busy[worker.pipe] = worker
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                try:
                    result = busy[pipe].result()
                except _DeadError:
                    dead = busy.pop(pipe)
                    _stop([dead])
                    waiting.append(dead.once_more(named))
                    idle.append(_Worker(call))
                else:
                    waiting.extend((task, 1) for task in islice(tasks, 1))
                    idle.append(busy.pop(pipe))
                    yield result
    finally:
        _stop([*idle, *busy.values()])


class _DeadError(Exception):
    """A process ended before its task."""


class _Worker(Generic[Task]):
    """A process, and what it is at.

    Parameters
    ----------
    call : bytes
        A pickled function of a task.
    """

    task: Task
    attempt: int

    def __init__(self, call: bytes) -> None:
        self.pipe, theirs = _PROCESSES.Pipe()
        self.process = _PROCESSES.Process(target=_serve, args=(theirs,), daemon=True)
        with single_threaded(), interrupts_kept():
            self.process.start()
        theirs.close()
        self._call: bytes | None = call

    def begin(self, task: Task, attempt: int) -> None:
        """Give it a task; `attempt` counts from 1."""
        self.task, self.attempt = task, attempt
        with suppress(OSError):  # it is dead, which its result tells
            if self._call is not None:
                self.pipe.send_bytes(self._call)
                self._call = None
            self.pipe.send(task)

    def result(self) -> Any:  # noqa: ANN401  # as the function says
        """Return what the function gave.

        Raises
        ------
        _DeadError
            If the process died.
        Exception
            Whatever the function raised.
        """
        try:
            failed, value = self.pipe.recv()
        except (EOFError, OSError):  # OSError in the middle of an answer
            raise _DeadError from None
        if failed:
            raise value
        return value

    def once_more(self, named: Callable[[Task], str]) -> tuple[Task, int]:
        """The task and its next attempt.

        Raises
        ------
        FacelabError
            If there is none.
        """
        if self.attempt == ATTEMPTS:
            raise fatal(named(self.task))
        return self.task, self.attempt + 1


def _stop(workers: Sequence[_Worker[Any]]) -> None:
    for worker in workers:
        worker.process.terminate()
    for worker in workers:
        worker.process.join(_PATIENCE)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()


def _serve(pipe: Connection) -> None:
    """Work: take the function, then tasks, until this worker is stopped or left alone."""
    with suppress(EOFError, OSError, KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that half a file is removed
        cv2.setNumThreads(1)
        call = pickle.loads(pipe.recv_bytes())
        while True:
            pipe.send(_attempt(call, pipe.recv()))


def _attempt(call: Callable[[Task], Result], task: Task) -> tuple[bool, Result | Exception]:
    """Whether a call failed, and its result or error."""
    try:
        return False, call(task)
    except Exception as error:
        error.add_note(traceback.format_exc())
        return True, _portable(error)


def _portable(error: Exception) -> Exception:
    """The error, or what stands for one that cannot go to another process."""
    try:
        restored: Exception = pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return restored
