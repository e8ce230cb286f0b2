"""Write the graphs of the networks to facelab/models/graphs, for ONNX Runtime.

python scripts/export_graphs.py
"""

from __future__ import annotations

from importlib import import_module

import numpy as np
import onnx
import torch
from onnx import ModelProto, NodeProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn

from facelab.models.export import exported
from facelab.models.graph import GRAPHS
from facelab.models.kinds import KINDS, Kind


def graph(kind: Kind) -> bytes:
    """A network's graph: an ONNX model without its values and without where it comes from."""
    module, _, name = kind.network.partition(".")
    network = _distinct(getattr(import_module(f"facelab.models.{module}"), name)())
    model = onnx.load_from_string(
        exported(network, kind.side, kind.outputs, kind.any_size, kind.points)
    )
    del model.graph.initializer[:], model.graph.value_info[:]
    for field in ("producer_name", "producer_version", "doc_string"):
        model.ClearField(field)
    _fold_constants(model)
    for place, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{place}"
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _distinct(network: nn.Module) -> nn.Module:
    """`network` in evaluation mode, with values of which no two are alike: those become one."""
    torch.manual_seed(0)
    for values in network.state_dict().values():
        if values.is_floating_point():
            values.uniform_(0.5, 1)
    return network.eval()


def _fold_constants(model: ModelProto) -> None:
    """Put numbers for what hangs on no input and no value: the widths of borders, and the like."""
    known: dict[str, np.ndarray] = {}
    kept = []
    for node in model.graph.node:
        if node.op_type == "Constant" or (node.input and set(node.input) <= known.keys() | {""}):
            known.update(_outputs(node, known, model))
        else:
            kept.append(node)
    used = sorted({name for node in kept for name in node.input} & known.keys())
    del model.graph.node[:]
    model.graph.node.extend(kept)
    model.graph.initializer.extend(numpy_helper.from_array(known[name], name) for name in used)


def _outputs(
    node: NodeProto, known: dict[str, np.ndarray], model: ModelProto
) -> dict[str, np.ndarray]:
    """What a node gives, by name, for inputs that are known."""
    given = {name: known[name] for name in node.input if name}
    ends = ([helper.make_empty_tensor_value_info(name) for name in names]
            for names in (given, node.output))  # fmt: skip
    alone = helper.make_model(
        helper.make_graph([node], "node", *ends), opset_imports=model.opset_import
    )
    found = ReferenceEvaluator(alone).run(None, given)
    return {name: np.asarray(value) for name, value in zip(node.output, found, strict=True)}


def main() -> None:
    """Write them all."""
    GRAPHS.mkdir(exist_ok=True)
    for kind in KINDS:
        (GRAPHS / f"{kind.name}.onnx").write_bytes(graph(kind))
        print(kind.name)


if __name__ == "__main__":
    main()
