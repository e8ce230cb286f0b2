from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import identity
import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st


def archive_of(path: Path, files: dict[str, object]) -> Path:
    """An npm archive; what is not bytes is written as JSON."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_weights_are_dequantised_in_order_and_kernels_put_output_first(tmp_path: Path) -> None:
    kernel = np.arange(12, dtype=np.uint8)  # (1, 2, 3, 2): rows, columns, in, out
    bias = np.array([0.5, -2], np.float32)
    quantization = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
    entries = [
        {"name": "k", "shape": [1, 2, 3, 2], "dtype": "float32", "quantization": quantization},
        {"name": "b", "shape": [2], "dtype": "float32"},
    ]
    files = {
        f"{identity.MODEL}-weights_manifest.json": [{"weights": entries}],
        f"{identity.MODEL}.bin": kernel.tobytes() + bias.tobytes(),
    }
    path = archive_of(tmp_path / "net.tgz", files)
    weights = identity.read_weights(path)
    assert weights["k"].shape == (2, 3, 1, 2)
    # out 1, in 2, column 1 is the last number stored; out 0, in 1, column 1 is number 8
    assert weights["k"][1, 2, 0, 1] == 11 * 0.5 - 1
    assert weights["k"][0, 1, 0, 1] == 8 * 0.5 - 1
    assert weights["b"].tolist() == [0.5, -2]


@settings(max_examples=20, deadline=None)
@given(angle=st.floats(-3, 3), scale=st.floats(0.1, 10), x=st.floats(-99, 99), y=st.floats(-99, 99))
def test_similarity_is_found_again(angle: float, scale: float, x: float, y: float) -> None:
    points = np.array([[0, 0], [3, 1], [1, 4]])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = identity.similarity(points, points @ turn.T + [x, y])
    np.testing.assert_allclose(matrix, np.column_stack([turn, [x, y]]), atol=1e-9)


def test_aligned_crop_has_eyes_and_mouth_at_the_anchors() -> None:
    wanted = identity.ANCHORS * identity.SIDE - 0.5
    turn = 2.0 * np.array([[0.8, -0.6], [0.6, 0.8]])
    centres = wanted @ turn.T + [200, 60]
    parts = (range(36, 42), range(42, 48), range(48, 68))  # eyes from image left, then the mouth
    landmarks = np.zeros((68, 3), np.float32)
    image = np.zeros((500, 500, 3), np.float32)
    for channel, (part, centre) in enumerate(zip(parts, centres, strict=True)):
        landmarks[list(part), :2] = centre
        y, x = np.mgrid[:500, :500]
        image[..., channel] = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / 50)
    crop = identity.align(image, landmarks)
    for channel, place in enumerate(wanted):
        v, u = np.unravel_index(crop[..., channel].argmax(), crop.shape[:2])
        assert np.hypot(u - place[0], v - place[1]) < 1


def test_downsampling_block_fills_both_branches_with_zeros() -> None:
    net = identity.IdentityNet.__new__(identity.IdentityNet)
    net._weights = {}
    for conv, inner in (("conv1", 2), ("conv2", 3)):
        net._weights |= {
            f"down/{conv}/conv/filters": torch.zeros(3, inner, 3, 3),
            f"down/{conv}/conv/bias": torch.zeros(3),
            f"down/{conv}/scale/weights": torch.ones(3),
            f"down/{conv}/scale/biases": torch.full((3,), 0.25),
        }
    x = torch.arange(1.0, 33).reshape(1, 2, 4, 4)
    out = net._residual_down(x, "down")
    # The convolutions leave one pixel of 0.25, the means over 2 x 2 leave four.
    means = x.reshape(1, 2, 2, 2, 2, 2).mean(dim=(3, 5))
    assert out.shape == (1, 3, 2, 2)
    expected = torch.zeros(1, 3, 2, 2)
    expected[:, :2] = means
    expected[..., 0, 0] += 0.25
    torch.testing.assert_close(out, expected)
