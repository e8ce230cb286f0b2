"""A small network that finds the 68 landmarks in a crop of a face, for `bench_training.py`."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facelab.numerics.arrays import Float

BATCH = 64
RATE = 2e-3
LAYERS = ((3, 16, 2), (16, 32, 2), (32, 48, 1), (48, 64, 2), (64, 64, 1), (64, 96, 2))


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
        points: Tensor = self.points(self.features(images - 0.5).flatten(1))
        return points.view(-1, 68, 2) * (self.side / 2)


def as_input(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255


def trained(images: NDArray[np.uint8], landmarks: Float, steps: int, seed: int) -> Regressor:
    """The network after so many steps of Adam on the mean distance.

    images (n, side, side, 3), landmarks (n, 68, 2) pixels. It begins at the mean landmarks.
    """
    torch.manual_seed(seed)
    side = images.shape[1]
    network = Regressor(side)
    targets = torch.from_numpy(landmarks)
    with torch.no_grad():
        network.points.weight.mul_(0.1)
        network.points.bias.copy_(targets.mean(0).flatten() * (2 / side))
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(len(images), (BATCH,))
        found = network(as_input(images[rows.numpy()]))
        loss = (found - targets[rows]).norm(dim=2).mean() / side
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
