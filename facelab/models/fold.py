"""Folding a trained network for inference: fewer operations, the same map.

Batch normalisation with fixed statistics is an affine map per channel, so it goes into the weights
of the convolution before it (Jacob et al., CVPR 2018, section 3.2); and a transposed convolution of
stride 1 is a convolution with the kernel turned round, for which there are faster routines.
"""

from __future__ import annotations

from copy import deepcopy
from functools import singledispatch

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from facelab.models.resfcn import (
    Convolution,
    ResidualBlock,
    TransposedConvolution,
    same_padding,
)


def fold(network: nn.Module) -> nn.Module:
    """A copy of `network` for inference: folded, frozen, in channels-last memory.

    Parameters
    ----------
    network : nn.Module
        `PRN`, `LightPRN` or any network made of their blocks; left as it is.

    Returns
    -------
    nn.Module
        Takes and gives the same arrays as `network` in evaluation mode, up to rounding.
    """
    copy = deepcopy(network).eval().requires_grad_(False)
    return _folded(copy).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


@singledispatch
def _folded(module: nn.Module) -> nn.Module:
    """`module` with its parts folded; the rules below say how, others stay as they are."""
    for name, child in module.named_children():
        setattr(module, name, _folded(child))
    return module


@_folded.register
def _(block: Convolution) -> nn.Module:
    return nn.Sequential(
        block.pad, fuse_conv_bn_eval(block.convolution, block.norm), block.activation
    )


@_folded.register
def _(block: TransposedConvolution) -> nn.Module:
    fused = fuse_conv_bn_eval(block.convolution, block.norm, transpose=True)
    if block.convolution.stride == (1, 1):
        return nn.Sequential(*_turned(fused), block.activation)
    return nn.Sequential(fused, block.crop, block.activation)


@_folded.register
def _(block: ResidualBlock) -> nn.Module:
    return FoldedResidualBlock(block)


class FoldedResidualBlock(nn.Module):
    """A `ResidualBlock` whose last normalisation is spread over the two terms of its sum."""

    scale: Tensor

    def __init__(self, block: ResidualBlock) -> None:
        super().__init__()
        assert block.norm.running_var is not None  # an Optional for the type checker only
        scale = block.norm.weight / torch.sqrt(block.norm.running_var + block.norm.eps)
        self.reduce, self.spatial = _folded(block.reduce), _folded(block.spatial)
        self.expand = fuse_conv_bn_eval(block.expand, block.norm)
        self.shortcut = block.shortcut
        self.register_buffer("scale", scale[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``."""
        y = self.expand(self.spatial(self.reduce(x)))
        return torch.relu(torch.addcmul(y, self.shortcut(x), self.scale))


def _turned(transposed: nn.ConvTranspose2d) -> tuple[nn.Module, nn.Conv2d]:
    """A transposed SAME convolution of stride 1, cropping included, as padding and a convolution.

    What SAME adds at the far end, its transpose takes away there; so the other end gets it.
    """
    kernel = transposed.kernel_size[0]
    around, more = same_padding(kernel, 1)
    convolution = nn.Conv2d(transposed.in_channels, transposed.out_channels, kernel, padding=around)
    turned = transposed.weight.flip(2, 3).transpose(0, 1)
    convolution.weight = nn.Parameter(turned.contiguous(), requires_grad=False)
    convolution.bias = transposed.bias
    return nn.ZeroPad2d((more, 0, more, 0)), convolution
