"""Crops that networks are run on, and networks with statistics of their own."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import nn

from facelab.models.blazeface import BlazeFaceFull, BlazeFaceShort
from facelab.models.facemesh import FaceMesh
from tests.synthetic import SAMPLES

CASES = {
    "blazeface_short": (BlazeFaceShort, 128, [(50, 160)]),
    "blazeface_full": (BlazeFaceFull, 192, [(20, 130)]),
    "facemesh": (FaceMesh, 192, [(25, 130), (40, 110), (15, 150), (300, 60)]),
}

CROPS = {name: (side, corners) for name, (_, side, corners) in CASES.items()}

CROPS["selfie"] = CROPS["multiclass"] = (256, [(0, 100), (256, 200)])
CROPS["landmarker"] = (256, [(40, 150), (50, 170), (300, 60)])
MAGNIFIED = {"landmarker": 2}


def astronaut_crops(name):
    """The crops ``(n, 3, side, side)`` that scripts/record_tflite.py ran the runtime on."""
    side, corners = CROPS[name]
    photograph = Image.open(SAMPLES / "astronaut.png").convert("RGB")
    pixels = np.asarray(photograph, np.float32) / 255
    times = MAGNIFIED.get(name, 1)
    pixels = pixels.repeat(times, axis=0).repeat(times, axis=1)
    crops = np.stack([pixels[y : y + side, x : x + side] for y, x in times * np.array(corners)])
    crops = crops * 2 - 1 if name.startswith("blazeface") else crops
    return torch.from_numpy(crops).permute(0, 3, 1, 2)


def with_random_norms(network, seed=0):
    """`network` in evaluation mode; every batch norm with statistics and weights of its own."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            shape = module.weight.shape
            sign = torch.randint(0, 2, shape, generator=generator) * 2 - 1
            module.weight.data = sign * (0.5 + torch.rand(shape, generator=generator))
            module.bias.data = 0.3 * torch.randn(shape, generator=generator)
            module.running_mean.copy_(0.3 * torch.randn(shape, generator=generator))
            module.running_var.copy_(0.3 + 2 * torch.rand(shape, generator=generator))
    return network.eval()
