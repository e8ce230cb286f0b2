"""Packs of detectors: SCRFD's interface around networks of which every answer is known."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STRIDES = (8, 16, 32)
RED, BLUE = (1, 0, -1), (-1, 0, 1)  # weights of R, G and B: what a stride's cells answer to
FIRES_ON = {16: BLUE, 32: RED}
REACH = np.array([1.5, 2.0, 1.75, 2.25], np.float32)  # left, top, right, bottom, in strides
FIVE = np.array([[-0.6, -0.5], [0.7, -0.4], [0.1, 0.2], [-0.4, 0.9], [0.5, 1.0]], np.float32)


def convolution(name, stride, weights, bias):
    """A convolution that looks at each cell once, as nodes that end in one row per anchor."""
    values = len(bias) // 2  # SCRFD has two anchors to a cell
    constants = {
        f"{name}_w": np.broadcast_to(weights, (len(bias), 3, stride, stride)).astype(np.float32),
        f"{name}_b": np.array(bias, np.float32),
        f"{name}_rows": np.array([-1, values], np.int64),
    }
    nodes = [
        helper.make_node(
            "Conv",
            ["image", f"{name}_w", f"{name}_b"],
            [f"{name}_map"],
            kernel_shape=[stride, stride],
            strides=[stride, stride],
        ),
        helper.make_node("Transpose", [f"{name}_map"], [f"{name}_last"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", [f"{name}_last", f"{name}_rows"], [name]),
    ]
    return nodes, [numpy_helper.from_array(value, key) for key, value in constants.items()]


def write_network(path, heads=("score", "box", "points")):
    """SCRFD's interface around a network of which every answer is known."""
    nodes, constants, outputs = [], [], []
    for head in heads:
        for stride in STRIDES:
            colour = np.array(FIRES_ON.get(stride, (0, 0, 0)), np.float32) / (2 * stride**2)
            weights, bias = {
                "score": (colour[:, None, None], [0, -10]),
                "box": (0, np.tile(REACH, 2)),
                "points": (0, np.tile(FIVE.ravel(), 2)),
            }[head]
            name = f"{head}_{stride}"
            more_nodes, more_constants = convolution(name, stride, weights, bias)
            nodes += more_nodes
            constants += more_constants
            shape = ["n", len(bias) // 2]
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "height", "width"])
    save(helper.make_graph(nodes, "detector", [image], outputs, constants), path)


def write_other_network(path):
    """A network of another kind, as every pack has: one output, and a smaller file."""
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 192, 192])
        for name in ("image", "same")
    ]
    node = helper.make_node("Identity", ["image"], ["same"])
    save(helper.make_graph([node], "other", ends[:1], ends[1:]), path)


def save(graph, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
