"""FaceMesh: a face crop to 468 points in three dimensions.

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019;
MediaPipe's ``face_landmark.tflite``, the model without attention.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from facelab.models.kinds import FACEMESH
from facelab.models.layers import Residual, pad_same

SIDE = FACEMESH.side
POINTS = 468


class FaceMesh(nn.Module):
    """The network; one trunk, then a head for the points and one for the face score."""

    def __init__(self) -> None:
        super().__init__()

        def block(inputs: int, outputs: int, stride: int = 1) -> Residual:
            return Residual(inputs, outputs, stride, nn.PReLU(outputs))

        def head(blocks: list[Residual], outputs: int) -> nn.Sequential:
            narrow = [nn.Conv2d(128, 32, 1), nn.PReLU(32), block(32, 32)]
            return nn.Sequential(*blocks, *narrow, nn.Conv2d(32, outputs, 3))

        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2), nn.PReLU(16))
        widths = [16, 32, 64, 128, 128]
        stages = [[block(16, 16), block(16, 16)]] + [
            [block(a, b, stride=2), block(b, b), block(b, b)] for a, b in pairwise(widths)
        ]
        self.trunk = nn.Sequential(*(block for stage in stages for block in stage))
        halve = block(128, 128, stride=2)
        self.points = head([halve, block(128, 128), block(128, 128)], 3 * POINTS)
        self.score = head([block(128, 128, stride=2)], 1)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Find the face's points.

        Parameters
        ----------
        crops : (B, 3, 192, 192) float32
            RGB in [0, 1].

        Returns
        -------
        points : (B, 468, 3) float32
            x, y in crop pixels with the crop's corners at 0 and 192 (so 0.5 more than where pixel
            centres are integers); z in the same unit, negative toward the viewer.
        score : (B,) float32
            The probability that the crop shows a face.
        """
        features = self.trunk(self.stem(pad_same(crops, 3)))
        points = self.points(features).reshape(-1, POINTS, 3)
        return points, torch.sigmoid(self.score(features)).reshape(-1)
