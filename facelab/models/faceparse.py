"""FaceParse: facelab's own network, a face crop to what each of its pixels shows.

FaceMap's trunk, which knows faces at any yaw, and a decoder that takes up again what the trunk saw
at each size (Ronneberger et al., "U-Net", MICCAI 2015). Its last block also sees the picture's own
pixels, four of them a place, and tells of each of the four by itself (Shi et al., "Real-Time Single
Image and Video Super-Resolution Using an Efficient Sub-Pixel CNN", CVPR 2016): rims of glasses and
strands of hair are one pixel wide.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from facelab.constants import PARTS
from facelab.models.facemap import KEPT, FaceMap
from facelab.models.layers import Separable, pad_same

__all__ = ["SIDE", "FaceParse"]

SIDE = 256
_SEEN = (1, 4, 7, 10)  # blocks of the trunk that are the last of their size
_WIDTHS = (16, 32, 64, 128)  # channels of these
_UP = (24, 40, 56, 80)  # channels of the decoder at the same sizes
_PIXELS, _LAST = 8, 40  # channels of the picture's own pixels, and of the last block


class UpsamplingBlock(nn.Module):
    """Doubles the size, and adds what the trunk saw there."""

    def __init__(self, inputs: int, seen: int, outputs: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(inputs, outputs, 1)
        self.skip = nn.Conv2d(seen, outputs, 1)
        self.mix = Separable(outputs, outputs)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` and ``(B, seen, 2 H, 2 W)`` to ``(B, outputs, 2 H, 2 W)``."""
        larger = functional.interpolate(self.narrow(x), scale_factor=2, mode="bilinear")
        x = torch.relu(larger + self.skip(seen))
        return x + torch.relu(self.mix(x))


class FaceParse(nn.Module):
    """The network."""

    def __init__(self) -> None:
        super().__init__()
        begun = FaceMap()
        self.stem, self.trunk, self.deeper = begun.stem, begun.trunk, begun.deeper
        inputs = (*_UP[1:], _WIDTHS[-1])
        blocks = [UpsamplingBlock(*each) for each in zip(inputs, _WIDTHS, _UP, strict=True)]
        self.up = nn.ModuleList(reversed(blocks))
        self.pixels = nn.Conv2d(3, _PIXELS, 2, stride=2)
        self.last = Separable(_UP[0] + _PIXELS, _LAST)
        self.parts = nn.Conv2d(_LAST, 4 * len(PARTS), 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Tell the parts around a face from each other.

        Parameters
        ----------
        crops : (B, 3, 256, 256) float32
            RGB in [0, 1]; other sides that 32 divides will do, too.

        Returns
        -------
        (B, 256, 256, 14) float32
            How much of each pixel is each of `facelab.constants.PARTS`, sum 1.
        """
        return self.logits(crops).softmax(1).permute(0, 2, 3, 1)

    def logits(self, crops: Tensor) -> Tensor:
        """The same before it is normalised: logarithms of shares and a constant, parts first."""
        x, seen = self.stem(pad_same(crops, 3)), []
        for at, block in enumerate(self.trunk):
            x = block(x)
            if str(at) in self.deeper:
                x = self.deeper[str(at)](x)
            if at in _SEEN:
                seen.append(x)
        for up, skip in zip(self.up, reversed(seen), strict=True):
            x = up(x, skip)
        pixels = torch.relu(self.pixels(crops))
        x = torch.relu(self.last(torch.cat([x, pixels], 1)))
        return functional.pixel_shuffle(self.parts(x), 2)

    def trainable(self) -> list[nn.Parameter]:
        """The parameters that training moves: all but the stem and the first blocks of the trunk.

        FaceMap's training left these, too.
        """
        kept = {id(p) for part in (self.stem, self.trunk[:KEPT]) for p in part.parameters()}
        return [p for p in self.parameters() if id(p) not in kept]
