"""LightPRN: PRN's input and output at a ninth of its cost.

A MobileNetV2 encoder (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
CVPR 2018, table 2) and a decoder of depthwise-separable convolutions between bilinear enlargements.
The map is laid out in UV, not as the crop is, so there are no skip connections: everything passes
the 8x8 bottleneck, as in PRN.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from facelab.models.resfcn import Convolution, positions

STEM = 16
# Expansion, channels, blocks, stride of the first block.
ENCODER = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 40, 3, 2), (6, 80, 4, 2), (6, 160, 4, 2))
DECODER = (320, 160, 96, 64, 32, 16)  # channels at 8x8, then after each doubling


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow without activation; a shortcut where shapes permit."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.widen = Convolution(inputs, inner, 1) if expansion > 1 else nn.Identity()
        self.filter = Convolution(inner, inner, 3, stride, groups=inner)
        self.narrow = Convolution(inner, outputs, 1, activation=nn.Identity)
        self.has_shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``."""
        y: Tensor = self.narrow(self.filter(self.widen(x)))
        return x + y if self.has_shortcut else y


class LightPRN(nn.Module):
    """The network, as it is trained: 1,607,558 parameters, 0.45 GMAC a crop."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, STEM, 3, 2)
        self.encoder = nn.Sequential(*_encoder())
        self.neck = Convolution(ENCODER[-1][1], DECODER[0], 1)
        self.decoder = nn.Sequential(*(_doubling(a, b) for a, b in pairwise(DECODER)))
        self.head = Convolution(DECODER[-1], 3, 3, activation=nn.Sigmoid)

    def forward(self, crops: Tensor) -> Tensor:
        """Find the position map of a crop.

        Parameters
        ----------
        crops : (B, 3, 256, 256) float32
            RGB in [0, 1].

        Returns
        -------
        positions : (B, 256, 256, 3) float32
            As `facelab.models.resfcn.PRN` gives it, in the atlas that it was trained for.
        """
        features = self.neck(self.encoder(self.stem(crops)))
        return positions(self.head(self.decoder(features)))


def _encoder() -> list[InvertedResidual]:
    blocks, inputs = [], STEM
    for expansion, outputs, count, stride in ENCODER:
        for index in range(count):
            blocks.append(InvertedResidual(inputs, outputs, 1 if index else stride, expansion))
            inputs = outputs
    return blocks


def _doubling(inputs: int, outputs: int) -> nn.Sequential:
    """``(B, inputs, H, W)`` to ``(B, outputs, 2 H, 2 W)``; channels change where it is cheaper."""
    return nn.Sequential(
        Convolution(inputs, outputs, 1),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        Convolution(outputs, outputs, 3, groups=outputs),
        Convolution(outputs, outputs, 1),
    )
