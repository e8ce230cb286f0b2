"""Networks on one thread and with one input each, several of them side by side.

With other batches and numbers of threads, torch and what it stands on choose other kernels and sum
in another order. So that a face does not hang on what is computed beside it, it is computed alone;
many faces use the cores as well as one batch would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Input = TypeVar("Input")
Output = TypeVar("Output")


def each_alone(run: Callable[[Input], Output], inputs: Sequence[Input]) -> list[Output]:
    """Return ``run(one)`` of each input, for which torch has one thread.

    As many run at a time as torch has threads here, which it has again afterwards.
    """
    threads = min(torch.get_num_threads(), len(inputs))
    with one_thread():
        if threads <= 1:
            return [run(one) for one in inputs]
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(run, inputs))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread, here and in threads begun within."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
