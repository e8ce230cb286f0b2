"""Networks run by ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnxruntime

from facelab.errors import UsageError
from facelab.models.runtime import channels_first, together
from facelab.numerics.arrays import Float
from facelab.numerics.parallel import side_by_side

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_ERRORS_ONLY = 3  # of the levels of what is logged


class OnnxRunner:
    """A network run by ONNX Runtime; see `facelab.models.runtime.Runner`.

    On a CPU each crop is computed alone and on one thread: sums then do not hang on how many
    threads there are, and none waits for others by turning round and round. Several crops are
    computed side by side.

    Parameters
    ----------
    model : bytes
        An ONNX model that takes ``(B, 3, S, S)`` and gives outputs with the batch first.
    side : int or None
        S, pixels; None for any height and width, 0 for points.
    device : str
        One of `facelab.constants.DEVICES`.

    Raises
    ------
    UsageError
        If ONNX Runtime does not have the device.
    """

    def __init__(self, model: bytes, side: int | None, device: str = "cpu") -> None:
        self._side, self._device = side, device
        # Of any size, what a large photograph takes is given back.
        self._session = _session(model, device, keep_memory=side is not None)
        self._taken = self._session.get_inputs()[0].name

    @property
    def description(self) -> str:
        """The runtime, its version and the device."""
        return f"onnxruntime {onnxruntime.__version__} on {self._device}"

    def __call__(self, crops: Float) -> tuple[Float, ...]:
        """See `facelab.models.runtime.Runner`."""
        views = channels_first(crops, self._side)
        if self._device != "cpu" or len(views) == 1:
            return self._run(views)
        return together(side_by_side(self._run, [views[i : i + 1] for i in range(len(views))]))

    def _run(self, views: Float) -> tuple[Float, ...]:
        return tuple(self._session.run(None, {self._taken: views}))


def _session(model: bytes, device: str, *, keep_memory: bool) -> InferenceSession:
    provider = PROVIDERS[device]
    if provider not in onnxruntime.get_available_providers():
        raise UsageError(
            f"device {device}: this onnxruntime has no {provider}; install onnxruntime-gpu in its "
            "place, or choose --runtime torch or --device cpu"
        )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.enable_cpu_mem_arena = keep_memory
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=[provider])
    if provider not in session.get_providers():  # its libraries are not there
        raise UsageError(
            f"device {device}: onnxruntime could not start {provider}; install the CUDA libraries "
            "that it names, or choose --device cpu"
        )
    return session
