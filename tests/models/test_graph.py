"""Shipped graphs: what the networks in torch are, and values put into them."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from safetensors.numpy import save_file
from torch import nn

from facelab.errors import WeightsError
from facelab.models import graph, resfcn
from facelab.models.export import exported
from facelab.models.graph import onnx_model
from facelab.models.kinds import FACEMAP, FACEMESH, KINDS, PRN, Kind
from facelab.models.onnx_runtime import OnnxRunner
from facelab.models.runtime import RUNTIMES, load_runner
from tests.networks import with_random_norms

SCRIPTS = Path(__file__).parents[2] / "scripts"


def state(kind):
    """Values for a network: those that come with facelab, or of PRN some."""
    if kind is not PRN:
        return kind.values()
    network = with_random_norms(resfcn.PRN())
    return {name: value.numpy() for name, value in network.state_dict().items()}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_graphs_are_what_the_script_makes(kind, monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    made = onnx.load_from_string(importlib.import_module("export_graphs").graph(kind))
    lies = onnx.load(graph.GRAPHS / f"{kind.name}.onnx")
    assert [node.op_type for node in made.graph.node] == [node.op_type for node in lies.graph.node]
    assert made == lies


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_value_goes_where_its_name_says(kind):
    values = state(kind)
    model = onnx.load_from_string(onnx_model(kind, values))
    onnx.checker.check_model(model, full_check=True)
    found = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    for name, value in values.items():
        if value.ndim:
            np.testing.assert_array_equal(found[name], value.astype(np.float32))
    taken = {name for node in model.graph.node for name in node.input}
    assert {name for name, value in values.items() if value.ndim} <= taken
    assert [output.name for output in model.graph.output] == list(kind.outputs)


def test_prelu_is_a_sum_in_graphs():
    network = nn.PReLU(3)
    network.weight = nn.Parameter(torch.tensor([-0.3, 0.2, 1.4]))
    model = exported(network, 8)
    assert "PRelu" not in [node.op_type for node in onnx.load_from_string(model).graph.node]
    crops = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype(np.float32)
    (found,) = OnnxRunner(model, 8)(crops)
    wanted = network(torch.from_numpy(crops).permute(0, 3, 1, 2))
    np.testing.assert_allclose(found, wanted.detach(), atol=1e-6)


def test_a_model_put_together_is_read_as_one():
    """A model of one product by hand, its factor put in as a value; large numbers included."""
    factor = np.arange(300, dtype=np.float16).reshape(1, 300)
    node = onnx.helper.make_node("Mul", ["crops", "factor"], ["scaled"])
    ends = ([onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 300])]
            for name in ("crops", "scaled"))  # fmt: skip
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "product", *ends))
    whole = model.SerializeToString() + b"".join(
        graph._field(7, list(graph._field(5, graph._tensor("factor", factor))))
    )
    crops = np.full((1, 300), 2, np.float32)
    (scaled,) = ReferenceEvaluator(onnx.load_from_string(whole)).run(None, {"crops": crops})
    np.testing.assert_array_equal(scaled, 2 * factor.astype(np.float32))


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, b"\0"), (1, b"\1"), (127, b"\x7f"), (128, b"\x80\1"), (300, b"\xac\2")],
)
def test_whole_numbers_by_hand(number, written):
    assert graph._varint(number) == written


def test_prn_is_what_torch_gives():
    torch.manual_seed(0)
    network = with_random_norms(resfcn.PRN())
    values = {name: value.numpy() for name, value in network.state_dict().items()}
    crops = np.random.default_rng(0).random((2, PRN.side, PRN.side, 3), np.float32)
    (got,) = OnnxRunner(onnx_model(PRN, values), PRN.side)(crops)
    with torch.inference_mode():
        expected = network(torch.from_numpy(crops).permute(0, 3, 1, 2)).numpy()
    np.testing.assert_allclose(got, expected, atol=1e-3)
    assert expected.std() > 1


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_own_values_are_those_that_run(tmp_path, runtime):
    own = tmp_path / "own.safetensors"
    values = {name: value.astype(np.float32) for name, value in FACEMAP.values().items()}
    values["points.6.bias"] = values["points.6.bias"] + 1
    save_file(values, own)
    crops = np.full((1, 192, 192, 3), 0.5, np.float32)
    before, _ = load_runner(FACEMAP, runtime)(crops)
    after, _ = load_runner(FACEMAP, runtime, own=own)(crops)
    np.testing.assert_allclose(after - before, 1, atol=1e-3)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("change", ["missing", "more", "shape"])
def test_values_of_another_network_are_refused(tmp_path, runtime, change):
    own, values = tmp_path / "own.safetensors", FACEMESH.values()
    first = min(values)
    if change == "missing":
        del values[first]
    else:
        values["more" if change == "more" else first] = np.zeros((1, 2, 3), np.float32)
    save_file(values, own)
    with pytest.raises(WeightsError, match=r"own\.safetensors: not the weights of a FaceMesh"):
        load_runner(FACEMESH, runtime, own=own)


def test_a_graph_that_is_lost_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(graph, "GRAPHS", tmp_path)
    lost = Kind("none", "facemesh.FaceMesh", 192, ("points", "score"))
    with pytest.raises(WeightsError, match=r"none\.onnx: no such file.*; install facelab again"):
        onnx_model(lost, {})
