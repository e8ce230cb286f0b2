"""Runners: the same numbers whatever runs the network, and no silent fallback."""

from __future__ import annotations

import importlib.util
import warnings

import numpy as np
import pytest
import torch
from torch import nn

from facelab.errors import UsageError
from facelab.models import runtime
from facelab.models.facemesh import FaceMesh
from facelab.models.faceparse import FaceParse
from facelab.models.fold import fold
from facelab.models.layers import load
from facelab.models.light_prn import LightPRN
from facelab.models.multiclass_segmenter import MulticlassSegmenter
from facelab.models.resfcn import PRN
from facelab.models.runtime import RUNTIMES, load_runner
from tests.networks import with_random_norms


class Halves(nn.Module):
    """Two outputs that tell channels, rows and columns apart."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 10.0, 100.0]), requires_grad=False)

    def forward(self, crops):
        mixed = (crops * self.weight[:, None, None]).sum(1)
        return mixed[:, :2], mixed.amax((1, 2))


def network_of(name):
    """A network, and the side of its crops."""
    torch.manual_seed(0)
    return {
        "prn": lambda: (fold(with_random_norms(PRN())), 128),
        "light": lambda: (fold(with_random_norms(LightPRN())), 128),
        "facemesh": lambda: (load(FaceMesh, "facemesh"), 192),
        "multiclass": lambda: (load(MulticlassSegmenter, "multiclass"), 256),
        "faceparse": lambda: (load(FaceParse, "faceparse"), 256),
    }[name]()


@pytest.mark.parametrize("name", ["prn", "light", "facemesh", "multiclass", "faceparse"])
def test_runtimes_agree(name):
    network, side = network_of(name)
    crops = np.random.default_rng(0).random((2, side, side, 3), np.float32)
    by_torch, by_onnx = (load_runner(network, side, name) for name in RUNTIMES)
    for batch in (crops, crops[1:]):
        expected, got = by_torch(batch), by_onnx(batch)
        assert len(got) == len(expected)
        for one, other in zip(expected, got, strict=True):
            assert one.shape == other.shape
            assert len(one) == len(batch)
            assert one.dtype == other.dtype == np.float32
            np.testing.assert_allclose(other, one, atol=1e-3, rtol=0)
    assert expected[0].std() > (0.1 if name in ("multiclass", "faceparse") else 1)  # shares, px


@pytest.mark.parametrize("name", RUNTIMES)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_output_of_every_crop(name, count):
    crops = np.random.default_rng(count).random((count, 4, 4, 3), np.float32)
    runner = load_runner(Halves(), 4, name)
    top, most = runner(crops)
    mixed = crops @ np.array([1, 10, 100], np.float32)
    np.testing.assert_allclose(top, mixed[:, :2], rtol=1e-5)
    np.testing.assert_allclose(most, mixed.max(axis=(1, 2)), rtol=1e-5)


def test_description_says_what_runs():
    import onnxruntime

    assert load_runner(Halves(), 4).description == f"torch {torch.__version__.split('+')[0]} on cpu"
    by_onnx = load_runner(Halves(), 4, "onnx").description
    assert by_onnx == f"onnxruntime {onnxruntime.__version__} on cpu"


def test_export_leaves_no_trace(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    network = fold(LightPRN())
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        runtime.onnx_model(network, 256)
    assert seen == []
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", RUNTIMES)
@pytest.mark.parametrize(
    "crops",
    [
        np.zeros((1, 3, 4, 4), np.float32),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((1, 5, 5, 3), np.float32),
        np.zeros((1, 4, 4, 3)),
    ],
)
def test_crops_of_another_shape_or_dtype(name, crops):
    with pytest.raises(ValueError, match="crops must have shape"):
        load_runner(Halves(), 4, name)(crops)


@pytest.mark.parametrize(
    ("name", "device", "message"),
    [
        ("tensorrt", "cpu", "no runtime 'tensorrt'; there are torch, onnx"),
        ("torch", "tpu", "no device 'tpu'; there are cpu, cuda"),
        ("torch", "cuda", r"torch sees no CUDA device; .* --device cpu"),
        ("onnx", "cuda", r"has no CUDAExecutionProvider; .* onnxruntime-gpu"),
    ],
)
def test_what_is_not_there_is_an_error(name, device, message, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(UsageError, match=message) as caught:
        load_runner(Halves(), 4, name, device)
    assert "\n" not in str(caught.value)


def test_provider_that_does_not_start_is_an_error(monkeypatch):
    class Session:
        def __init__(self, *arguments, **options):
            pass

        def get_providers(self):
            return ["CPUExecutionProvider"]  # what onnxruntime falls back to

    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: providers)
    monkeypatch.setattr("onnxruntime.InferenceSession", Session)
    with pytest.raises(UsageError, match="could not start CUDAExecutionProvider"):
        load_runner(Halves(), 4, "onnx", "cuda")


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_missing_package_is_named(missing, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(runtime, "find_spec", lambda name: None if name == missing else find(name))
    with pytest.raises(UsageError, match=f"runtime onnx: {missing} not installed; pip install"):
        load_runner(Halves(), 4, "onnx")
