"""Landmarker: a face crop to 478 points in three dimensions, ten of them of the irises.

MediaPipe's ``face_landmarks_detector.tflite``, called Face Mesh V2: bottlenecks (He et al., "Deep
Residual Learning for Image Recognition", CVPR 2016, figure 5) around convolutions by channel, down
to 2 x 2, and three heads that each see all of that.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from facelab.models.kinds import LANDMARKER
from facelab.models.layers import pad_same

SIDE = LANDMARKER.side
POINTS = 478


class Bottleneck(nn.Module):
    """Narrowed to half the channels, filtered channel by channel, widened; what comes in is added.

    Where the size halves, pixels are narrowed two by two, and what is added is pooled and has zero
    channels where needed.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        inner = outputs // 2
        self.stride, self.new_channels = stride, outputs - inputs
        self.reduce = nn.Conv2d(inputs, inner, stride, stride)
        self.inner_activation = nn.PReLU(inner)
        self.depthwise = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.expand = nn.Conv2d(inner, outputs, 1)
        self.activation = nn.PReLU(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``."""
        shortcut = x
        if self.stride == 2:
            shortcut = functional.max_pool2d(x, 2)
        if self.new_channels:
            shortcut = functional.pad(shortcut, (0, 0, 0, 0, 0, self.new_channels))
        inner = self.depthwise(self.inner_activation(self.reduce(x)))
        y: Tensor = self.activation(shortcut + self.expand(inner))
        return y


class Landmarker(nn.Module):
    """The network; one trunk, and a convolution over all that is left for each output."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2), nn.PReLU(16))
        stages = [[Bottleneck(16, 16, 1) for _ in range(4)]] + [
            [Bottleneck(a, b, stride=2), *(Bottleneck(b, b, 1) for _ in range(4))]
            for a, b in pairwise([16, 32, 64, 128, 128, 128, 128])
        ]
        self.trunk = nn.Sequential(*(block for stage in stages for block in stage))
        self.tongue = nn.Conv2d(128, 1, 2)
        self.score = nn.Conv2d(128, 1, 2)
        self.points = nn.Conv2d(128, 3 * POINTS, 2)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Find the face's points.

        Parameters
        ----------
        crops : (B, 3, 256, 256) float32
            RGB in [0, 1].

        Returns
        -------
        points : (B, 478, 3) float32
            Those of FaceMesh, then of the right and the left iris the middle and the rim to the
            image's right, top, left and bottom; as of `facelab.models.facemesh.FaceMesh`.
        score : (B,) float32
            The probability that the crop shows a face.
        tongue : (B,) float32
            The probability that the tongue is out.
        """
        features = self.trunk(self.stem(pad_same(crops, 3)))
        score, tongue = (
            torch.sigmoid(head(features)).reshape(-1) for head in (self.score, self.tongue)
        )
        return self.points(features).reshape(-1, POINTS, 3), score, tongue
