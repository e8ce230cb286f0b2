"""Where a network runs: in ONNX Runtime or torch, on the CPU or on a CUDA device.

What is asked for is what runs: a runtime or a device that is not there is an error. Torch, which
takes seconds to load, is loaded where it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from facelab.constants import DEVICES, RUNTIMES
from facelab.errors import UsageError
from facelab.models.kinds import Kind
from facelab.numerics.arrays import Float, require


class Runner(Protocol):
    """A network that takes and gives arrays."""

    @property
    def description(self) -> str:
        """The runtime, its version and the device, such as ``onnxruntime 1.31.1 on cpu``."""
        ...

    def __call__(self, crops: Float) -> tuple[Float, ...]:
        """Run the network on any number of crops.

        On a CPU the result for a crop depends neither on those beside it nor on threads.

        Parameters
        ----------
        crops : (B, S, S, 3) float32
            RGB in the network's own range; B at least 1. ``(B, H, W, 3)`` for networks that take
            any size, ``(B, n, 2)`` for those that take points.

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
    kind: Kind, runtime: str = "onnx", device: str = "cpu", own: Path | None = None
) -> Runner:
    """Make a network ready to run.

    Parameters
    ----------
    kind : Kind
    runtime : str
        One of `RUNTIMES`.
    device : str
        One of `DEVICES`.
    own : Path, optional
        Weights in place of those that come with facelab, see `Kind.values`.

    Raises
    ------
    UsageError
        If there is no such runtime or device, or not on this machine.
    WeightsError
        If weights are missing or damaged.
    """
    if runtime not in RUNTIMES:
        raise UsageError(f"no runtime {runtime!r}; there are {', '.join(RUNTIMES)}")
    if device not in DEVICES:
        raise UsageError(f"no device {device!r}; there are {', '.join(DEVICES)}")
    side = None if kind.any_size else kind.side
    if runtime == "torch":
        require_torch("runtime torch")
        from facelab.models.torch_runtime import TorchRunner, torch_network

        return TorchRunner(torch_network(kind, own), side, device)
    from facelab.models.graph import onnx_model
    from facelab.models.onnx_runtime import OnnxRunner

    return OnnxRunner(onnx_model(kind, kind.values(own)), side, device)


def require_torch(what: str) -> None:
    """Raise ``UsageError`` unless torch is installed, which `what` needs."""
    if find_spec("torch") is None:
        raise UsageError(f"{what}: torch is not installed; pip install 'facelab[torch]'")


def channels_first(crops: Float, side: int | None) -> Float:
    """Crops ``(B, S, S, 3)`` as networks take them, ``(B, 3, S, S)``; points as they are.

    Raises
    ------
    ValueError
        If they do not have this shape, S being `side`, or with a side of 0 ``(B, n, 2)``, and are
        float32.
    """
    if side == 0:
        require("points", crops, ("B", "n", 2), np.float32)
        return np.ascontiguousarray(crops)
    require("crops", crops, ("B", side or "H", side or "W", 3), np.float32)
    return np.ascontiguousarray(crops.transpose(0, 3, 1, 2))


def together(outputs: Sequence[tuple[Float, ...]]) -> tuple[Float, ...]:
    """The outputs for several crops, one by one, as those for a batch of them."""
    return tuple(np.concatenate(parts) for parts in zip(*outputs, strict=True))
