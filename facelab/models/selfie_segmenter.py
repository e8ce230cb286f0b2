"""The selfie segmenter: a photograph of a person to how much of each pixel the person is.

MediaPipe's ``selfie_segmentation.tflite``: the trunk of MobileNetV3 (Howard et al., "Searching for
MobileNetV3", ICCV 2019, with its gates of squeeze and excitation and its segmentation head) and a
decoder that takes up again what the trunk saw at each size.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from facelab.models.kinds import SELFIE
from facelab.models.layers import pad_same

SIDE = SELFIE.side


class SqueezeExcitation(nn.Module):
    """Squeeze and excitation: a weight in (0, 1) for each channel, from the means of all."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, inner, 1)
        self.restore = nn.Conv2d(inner, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, channels, H, W)`` to ``(B, channels, 1, 1)``."""
        mean = x.mean((2, 3), keepdim=True)
        return torch.sigmoid(self.restore(self.reduce(mean).relu_()))


class Bottleneck(nn.Module):
    """MobileNetV3's block: widened, filtered channel by channel, gated, narrowed.

    `gate` is how many channels the gate has inside, 0 for none. What comes in is added where the
    shape does not change.
    """

    def __init__(
        self,
        channels: tuple[int, int, int],
        kernel: int,
        stride: int,
        gate: int,
        activation: nn.Module,
    ) -> None:
        super().__init__()
        inputs, inner, outputs = channels
        self.kernel, self.stride, self.activation = kernel, stride, activation
        self.has_shortcut = inputs == outputs and stride == 1
        padding = kernel // 2 if stride == 1 else 0
        self.expand = nn.Conv2d(inputs, inner, 1)
        self.depthwise = nn.Conv2d(inner, inner, kernel, stride, padding, groups=inner)
        self.gate = SqueezeExcitation(inner, gate) if gate else None
        self.project = nn.Conv2d(inner, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``."""
        y: Tensor = self.activation(self.expand(x))
        if self.stride == 2:
            y = pad_same(y, self.kernel)
        y = self.activation(self.depthwise(y))
        if self.gate is not None:
            y = y * self.gate(y)
        y = self.project(y)
        return y + x if self.has_shortcut else y


class SegmentationHead(nn.Module):
    """MobileNetV3's segmentation head: features at each place, weighted by those of all."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.features = nn.Conv2d(inputs, outputs, 1)
        self.weights = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H, W)``."""
        mean = x.mean((2, 3), keepdim=True)
        features: Tensor = self.features(x).relu_()
        return features * torch.sigmoid(self.weights(mean))


class UpsamplingBlock(nn.Module):
    """Doubles the size and adds the details that the trunk had there."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(inputs, channels, 1)
        self.gate = SqueezeExcitation(channels, channels)
        self.mix = nn.Conv2d(channels, channels, 1)
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` and ``(B, channels, 2 H, 2 W)`` to the latter's shape."""
        x = self.narrow(functional.interpolate(x, scale_factor=2, mode="bilinear"))
        x = self.mix(seen * self.gate(seen + x) + x).relu_()
        y: Tensor = x + self.depthwise(x).relu_()
        return y


class SelfieSegmenter(nn.Module):
    """The network; sizes halve four times in the trunk and double four times after it."""

    def __init__(self) -> None:
        super().__init__()
        relu, swish = nn.ReLU(inplace=True), nn.Hardswish(inplace=True)
        self.stem = nn.Conv2d(3, 16, 3, stride=2)
        self.trunk = nn.ModuleList(
            [
                Bottleneck((16, 16, 16), 3, 2, 8, relu),
                Bottleneck((16, 72, 24), 3, 2, 0, relu),
                Bottleneck((24, 88, 24), 3, 1, 0, relu),
                Bottleneck((24, 96, 32), 5, 2, 24, swish),
                Bottleneck((32, 128, 32), 5, 1, 32, swish),
                Bottleneck((32, 128, 32), 5, 1, 32, swish),
                Bottleneck((32, 96, 32), 5, 1, 24, swish),
                Bottleneck((32, 96, 32), 5, 1, 24, swish),
            ]
        )
        self.context = SegmentationHead(32, 128)
        self.up = nn.ModuleList(
            [UpsamplingBlock(128, 24), UpsamplingBlock(24, 16), UpsamplingBlock(16, 16)]
        )
        self.opacity = nn.ConvTranspose2d(16, 1, 2, stride=2)

    def forward(self, images: Tensor) -> Tensor:
        """Tell people from what is behind them.

        Parameters
        ----------
        images : (B, 3, 256, 256) float32
            RGB in [0, 1].

        Returns
        -------
        (B, 256, 256) float32
            How much of each pixel belongs to a person, [0, 1].
        """
        seen = [functional.hardswish(self.stem(pad_same(images, 3)))]
        x = seen[0]
        for block in self.trunk:
            x = block(x)
            seen.append(x)
        x = self.context(x)
        for up, place in zip(self.up, (3, 1, 0), strict=True):  # the last of each size
            x = up(x, seen[place])
        return torch.sigmoid(self.opacity(x))[:, 0]
