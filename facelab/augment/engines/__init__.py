"""Engines, which carry out many independent tasks: processes of this machine, or a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol, TypeVar

from facelab.errors import FacelabError

ATTEMPTS = 3
"""How often a task is begun whose worker dies of it."""

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")


class Engine(Protocol):
    """Anything that applies a function to many tasks at once."""

    def map(
        self,
        function: Callable[[Shared, Task], Result],
        shared: Shared,
        tasks: Iterable[Task],
        named: Callable[[Task], str] = str,
    ) -> Generator[Result, None, None]:
        """``function(shared, task)`` of every task, in the order in which they are done.

        Tasks are taken from the iterable as workers become free, so that neither many tasks nor
        their results are held at a time. Where a worker dies its tasks are begun again: the
        function must not mind being called twice. Closing the generator stops the workers.

        Parameters
        ----------
        function : callable
            Of a module, so that other processes can find it.
        shared : object
            Goes to each worker once.
        tasks : iterable
            Small.
        named : callable
            What to call a task in an error.

        Raises
        ------
        FacelabError
            If a task's worker died `ATTEMPTS` times; or whatever the function raises.
        """
        ...


def fatal(name: str) -> FacelabError:
    """The error of a task whose workers have all died."""
    return FacelabError(
        f"{name}: {ATTEMPTS} workers died while they were at it, of too little memory perhaps; "
        "use fewer workers or see the system's log, then go on with the same command"
    )


def load_engine(
    name: str = "local", workers: int | None = None, scheduler: str | None = None
) -> Engine:
    """An engine by its name, one of `facelab.constants.ENGINES`.

    Parameters
    ----------
    name : str
    workers : int, optional
        How many processes; by default one for each core that this process may use.
    scheduler : str, optional
        Address of a Dask scheduler, which has workers of its own; without it Dask starts
        `workers` on this machine.

    Raises
    ------
    UsageError
        If the engine's package is not installed.
    """
    from facelab.augment.engines.dask import DaskEngine
    from facelab.augment.engines.local import LocalEngine
    from facelab.augment.engines.processes import cores

    if name == "dask":
        return DaskEngine(workers or cores(), scheduler)
    return LocalEngine(workers or cores())
