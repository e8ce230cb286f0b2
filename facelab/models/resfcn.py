"""PRN, the network of PRNet: a face crop to its position map.

Feng et al., "Joint 3D Face Reconstruction and Dense Alignment with Position Map Regression
Network", ECCV 2018, section 3.2: a residual encoder and a decoder of transposed convolutions. The
graph is that of the published TensorFlow checkpoint, its padding and batch normalisation included.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

SIDE = 256
REACH = 1.1 * SIDE  # px: the sigmoid's 1, so that positions may lie beyond the crop
KERNEL = 4
ENCODER = (16, 32, 64, 128, 256, 512)  # channels of the stem, then of two blocks each
DECODER = ((512,), (256,) * 3, (128,) * 3, (64,) * 3, (32,) * 2, (16,) * 2, (3,) * 3)


def norm(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation as PRNet trained it: a decay of 0.999 is a momentum of 0.001."""
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=1e-3)


def same_padding(kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME, for sides that `stride` divides: px at each end, px more at the far."""
    total = max(kernel - stride, 0)
    return total // 2, total % 2


def far_end(pixels: int) -> nn.Module:
    """Add so many zeros at the right and at the bottom; a negative number takes pixels away."""
    return nn.ZeroPad2d((0, pixels, 0, pixels)) if pixels else nn.Identity()


class Convolution(nn.Sequential):
    """A SAME convolution without bias, batch normalisation and an activation."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        activation: type[nn.Module] = nn.ReLU,
    ) -> None:
        around, more = same_padding(kernel, stride)
        super().__init__()
        self.pad = far_end(more)
        self.convolution = nn.Conv2d(
            inputs, outputs, kernel, stride, around, groups=groups, bias=False
        )
        self.norm = norm(outputs)
        self.activation = activation()


class TransposedConvolution(nn.Sequential):
    """The transpose of a SAME convolution, batch normalisation and an activation."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        around, more = same_padding(KERNEL, stride)
        super().__init__()
        self.convolution = nn.ConvTranspose2d(inputs, outputs, KERNEL, stride, around, bias=False)
        self.crop = far_end(-more)
        self.norm = norm(outputs)
        self.activation: nn.Module = nn.ReLU()


class ResidualBlock(nn.Module):
    """1x1, 4x4 and 1x1 convolutions beside a shortcut; normalised after the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        inner = outputs // 2
        self.reduce = Convolution(inputs, inner, 1)
        self.spatial = Convolution(inner, inner, KERNEL, stride)
        self.expand = nn.Conv2d(inner, outputs, 1, bias=False)
        self.shortcut = (
            nn.Identity()
            if stride == 1 and inputs == outputs
            else nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        )
        self.norm = norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``."""
        total = self.expand(self.spatial(self.reduce(x))) + self.shortcut(x)
        return torch.relu(self.norm(total))


class PRN(nn.Module):
    """The network, as it is trained: 13,353,618 parameters, 4.13 GMAC a crop."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, ENCODER[0], KERNEL)
        stages = [[ResidualBlock(a, b, 2), ResidualBlock(b, b, 1)] for a, b in pairwise(ENCODER)]
        self.encoder = nn.Sequential(*(block for stage in stages for block in stage))
        self.decoder = nn.Sequential(*_decoder(ENCODER[-1]))

    def forward(self, crops: Tensor) -> Tensor:
        """Find where in the crop, and how near, each texel of the face lies.

        Parameters
        ----------
        crops : (B, 3, 256, 256) float32
            RGB in [0, 1].

        Returns
        -------
        positions : (B, 256, 256, 3) float32
            (x, y, depth) of each texel of PRNet's atlas in crop pixels, pixel centres at integers,
            in [0, 281.6]; depth in the same unit, the nearer the larger.
        """
        unit = self.decoder(self.encoder(self.stem(crops)))
        return positions(unit)


def positions(unit: Tensor) -> Tensor:
    """The last activation ``(B, 3, S, S)`` in [0, 1] as a position map ``(B, S, S, 3)``, px."""
    return unit.permute(0, 2, 3, 1) * REACH


def _decoder(inputs: int) -> list[TransposedConvolution]:
    """Each stage doubles the side with its first layer, except where none is left to double."""
    layers = []
    for stage, widths in enumerate(DECODER):
        for position, outputs in enumerate(widths):
            doubles = position == 0 and 0 < stage < len(DECODER) - 1
            layers.append(TransposedConvolution(inputs, outputs, 2 if doubles else 1))
            inputs = outputs
    layers[-1].activation = nn.Sigmoid()
    return layers
