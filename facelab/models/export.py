"""Networks of torch as ONNX models."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.onnx import (  # type: ignore[attr-defined]  # public, but not typed as such
    register_custom_op_symbolic,
    unregister_custom_op_symbolic,
)

_PRELU, _SINCE = "aten::prelu", 13  # and the opset from which ONNX has what stands for it


def exported(
    network: nn.Module,
    side: int,
    outputs: Sequence[str] = (),
    any_size: bool = False,
    points: int = 0,
) -> bytes:
    """`network` as an ONNX model with the input ``crops`` ``(batch, 3, side, side)``.

    One of `points` has ``points`` ``(batch, points, 2)`` instead.

    Its outputs have the names given, or numbers; its values the names that they have in the state
    dict. Where it takes `any_size`, it takes one image at a time.

    torch's tracing exporter: a second, where the newer one takes six, asks for onnxscript, and
    comes to the same graph once ONNX Runtime has optimised it.
    """
    file = io.BytesIO()
    device = next(network.parameters()).device
    taken, shape = ("points", (points, 2)) if points else ("crops", (3, side, side))
    batch = {name: {0: "batch"} for name in (taken, *outputs)}
    with warnings.catch_warnings(), _prelu_as_sum():
        warnings.simplefilter("ignore")  # that it is the older one
        torch.onnx.export(
            network,
            (torch.zeros(1, *shape, device=device),),
            file,  # type: ignore[arg-type]  # the annotation leaves out what it accepts
            dynamo=False,
            do_constant_folding=False,  # which would rename values
            input_names=[taken],
            output_names=list(outputs),
            dynamic_axes={"crops": {2: "height", 3: "width"}} if any_size else batch,
        )
    return file.getvalue()


@contextmanager
def _prelu_as_sum() -> Iterator[None]:
    """Export each PReLU as a sum.

    ONNX Runtime's own kernel leaves the layout of the convolutions before and after it, and so
    takes longer than these: half of FaceMap's time.
    """
    register_custom_op_symbolic(_PRELU, _sum_of_prelu, _SINCE)
    try:
        yield
    finally:
        unregister_custom_op_symbolic(_PRELU, _SINCE)


class _Graph(Protocol):
    """What torch hands to a rule that exports an operation."""

    def op(self, name: str, *inputs: object, **attributes: Tensor) -> object:
        """The output of a new node."""
        ...


def _sum_of_prelu(graph: _Graph, x: object, slopes: object) -> object:
    """``slope x + (1 - slope) max(x, 0)``, the slopes by channel."""
    slope = graph.op("Unsqueeze", slopes, graph.op("Constant", value_t=torch.tensor([1, 2])))
    rest = graph.op("Sub", graph.op("Constant", value_t=torch.tensor(1.0)), slope)
    positive = graph.op("Mul", rest, graph.op("Relu", x))
    return graph.op("Add", graph.op("Mul", slope, x), positive)
