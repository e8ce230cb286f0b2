"""Where a network runs: torch or ONNX Runtime, on the CPU or on a CUDA device.

What is asked for is what runs: a runtime or a device that is not there is an error.

With other batches and numbers of threads, torch and what it stands on choose other kernels and sum
in another order. So that a face does not hang on what is computed beside it, it is computed alone
and on one thread; many faces, several of them side by side, use the cores as well as one batch
would.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from facelab.constants import DEVICES, RUNTIMES
from facelab.errors import UsageError
from facelab.numerics.arrays import Float, require

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


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


PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


class Runner(Protocol):
    """A network that takes and gives arrays."""

    @property
    def description(self) -> str:
        """The runtime, its version and the device, such as ``torch 2.13.0 on cpu``."""
        ...

    def __call__(self, crops: Float) -> tuple[Float, ...]:
        """Run the network on any number of crops.

        On a CPU the result for a crop depends neither on those beside it nor on threads.

        Parameters
        ----------
        crops : (B, S, S, 3) float32
            RGB in the network's own range; B at least 1.

        Returns
        -------
        tuple of (B, ...) float32
            The network's outputs, in its order.

        Raises
        ------
        ValueError
            If the crops do not have this shape and dtype.
        """
        ...


def load_runner(
    network: nn.Module, side: int, runtime: str = "torch", device: str = "cpu"
) -> Runner:
    """Make `network` ready to run.

    Parameters
    ----------
    network : nn.Module
        In evaluation mode; takes ``(B, 3, S, S)`` and gives a tensor or a tuple of them, the batch
        first. It may be moved to the device.
    side : int
        S, pixels.
    runtime : str
        One of `RUNTIMES`.
    device : str
        One of `DEVICES`.

    Raises
    ------
    UsageError
        If there is no such runtime or device, or not on this machine.
    """
    if runtime not in RUNTIMES:
        raise UsageError(f"no runtime {runtime!r}; there are {', '.join(RUNTIMES)}")
    if device not in DEVICES:
        raise UsageError(f"no device {device!r}; there are {', '.join(DEVICES)}")
    make: Callable[[nn.Module, int, str], Runner] = (
        TorchRunner if runtime == "torch" else OnnxRunner
    )
    return make(network, side, device)


def require_device(device: str) -> None:
    """Raise ``UsageError`` unless torch has the device."""
    if device == "cuda" and not torch.cuda.is_available():
        raise UsageError(
            "device cuda: torch sees no CUDA device; install a CUDA build of torch and the "
            "driver, or choose --device cpu"
        )


class TorchRunner:
    """A network run by torch; see `load_runner`."""

    def __init__(self, network: nn.Module, side: int, device: str) -> None:
        require_device(device)
        self._network, self._side, self._device = network.to(device), side, device

    @property
    def description(self) -> str:
        """The runtime, its version and the device."""
        return f"torch {torch.__version__.partition('+')[0]} on {self._device}"

    def __call__(self, crops: Float) -> tuple[Float, ...]:
        """See `Runner`."""
        return _run(self._run, _channels_first(crops, self._side), self._device)

    @torch.inference_mode()
    def _run(self, views: Float) -> tuple[Float, ...]:
        outputs = self._network(torch.from_numpy(views).to(self._device))
        return tuple(output.cpu().numpy() for output in _as_tuple(outputs))


class OnnxRunner:
    """A network exported to ONNX in memory and run by ONNX Runtime; see `load_runner`."""

    def __init__(self, network: nn.Module, side: int, device: str) -> None:
        missing = [name for name in ("onnx", "onnxruntime") if find_spec(name) is None]
        if missing:
            raise UsageError(
                f"runtime onnx: {' and '.join(missing)} not installed; pip install onnx "
                "onnxruntime, or choose --runtime torch"
            )
        self._side, self._device = side, device
        self._session = _session(onnx_model(network, side), device)

    @property
    def description(self) -> str:
        """The runtime, its version and the device."""
        import onnxruntime

        return f"onnxruntime {onnxruntime.__version__} on {self._device}"

    def __call__(self, crops: Float) -> tuple[Float, ...]:
        """See `Runner`."""
        return _run(self._run, _channels_first(crops, self._side), self._device)

    def _run(self, views: Float) -> tuple[Float, ...]:
        return tuple(self._session.run(None, {"crops": np.ascontiguousarray(views)}))


def onnx_model(network: nn.Module, side: int, outputs: Sequence[str] = ()) -> bytes:
    """`network` as an ONNX file with the input ``crops`` ``(batch, 3, side, side)``.

    Its outputs have the names given, or numbers.

    torch's tracing exporter: a second, where the newer one takes six, asks for onnxscript, and
    comes to the same graph once ONNX Runtime has optimised it.
    """
    file = io.BytesIO()
    device = next(network.parameters()).device
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is the older one, and what it does not fold
        torch.onnx.export(
            network,
            (torch.zeros(1, 3, side, side, device=device),),
            file,  # type: ignore[arg-type]  # the annotation leaves out what it accepts
            dynamo=False,
            input_names=["crops"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in ("crops", *outputs)},
        )
    return file.getvalue()


def _session(model: bytes, device: str) -> InferenceSession:
    import onnxruntime

    provider = PROVIDERS[device]
    if provider not in onnxruntime.get_available_providers():
        raise UsageError(
            f"device {device}: this onnxruntime has no {provider}; install onnxruntime-gpu in its "
            "place, or choose --runtime torch or --device cpu"
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # see `each_alone`
    session = onnxruntime.InferenceSession(model, options, providers=[provider])
    if provider not in session.get_providers():  # its libraries are not there
        raise UsageError(
            f"device {device}: onnxruntime could not start {provider}; install the CUDA libraries "
            "that it names, or choose --device cpu"
        )
    return session


def _run(
    network: Callable[[Float], tuple[Float, ...]], views: Float, device: str
) -> tuple[Float, ...]:
    """The outputs for views ``(B, 3, S, S)``: on a CPU of each alone, on a GPU of all at once."""
    if device != "cpu":
        return network(views)
    outputs = each_alone(network, np.split(views, len(views)))
    return tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True))


def _channels_first(crops: Float, side: int) -> Float:
    require("crops", crops, ("B", side, side, 3), np.float32)
    return crops.transpose(0, 3, 1, 2)


def _as_tuple(outputs: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return outputs if isinstance(outputs, tuple) else (outputs,)
