"""The multiclass segmenter: a picture of a person to six classes, pixel by pixel.

MediaPipe's ``selfie_multiclass_256x256.tflite``: inverted residuals (Sandler et al., "MobileNetV2",
CVPR 2018) and two blocks of separable self-attention (Mehta and Rastegari, "Separable
Self-attention for Mobile Vision Transformers", 2022, figure 4 and equations 1-2), then a feature
pyramid (Lin et al., CVPR 2017) whose levels are summed at half the picture's size.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from facelab.models.kinds import MULTICLASS
from facelab.models.layers import Separable, pad_same

SIDE = MULTICLASS.side
CLASSES = ("background", "hair", "body skin", "face skin", "clothes", "others")
_PATCH = 4  # a patch's side, in pixels of the feature map that is attended to
_SMOOTHING = 0.1  # of the labels it was trained with: a sure pixel comes out as 0.917, not 1
_LEVELS = (0, 3, 5, 7)  # of the trunk's maps, stem first, those that the pyramid takes up


def _affine(channels: int) -> nn.Conv2d:
    """A scale and a shift a channel: a normalisation whose statistics are fixed."""
    return nn.Conv2d(channels, channels, 1, groups=channels)


class InvertedResidual(nn.Module):
    """MobileNetV2's block: widened, filtered channel by channel, narrowed without activation.

    What comes in is added where the shape does not change.
    """

    def __init__(self, inputs: int, inner: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.has_shortcut = inputs == outputs and stride == 1
        self.expand = nn.Conv2d(inputs, inner, 1)
        self.depthwise = nn.Conv2d(inner, inner, 3, stride, int(stride == 1), groups=inner)
        self.project = nn.Conv2d(inner, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H / stride, W / stride)``."""
        y: Tensor = self.expand(x).relu_()
        y = self.depthwise(pad_same(y, 3) if self.stride == 2 else y).relu_()
        y = self.project(y)
        return y + x if self.has_shortcut else y


class SeparableAttention(nn.Module):
    """Separable self-attention beside a linear map, both of the normalised input, added to it.

    Patches do not look at each other: their keys are summed to one context, weighted by scores, and
    it scales the values of all. Pixels meet those at their own place in other patches.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = _affine(channels)
        self.linear = nn.Sequential(
            nn.Conv2d(channels, 2 * channels, 1), nn.Conv2d(2 * channels, channels, 1)
        )
        self.score = nn.Conv2d(channels, 1, 1)
        self.key = nn.Conv2d(channels, channels, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.output = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, channels, pixels of a patch, patches)`` to the same shape."""
        y = self.norm(x)
        context = (self.key(y) * self.score(y).softmax(-1)).sum(-1, keepdim=True)
        attended = self.output(self.value(y).relu_() * context)
        added: Tensor = attended + self.linear(y)
        return x + added


class MobileViT(nn.Module):
    """MobileViTv2's block: neighbours by convolution, then all patches by attention."""

    def __init__(self, channels: int, inner: int, layers: int) -> None:
        super().__init__()
        self.local = nn.Sequential(
            nn.Conv2d(channels, inner, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(inner, inner, 1),
            nn.ReLU(inplace=True),
        )
        self.attention = nn.Sequential(*(SeparableAttention(inner) for _ in range(layers)))
        self.project = nn.Conv2d(inner, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, channels, H, W)`` to the same shape; the sides are multiples of a patch's."""
        height, width = x.shape[2:]
        attended = self.attention(patches(self.local(x)))
        y: Tensor = self.project(joined(attended, height, width))
        return y


def patches(x: Tensor) -> Tensor:
    """``(B, C, H, W)`` by patches: ``(B, C, pixels of a patch, patches)``, row by row."""
    channels, height, width = x.shape[1:]
    cells = x.reshape(-1, channels, height // _PATCH, _PATCH, width // _PATCH, _PATCH)
    return cells.permute(0, 1, 3, 5, 2, 4).flatten(4).flatten(2, 3)


def joined(x: Tensor, height: int, width: int) -> Tensor:
    """Patches put together again: the inverse of `patches`, ``(B, C, height, width)``."""
    cells = x.reshape(-1, x.shape[1], _PATCH, _PATCH, height // _PATCH, width // _PATCH)
    return cells.permute(0, 1, 4, 2, 5, 3).flatten(4).flatten(2, 3)


class FeaturePyramid(nn.Module):
    """Adds to each level the enlarged coarser one, and to the finest all others, filtered."""

    def __init__(self, channels: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(
            [nn.Sequential(_affine(inputs), nn.Conv2d(inputs, width, 1)) for inputs in channels]
        )
        self.filter = nn.ModuleList([Separable(width, width) for _ in channels])

    def forward(self, features: list[Tensor]) -> Tensor:
        """``(B, channels, H / 2^i, W / 2^i)`` at each level i to ``(B, width, H, W)``."""
        levels = [lateral(x) for lateral, x in zip(self.lateral, features, strict=True)]
        for i in reversed(range(len(levels) - 1)):
            levels[i] = levels[i] + functional.interpolate(levels[i + 1], scale_factor=2)
        summed: Tensor
        summed, *coarser = (f(level) for f, level in zip(self.filter, levels, strict=True))
        for i, level in enumerate(coarser, 1):
            summed = summed + functional.interpolate(level, scale_factor=2**i, mode="bilinear")
        return summed


def _filtered(inputs: int, outputs: int) -> nn.Sequential:
    """A separable convolution, both halves of which are rectified."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(inputs, outputs, 1),
        nn.ReLU(inplace=True),
    )


class MulticlassSegmenter(nn.Module):
    """The network; sizes halve four times in the trunk."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2)
        self.trunk = nn.ModuleList(
            [
                InvertedResidual(16, 96, 64, stride=1),
                InvertedResidual(64, 384, 128, stride=2),
                InvertedResidual(128, 768, 128, stride=1),
                InvertedResidual(128, 768, 256, stride=2),
                MobileViT(256, 128, layers=2),
                InvertedResidual(256, 1536, 384, stride=2),
                MobileViT(384, 192, layers=4),
            ]
        )
        self.pyramid = FeaturePyramid((16, 128, 256, 384), 64)
        self.filter = nn.Sequential(_filtered(64, 32), *(_filtered(32, 32) for _ in range(4)))
        self.enlarge = nn.ConvTranspose2d(32, 32, 2, stride=2)
        self.logits = nn.Conv2d(32, len(CLASSES), 1)

    def forward(self, images: Tensor) -> Tensor:
        """Tell background, hair, skin, clothes and other things from each other.

        Parameters
        ----------
        images : (B, 3, 256, 256) float32
            RGB in [0, 1].

        Returns
        -------
        (B, 256, 256, 6) float32
            Each class's share of each pixel, in the order of `CLASSES`, sum 1.
        """
        maps = [self.stem(pad_same(images, 3)).relu_()]
        for block in self.trunk:
            maps.append(block(maps[-1]))
        x = self.filter(self.pyramid([maps[i] for i in _LEVELS]))
        return _unsmoothed(self.logits(self.enlarge(x)).softmax(1)).permute(0, 2, 3, 1)


def _unsmoothed(shares: Tensor) -> Tensor:
    """Shares ``(B, classes, H, W)`` with the smoothing of the labels they follow taken back.

    Szegedy et al., "Rethinking the Inception Architecture", CVPR 2016, section 7, solved for the
    label; what lies beyond [0, 1] is cut off.
    """
    classes = shares.shape[1]
    labels = ((shares - _SMOOTHING / classes) / (1 - _SMOOTHING)).clamp(0, 1)
    return labels / labels.sum(1, keepdim=True)
