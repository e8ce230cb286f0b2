"""Runners: the same numbers whatever runs the network, and no silent fallback."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from facelab.errors import UsageError
from facelab.models import resfcn, runtime
from facelab.models.export import exported
from facelab.models.fold import fold
from facelab.models.kinds import BLENDSHAPES, FACEMAP, KINDS, PRN
from facelab.models.light_prn import LightPRN
from facelab.models.onnx_runtime import OnnxRunner
from facelab.models.runtime import RUNTIMES, load_runner
from facelab.models.torch_runtime import TorchRunner
from tests.networks import with_random_norms
from tests.synthetic import photograph


class Halves(nn.Module):
    """Two outputs that tell channels, rows and columns apart."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, 10.0, 100.0]), requires_grad=False)

    def forward(self, crops):
        mixed = (crops * self.weight[:, None, None]).sum(1)
        return mixed[:, :2], mixed.amax((1, 2))


def runner_of(network, runtime, side=4, device="cpu"):
    """A network of torch, run by either runtime."""
    if runtime == "torch":
        return TorchRunner(network, side, device)
    return OnnxRunner(exported(network, side), side, device)


SHIPPED = [kind for kind in KINDS if kind not in (PRN, BLENDSHAPES)]


@pytest.mark.parametrize("kind", SHIPPED, ids=str)
def test_runtimes_agree(kind):
    by_torch, by_onnx = (load_runner(kind, name) for name in ("torch", "onnx"))
    sides = [(kind.side, kind.side), (96, 160)] if kind.any_size else [(kind.side, kind.side)]
    for side, count in [(side, count) for side in sides for count in (1, 2)]:
        shown = cv2.resize(photograph("astronaut.png"), side[::-1], interpolation=cv2.INTER_AREA)
        crops = np.stack([shown, shown[:, ::-1]][:count])
        expected, got = by_torch(crops), by_onnx(crops)
        assert len(got) == len(expected) == len(kind.outputs)
        for one, other in zip(expected, got, strict=True):
            assert one.shape == other.shape
            assert len(one) == count
            assert one.dtype == other.dtype == np.float32
            np.testing.assert_allclose(other, one, atol=1e-3, rtol=0)
        assert max(output.std() for output in expected) > 0.1


def test_runtimes_agree_on_points():
    points = np.random.default_rng(0).random((3, BLENDSHAPES.points, 2), np.float32)
    (expected,), (got,) = (load_runner(BLENDSHAPES, name)(points) for name in ("torch", "onnx"))
    assert got.shape == (3, 52)
    np.testing.assert_allclose(got, expected, atol=1e-5)
    for name in RUNTIMES:
        with pytest.raises(ValueError, match=r"points must have shape \(B, n, 2\)"):
            load_runner(BLENDSHAPES, name)(np.zeros((1, 8, 8, 3), np.float32))


@pytest.mark.parametrize("network", [resfcn.PRN, LightPRN])
def test_runtimes_agree_on_what_is_folded(network):
    torch.manual_seed(0)
    folded = fold(with_random_norms(network()))
    crops = np.random.default_rng(0).random((2, 128, 128, 3), np.float32)
    by_torch, by_onnx = (runner_of(folded, name, 128)(crops) for name in ("torch", "onnx"))
    np.testing.assert_allclose(by_onnx, by_torch, atol=1e-3, rtol=0)
    assert by_torch[0].std() > 1


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_threads_change_nothing(runtime):
    crops = np.random.default_rng(0).random((5, 192, 192, 3), np.float32)
    runner, found = load_runner(FACEMAP, runtime), []
    before = cv2.getNumThreads(), torch.get_num_threads()
    try:
        for count in (1, 3):
            cv2.setNumThreads(count)
            torch.set_num_threads(count)
            found.append(runner(crops))
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])
    for one, three in zip(*found, strict=True):
        np.testing.assert_array_equal(one, three)


@pytest.mark.parametrize("name", RUNTIMES)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_output_of_every_crop(name, count):
    crops = np.random.default_rng(count).random((count, 4, 4, 3), np.float32)
    runner = runner_of(Halves(), name)
    top, most = runner(crops)
    mixed = crops @ np.array([1, 10, 100], np.float32)
    np.testing.assert_allclose(top, mixed[:, :2], rtol=1e-5)
    np.testing.assert_allclose(most, mixed.max(axis=(1, 2)), rtol=1e-5)


def test_description_says_what_runs():
    import onnxruntime

    by_torch, by_onnx = (runner_of(Halves(), name).description for name in ("torch", "onnx"))
    assert by_torch == f"torch {torch.__version__.split('+')[0]} on cpu"
    assert by_onnx == f"onnxruntime {onnxruntime.__version__} on cpu"


def test_export_leaves_no_trace(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    network = fold(LightPRN())
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        exported(network, 256)
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
        runner_of(Halves(), name)(crops)


@pytest.mark.parametrize(
    ("name", "device", "message"),
    [
        ("tensorrt", "cpu", "no runtime 'tensorrt'; there are onnx, torch"),
        ("torch", "tpu", "no device 'tpu'; there are cpu, cuda"),
        ("torch", "cuda", r"torch sees no CUDA device; .* --device cpu"),
        ("onnx", "cuda", r"has no CUDAExecutionProvider; .* onnxruntime-gpu"),
    ],
)
def test_what_is_not_there_is_an_error(name, device, message, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(UsageError, match=message) as caught:
        load_runner(FACEMAP, name, device)
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
        load_runner(FACEMAP, "onnx", "cuda")


def test_torch_that_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(runtime, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"runtime torch: torch is not installed; pip install"):
        load_runner(FACEMAP, "torch")
