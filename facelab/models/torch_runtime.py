"""Networks run by torch, and torch on one thread.

With other batches and numbers of threads, torch and what it stands on choose other kernels and sum
in another order. So that a face does not hang on what is computed beside it, it is computed alone
and on one thread; many faces, several of them side by side, use the cores as well as one batch
would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from facelab.errors import UsageError
from facelab.models.kinds import Kind
from facelab.models.layers import load, load_file
from facelab.models.runtime import channels_first, together
from facelab.numerics.arrays import Float

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


def require_device(device: str) -> None:
    """Raise ``UsageError`` unless torch has the device."""
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "device cuda: torch sees no CUDA device; install a CUDA build of torch and the "
            "driver, or choose --device cpu"
        )


def torch_network(kind: Kind, own: Path | None = None) -> nn.Module:
    """A network for inference, with the values that `Kind.values` says.

    Raises
    ------
    WeightsError
        As of `Kind.values`.
    """
    module, _, name = kind.network.partition(".")
    network: type[nn.Module] = getattr(import_module(f"facelab.models.{module}"), name)
    loaded = load_file(network, own) if own else load(network, kind.name)
    if kind.name != "prn":
        return loaded
    from facelab.models.fold import fold

    return fold(loaded)


class TorchRunner:
    """A network run by torch; see `facelab.models.runtime.Runner`.

    Parameters
    ----------
    network : nn.Module
        In evaluation mode; takes ``(B, 3, S, S)`` and gives a tensor or a tuple of them, the batch
        first. It may be moved to the device.
    side : int or None
        S, pixels; None for any height and width, 0 for points.
    device : str
        One of `facelab.constants.DEVICES`.

    Raises
    ------
    UsageError
        If torch does not have the device.
    """

    def __init__(self, network: nn.Module, side: int | None, device: str = "cpu") -> None:
        require_device(device)
        self._network, self._side, self._device = network.to(device), side, device

    @property
    def description(self) -> str:
        """The runtime, its version and the device."""
        return f"torch {torch.__version__.partition('+')[0]} on {self._device}"

    def __call__(self, crops: Float) -> tuple[Float, ...]:
        """See `facelab.models.runtime.Runner`."""
        views = channels_first(crops, self._side)
        if self._device != "cpu":
            return self._run(views)
        return together(each_alone(self._run, [views[i : i + 1] for i in range(len(views))]))

    @torch.inference_mode()
    def _run(self, views: Float) -> tuple[Float, ...]:
        outputs = self._network(torch.from_numpy(views).to(self._device))
        return tuple(output.cpu().numpy() for output in _as_tuple(outputs))


def _as_tuple(outputs: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return outputs if isinstance(outputs, tuple) else (outputs,)
