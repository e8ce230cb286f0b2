"""The two BlazeFace networks: short range (128 px) and full range (192 px).

Both are convolutional and speak in pixels of their input, so they run on any height and width that
is a multiple of `ALIGNMENT`, not only on the square they were trained with.

Convention
----------
Inputs are ``(B, 3, H, W)`` float32 RGB in [-1, 1]. Outputs are per anchor: a score logit
``(B, n)`` and regressions ``(B, n, 16)``: centre x, y, width, height, then x, y of the subject's
right eye, left eye, nose tip, mouth centre, right ear, left ear. Positions are pixels from the
anchor, `anchors`. Anchors stand row by row; those of one cell are adjacent.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019; the
full-range network is the one of MediaPipe's model card "BlazeFace (Full-range, Sparse)".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facelab.models.layers import Residual, Separable, pad_same
from facelab.models.runtime import each_alone
from facelab.numerics.arrays import Float

ALIGNMENT = 32
REGRESSIONS = 16

# A candidate is a row of 17 float32: score; centre x, y, width, height; x, y of the six points.
CENTRE, EXTENT, POINTS = slice(1, 3), slice(3, 5), slice(5, 17)


def flatten_anchors(grid: Tensor, values: int) -> Tensor:
    """``(B, k * values, h, w)`` to ``(B, h * w * k, values)``, k anchors to a cell."""
    return grid.permute(0, 2, 3, 1).reshape(len(grid), -1, values)


def grid_anchors(height: int, width: int, stride: int, repeats: int) -> Tensor:
    """The centres ``(n, 2)`` of the cells of a grid, x and y in input pixels, corner at 0."""
    y = (torch.arange(height // stride) + 0.5) * stride
    x = (torch.arange(width // stride) + 0.5) * stride
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)
    return grid.reshape(-1, 2).repeat_interleave(repeats, dim=0)


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

    @staticmethod
    def anchors(height: int, width: int) -> Tensor:
        """The anchors' centres ``(n, 2)`` in input pixels, corner at 0."""
        return torch.cat([grid_anchors(height, width, 8, 2), grid_anchors(height, width, 16, 6)])


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

    @staticmethod
    def anchors(height: int, width: int) -> Tensor:
        """The anchors' centres ``(n, 2)`` in input pixels, corner at 0."""
        return grid_anchors(height, width, 4, 1)


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


def padded(view: Float) -> Float:
    """Pad `view` with mid-grey at the right and bottom, so that the network's grid fits."""
    bottom, right = (-side % ALIGNMENT for side in view.shape[:2])
    return np.pad(view, ((0, bottom), (0, right), (0, 0)), constant_values=0.5)


def candidates(
    network: BlazeFaceFull | BlazeFaceShort, images: Sequence[Float], least: float
) -> list[Float]:
    """Candidates ``(n, 17)`` scored at least `least` in each image ``(H, W, 3)``, [0, 1].

    In pixels of the image, pixel centres at integers.
    """
    return each_alone(partial(run_on_image, network, least), images)


@torch.inference_mode()
def run_on_image(network: BlazeFaceFull | BlazeFaceShort, least: float, image: Float) -> Float:
    """Run the network on one image: candidates ``(n, 17)`` scored at least `least`."""
    fitting = torch.from_numpy(padded(image)).permute(2, 0, 1)[None]
    logits, regressions = network(fitting * 2 - 1)
    rows = torch.cat([torch.sigmoid(logits)[0, :, None], regressions[0]], dim=1).numpy()
    enough = rows[:, 0] >= least
    kept = rows[enough]
    origin = network.anchors(*fitting.shape[2:]).numpy()[enough] - np.float32(0.5)
    kept[:, CENTRE] += origin
    kept[:, POINTS] += np.tile(origin, 6)
    return kept
