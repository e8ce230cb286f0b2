"""Networks of torch as ONNX models."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import torch
from torch import nn


def exported(
    network: nn.Module, side: int, outputs: Sequence[str] = (), any_size: bool = False
) -> bytes:
    """`network` as an ONNX model with the input ``crops`` ``(batch, 3, side, side)``.

    Its outputs have the names given, or numbers; its values the names that they have in the state
    dict. Where it takes `any_size`, it takes one image at a time.

    torch's tracing exporter: a second, where the newer one takes six, asks for onnxscript, and
    comes to the same graph once ONNX Runtime has optimised it.
    """
    file = io.BytesIO()
    device = next(network.parameters()).device
    batch = {name: {0: "batch"} for name in ("crops", *outputs)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is the older one
        torch.onnx.export(
            network,
            (torch.zeros(1, 3, side, side, device=device),),
            file,  # type: ignore[arg-type]  # the annotation leaves out what it accepts
            dynamo=False,
            do_constant_folding=False,  # which would rename values
            input_names=["crops"],
            output_names=list(outputs),
            dynamic_axes={"crops": {2: "height", 3: "width"}} if any_size else batch,
        )
    return file.getvalue()
