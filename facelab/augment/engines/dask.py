"""Tasks on a Dask cluster: one that runs already, or one begun on this machine."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any

import cv2

from facelab.augment.engines import Result, Shared, Task, fatal
from facelab.augment.engines.processes import interrupts_kept, single_threaded
from facelab.errors import FacelabError, UsageError

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

_AHEAD = 2  # tasks for each thread of the cluster, so that none waits for the next
# Dask makes glibc give memory back from 64 kB on: then each array comes anew from the system, which
# takes half of the time.
_MALLOC = {"MALLOC_TRIM_THRESHOLD_": 2**29, "MALLOC_MMAP_THRESHOLD_": 2**25}
_LEAST = 16  # tasks sent though there are no workers yet: clusters that grow do so for tasks


@dataclass(frozen=True, slots=True)
class DaskEngine:
    """The workers of a cluster.

    Parameters
    ----------
    workers : int
        How many processes are begun on this machine where there is no scheduler.
    scheduler : str, optional
        Address of one that runs, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    UsageError
        If Dask is not installed.
    """

    workers: int
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if find_spec("distributed") is None:
            raise UsageError("engine dask: Dask is not installed; pip install 'facelab[dask]'")

    def map(
        self,
        function: Callable[[Shared, Task], Result],
        shared: Shared,
        tasks: Iterable[Task],
        named: Callable[[Task], str] = str,
    ) -> Generator[Result, None, None]:
        """See `facelab.augment.engines.Engine.map`."""
        call = pickle.dumps(partial(function, shared))
        with self._client() as client:
            yield from _spread(client, call, iter(tasks), named)

    @contextmanager
    def _client(self) -> Iterator[Client]:
        """A connection to the scheduler, which ends with the cluster if that was begun here.

        Raises
        ------
        FacelabError
            If no scheduler answers.
        """
        from distributed import Client

        if self.scheduler is None:
            with single_threaded(), self._cluster() as cluster, Client(cluster) as client:
                yield client
            return
        try:
            client = Client(self.scheduler)
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise FacelabError(
                f"{self.scheduler}: no Dask scheduler answers ({reason}); start one, or give "
                "the address that it prints"
            ) from error
        with client:
            yield client

    def _cluster(self) -> LocalCluster:
        """Workers on this machine, which say nothing when one of them is lost."""
        import dask.config
        from distributed import LocalCluster

        environment = {f"distributed.nanny.pre-spawn-environ.{k}": v for k, v in _MALLOC.items()}
        with interrupts_kept(), dask.config.set(environment):
            return LocalCluster(
                n_workers=self.workers,
                threads_per_worker=1,
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )


def _spread(
    client: Client, call: bytes, tasks: Iterator[Task], named: Callable[[Task], str]
) -> Generator[Any, None, None]:
    """The results of a pickled function from the workers of a cluster."""
    from distributed import Future, KilledWorker, as_completed

    # A task and not scattered data: where its holders are lost, the scheduler makes it again.
    sent = client.submit(bytes, call, pure=False)
    running: dict[Future, Task] = {}
    completed = as_completed()
    while True:
        room = max(_LEAST, _AHEAD * sum(client.nthreads().values())) - len(running)
        for task in islice(tasks, max(0, room)):
            future = client.submit(_attempt, sent, task, pure=False)
            running[future] = task
            completed.add(future)
        if not running:
            return
        for future in completed.next_batch():
            task = running.pop(future)
            try:
                yield future.result()
            except KilledWorker:
                raise fatal(named(task)) from None


def _attempt(call: bytes, task: Task) -> object:
    """Do a task in a worker."""
    cv2.setNumThreads(1)
    return _loaded(call)(task)


@lru_cache(maxsize=1)
def _loaded(call: bytes) -> Callable[[Any], Any]:
    """The function, once for all tasks of a worker, so that it may keep what it reads."""
    function: Callable[[Any], Any] = pickle.loads(call)
    return function
