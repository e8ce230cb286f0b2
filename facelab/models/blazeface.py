"""The two BlazeFace networks: short range (128 px) and full range (192 px).

Both are convolutional and speak in pixels of their input, so they run on any height and width that
32 divides, not only on the square they were trained with.

Convention
----------
Inputs are ``(B, 3, H, W)`` float32 RGB in [-1, 1]. Outputs are per anchor: a score logit
``(B, n)`` and regressions ``(B, n, 16)``: centre x, y, width, height, then x, y of the subject's
right eye, left eye, nose tip, mouth centre, right ear, left ear. Positions are pixels from the
anchor, of which `facelab.detect.candidates.anchors` tells the places.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019; the
full-range network is the one of MediaPipe's model card "BlazeFace (Full-range, Sparse)".
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from facelab.models.layers import Residual, Separable, pad_same

REGRESSIONS = 16


def flatten_anchors(grid: Tensor, values: int) -> Tensor:
    """``(B, k * values, h, w)`` to ``(B, h * w * k, values)``, k anchors to a cell."""
    return torch.unflatten(grid.permute(0, 2, 3, 1).flatten(1), 1, (-1, values))


class BlazeFaceShort(nn.Module):
    """For faces between an eighth and all of a 128 px input.

    Two anchors per 8 px cell on the fine grid, then six per 16 px cell on the coarse one.
    """

    def __init__(self) -> None:
        super().__init__()

        def blocks(widths: list[int], halving: set[int]) -> nn.Sequential:
            steps = enumerate(pairwise(widths))
            return nn.Sequential(
                *(
                    Residual(a, b, 2 if i in halving else 1, nn.ReLU(inplace=True))
                    for i, (a, b) in steps
                )
            )

        self.stem = nn.Conv2d(3, 24, 5, stride=2)
        self.fine = blocks([24, 24, 28, 32, 36, 42, 48, 56, 64, 72, 80, 88], halving={2, 5})
        self.coarse = blocks([88, 96, 96, 96, 96, 96], halving={0})
        self.fine_score = nn.Conv2d(88, 2, 1)
        self.coarse_score = nn.Conv2d(96, 6, 1)
        self.fine_box = nn.Conv2d(88, 2 * REGRESSIONS, 1)
        self.coarse_box = nn.Conv2d(96, 6 * REGRESSIONS, 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images to (logits, regressions), see the module's convention."""
        fine = self.fine(self.stem(pad_same(images, 5)).relu_())
        coarse = self.coarse(fine)
        logits = [
            flatten_anchors(self.fine_score(fine), 1),
            flatten_anchors(self.coarse_score(coarse), 1),
        ]
        regressions = [
            flatten_anchors(self.fine_box(fine), REGRESSIONS),
            flatten_anchors(self.coarse_box(coarse), REGRESSIONS),
        ]
        return torch.cat(logits, dim=1)[..., 0], torch.cat(regressions, dim=1)


class Bottleneck(nn.Module):
    """Two separable convolutions, the first to fewer channels; ReLU between and after.

    A shortcut is added where the shape does not change.
    """

    def __init__(self, inputs: int, inner: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = Separable(inputs, inner, stride)
        self.second = Separable(inner, outputs)
        self.has_shortcut = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``."""
        y: Tensor = self.second(self.first(x).relu_())
        return (y.add_(x) if self.has_shortcut else y).relu_()


def bottlenecks(count: int, inner: int, width: int, inputs: int | None = None) -> nn.Sequential:
    """`count` bottlenecks; where `inputs` is given, the first halves the image and widens it."""
    first = [] if inputs is None else [Bottleneck(inputs, inner, width, stride=2)]
    rest = [Bottleneck(width, inner, width) for _ in range(count - len(first))]
    return nn.Sequential(*first, *rest)


class BlazeFaceFull(nn.Module):
    """For faces between a sixteenth and all of a 192 px input: one anchor per 4 px cell.

    A feature pyramid (Lin et al. 2017): `down` halves five times in all, `up` doubles three times
    and adds the 1x1 convolutions `lateral` of what `down` saw at that size.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 3, stride=2, padding=1)
        self.down = nn.ModuleList(
            [
                bottlenecks(2, 8, 32),
                bottlenecks(3, 16, 64, inputs=32),
                bottlenecks(3, 32, 128, inputs=64),
                bottlenecks(3, 48, 192, inputs=128),
                bottlenecks(4, 96, 384, inputs=192),
            ]
        )
        laterals = [(64, 48), (128, 64), (192, 96), (384, 96)]
        self.lateral = nn.ModuleList([nn.Conv2d(a, b, 1) for a, b in laterals])
        self.up = nn.ModuleList(
            [bottlenecks(2, 48, 96), bottlenecks(2, 32, 64), bottlenecks(1, 24, 48)]
        )
        self.narrow = nn.ModuleList([nn.Conv2d(96, 64, 1), nn.Conv2d(64, 48, 1)])
        self.score = AnchorHead(48, 1)
        self.box = AnchorHead(48, REGRESSIONS)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images to (logits, regressions), see the module's convention."""
        x = self.stem(images).relu_()
        x = self.down[0](x)
        seen = []
        for stage, lateral in zip(self.down[1:], self.lateral, strict=True):
            x = stage(x)
            seen.append(lateral(x).relu_())
        x = seen.pop()
        for stage, narrow in zip(self.up, [*self.narrow, None], strict=True):
            x = stage(seen.pop() + functional.interpolate(x, scale_factor=2, mode="bilinear"))
            x = x if narrow is None else narrow(x).relu_()
        return self.score(x)[..., 0], self.box(x)


class AnchorHead(nn.Module):
    """`values` numbers per cell: four sub-cells are computed at half the size, then spread out."""

    def __init__(self, inputs: int, values: int) -> None:
        super().__init__()
        self.values = values
        self.pointwise = nn.Conv2d(inputs, 4 * values, 1)
        self.depthwise = nn.Conv2d(
            4 * values, 4 * values, 3, stride=2, padding=1, groups=4 * values
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` to ``(B, H * W, values)``.

        TensorFlow's depth-to-space has the sub-cell as the slow part of the channel index, torch's
        pixel shuffle as the fast one.
        """
        y = self.depthwise(self.pointwise(x)).unflatten(1, (4, self.values))
        return flatten_anchors(
            functional.pixel_shuffle(y.transpose(1, 2).flatten(1, 2), 2), self.values
        )
