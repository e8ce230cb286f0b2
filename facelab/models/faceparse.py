"""FaceParse: facelab's own network, a face crop to what each of its pixels shows.

Two networks in one. The coarse one sees the crop at half its size: FaceMap's trunk, which knows
faces at any yaw, and a decoder that takes up again what the trunk saw at each size (Ronneberger et
al., "U-Net", MICCAI 2015). The other adds details: rims of glasses and strands of hair are one
pixel wide. It sees the crop's own pixels and what the coarse one makes of them, and begins as
zero, so that what is learnt of small crops stays. Both tell of four pixels a place, of each by
itself (Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
CNN", CVPR 2016).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from facelab.constants import PARTS
from facelab.models.facemap import KEPT, FaceMap
from facelab.models.kinds import FACEPARSE
from facelab.models.layers import Separable, pad_same

__all__ = ["SIDE", "CoarseParse", "FaceParse"]

SIDE = FACEPARSE.side
_SEEN = (1, 4, 7, 10)  # blocks of the trunk that are the last of their size
_WIDTHS = (16, 32, 64, 128)  # channels of these
_UP = (24, 40, 56, 80)  # channels of the decoder at the same sizes
_DETAIL = 32  # channels of the block that adds details
_PIXELS, _LAST = 8, 40  # channels of the picture's own pixels, and of what parts are told by


class UpsamplingBlock(nn.Module):
    """Doubles the size, and adds what was seen there."""

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


class PartsHead(nn.Module):
    """Tells the parts of four pixels a place, by features there and by the pixels themselves."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.pixels = nn.Conv2d(3, _PIXELS, 2, stride=2)
        self.last = Separable(inputs + _PIXELS, _LAST)
        self.parts = nn.Conv2d(_LAST, 4 * len(PARTS), 1)

    def forward(self, x: Tensor, crops: Tensor) -> tuple[Tensor, Tensor]:
        """``(B, inputs, H, W)`` and ``(B, 3, 2 H, 2 W)`` to features, and logits of the crops."""
        pixels = torch.relu(self.pixels(crops))
        features = torch.relu(self.last(torch.cat([x, pixels], 1)))
        return features, self._spread(features)

    def _spread(self, features: Tensor) -> Tensor:
        """Logits of the crops: ``pixel_shuffle(self.parts(features), 2)`` as one convolution.

        Its transpose puts the four pixels of a place where they belong, in half the time.
        """
        assert self.parts.bias is not None  # an Optional for the type checker only
        weight = self.parts.weight.reshape(len(PARTS), 2, 2, -1).permute(3, 0, 1, 2)
        bias = self.parts.bias.reshape(len(PARTS), 2, 2).repeat(1, *features.shape[2:])
        return functional.conv_transpose2d(features, weight, stride=2) + bias


class CoarseParse(nn.Module):
    """The coarse network; sides that 32 divides."""

    def __init__(self) -> None:
        super().__init__()
        begun = FaceMap()
        self.stem, self.trunk, self.deeper = begun.stem, begun.trunk, begun.deeper
        inputs = (*_UP[1:], _WIDTHS[-1])
        blocks = [UpsamplingBlock(*each) for each in zip(inputs, _WIDTHS, _UP, strict=True)]
        self.up = nn.ModuleList(reversed(blocks))
        self.head = PartsHead(_UP[0])

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """``(B, 3, S, S)`` to features ``(B, 40, S / 2, S / 2)`` and logits ``(B, 14, S, S)``."""
        x, seen = self.stem(pad_same(crops, 3)), []
        for at, block in enumerate(self.trunk):
            x = block(x)
            if str(at) in self.deeper:
                x = self.deeper[str(at)](x)
            if at in _SEEN:
                seen.append(x)
        for up, skip in zip(self.up, reversed(seen), strict=True):
            x = up(x, skip)
        features, logits = self.head(x, crops)
        return features, logits


class FaceParse(nn.Module):
    """The network."""

    def __init__(self) -> None:
        super().__init__()
        self.coarse = CoarseParse()
        self.up = UpsamplingBlock(_LAST, _WIDTHS[0], _DETAIL)
        self.head = PartsHead(_DETAIL)
        nn.init.zeros_(self.head.parts.weight)
        nn.init.zeros_(self.head.parts.bias)  # type: ignore[arg-type]  # it has one

    def forward(self, crops: Tensor) -> Tensor:
        """Tell the parts around a face from each other.

        Parameters
        ----------
        crops : (B, 3, 256, 256) float32
            RGB in [0, 1].

        Returns
        -------
        (B, 256, 256, 14) float32
            How much of each pixel is each of `facelab.constants.PARTS`, sum 1.
        """
        return self.logits(crops).permute(0, 2, 3, 1).softmax(-1)  # quicker than along parts first

    def logits(self, crops: Tensor) -> Tensor:
        """The same before it is normalised: logarithms of shares and a constant, parts first."""
        features, coarse = self.coarse(functional.avg_pool2d(crops, 2))
        fine = self.up(features, self.coarse.stem(pad_same(crops, 3)))
        _, details = self.head(fine, crops)
        shares: Tensor = functional.interpolate(coarse, scale_factor=2, mode="bilinear") + details
        return shares

    @property
    def trunk(self) -> nn.Sequential:
        """FaceMap's trunk in it."""
        return self.coarse.trunk

    def trainable(self) -> list[nn.Parameter]:
        """The parameters that training moves: all but the stem and the first blocks of the trunk.

        FaceMap's training left these, too.
        """
        kept = {id(p) for part in (self.coarse.stem, self.trunk[:KEPT]) for p in part.parameters()}
        return [p for p in self.parameters() if id(p) not in kept]
