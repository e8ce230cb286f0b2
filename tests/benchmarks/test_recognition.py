from __future__ import annotations

import faceres
import numpy as np
import pytest
import tfjs_weights
import torch
from torch.nn import functional

from tests.benchmarks.test_identity import archive_of


def test_halves_are_read_and_groups_follow_each_other(tmp_path) -> None:
    halves, floats = np.array([1.5, -2], np.float16), np.array([3], np.float32)
    entries = [
        {"name": "h", "shape": [2], "dtype": "float32", "quantization": {"dtype": "float16"}},
        {"name": "f", "shape": [], "dtype": "float32"},
    ]
    manifest = {"weightsManifest": [{"weights": entries[:1]}, {"weights": entries[1:]}]}
    files = {"m.json": manifest, "m.bin": halves.tobytes() + floats.tobytes()}
    weights = tfjs_weights.read(archive_of(tmp_path / "n.tgz", files), "m.json", "m.bin")
    assert weights["h"].tolist() == [1.5, -2]
    assert weights["f"] == 3


def test_an_archive_without_the_network_is_refused(tmp_path) -> None:
    with pytest.raises(KeyError):
        tfjs_weights.read(archive_of(tmp_path / "n.tgz", {"a": {}}), "m.json", "m.bin")


@pytest.mark.parametrize(("stride", "before"), [(1, 1), (2, 0)])
def test_convolutions_pad_as_tensorflow_does(stride: int, before: int) -> None:
    """SAME: where a stride of 2 leaves one row to pad, it lies behind."""
    net = faceres.FaceRes.__new__(faceres.FaceRes)
    kernel = torch.arange(9.0).reshape(1, 1, 3, 3)
    net._weights = {"k": kernel, "n/batchnorm_1/sub": torch.zeros(1)}
    x = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0)) / 40
    padded = functional.pad(x, (before, 1, before, 1))
    expected = functional.conv2d(padded, kernel, stride=stride)
    torch.testing.assert_close(net._convolve(x, "k", "n", stride), expected)


def test_a_depthwise_kernel_is_one_a_channel_and_its_norm_scales() -> None:
    net = faceres.FaceRes.__new__(faceres.FaceRes)
    net._weights = {
        "k": torch.ones(2, 1, 1, 1),
        "n/batchnorm_1/mul": torch.tensor([2.0, -1.0]),
        "n/batchnorm_1/sub": torch.tensor([1.0, 0.5]),
    }
    x = torch.tensor([1.0, 0.25]).reshape(1, 2, 1, 1)
    assert net._convolve(x, "k", "n").flatten().tolist() == [3, 0.25]
