"""A small network that finds the 68 landmarks in a crop of a face, for `bench_training.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import Tensor, nn

from facelab.files.writing import write_bytes_atomically
from facelab.numerics.arrays import Float

BATCH = 64
RATE = 2e-3
LAYERS = ((3, 16, 2), (16, 32, 2), (32, 48, 1), (48, 64, 2), (64, 64, 1), (64, 96, 2))

Draw = Callable[[np.random.Generator], tuple[NDArray[np.uint8], Float]]
"""Gives a batch: pictures (n, side, side, 3) and landmarks (n, 68, 2), pixels."""


class Regressor(nn.Module):
    """Six convolutions and a linear layer: (n, 3, side, side) in [0, 1] to (n, 68, 2) pixels."""

    def __init__(self, side: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs, stride in LAYERS:
            layers += [
                nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
        self.features = nn.Sequential(*layers)
        self.points = nn.Linear(LAYERS[-1][1] * (side // 16) ** 2, 136)
        self.side = side

    def forward(self, images: Tensor) -> Tensor:
        # Convolutions in bfloat16 take half of the time where the processor knows it.
        with torch.autocast("cpu", torch.bfloat16):
            features = self.features(images - 0.5)
        points: Tensor = self.points(features.float().flatten(1))
        return points.view(-1, 68, 2) * (self.side / 2)


def as_input(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255  # channels last in memory


def trained(draw: Draw, mean: Float, side: int, steps: int, seed: int) -> Regressor:
    """The network after so many steps of Adam on the mean distance.

    It begins at the mean landmarks, (68, 2) pixels.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Regressor(side).to(memory_format=torch.channels_last)
    with torch.no_grad():
        network.points.weight.mul_(0.1)
        network.points.bias.copy_(torch.from_numpy(mean).flatten() * (2 / side))
    optimizer = torch.optim.Adam(network.parameters(), RATE, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(steps):
        images, landmarks = draw(rng)
        loss = (network(as_input(images)) - torch.from_numpy(landmarks)).norm(dim=2).mean() / side
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    network.eval()
    return network


@torch.no_grad()
def predicted(network: Regressor, images: NDArray[np.uint8]) -> Float:
    """Landmarks in pixels, (n, 68, 2)."""
    parts = [network(as_input(part)) for part in np.array_split(images, max(len(images) // 256, 1))]
    return np.asarray(torch.cat(parts).numpy(), np.float32)


def store(network: Regressor, file: Path) -> None:
    weights = {name: values.contiguous() for name, values in network.state_dict().items()}
    write_bytes_atomically(file, save(weights))


def restored(file: Path, side: int) -> Regressor:
    network = Regressor(side).to(memory_format=torch.channels_last)
    network.load_state_dict(load_file(file))
    network.eval()
    return network
