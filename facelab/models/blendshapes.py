"""Blendshapes: points of a face to the coefficients of its expression.

MediaPipe's ``face_blendshapes.tflite``, called GHUM-MLP-Mixer: a mixer (Tolstikhin et al.,
"MLP-Mixer: An all-MLP Architecture for Vision", NeurIPS 2021, equation 1) of tokens that sum up the
points, with one more that learns what is asked for.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_POINTS, _TOKENS, _CHANNELS = 146, 96, 64
_BLOCKS = 4
_SCALE = 0.5  # mean distance of the points from their middle, as the network was trained
_EPSILON = 1e-6  # of normalisation
COEFFICIENTS = 52


class Normalised(nn.Module):
    """Normalisation of each token's channels, with a scale and no shift."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """``(B, tokens, channels)`` to the same shape."""
        away = x - x.mean(-1, keepdim=True)
        return away * torch.rsqrt((away * away).mean(-1, keepdim=True) + _EPSILON) * self.weight


class Perceptron(nn.Sequential):
    """Two linear layers with a rectifier between them, over the last axis."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__(nn.Linear(channels, inner), nn.ReLU(), nn.Linear(inner, channels))


class Mixer(nn.Module):
    """One layer: mixes tokens for each channel, then channels for each token."""

    def __init__(self, tokens: int, channels: int) -> None:
        super().__init__()
        self.norm_tokens = Normalised(channels)
        self.tokens = Perceptron(tokens, 384)
        self.norm_channels = Normalised(channels)
        self.channels = Perceptron(channels, 256)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, tokens, channels)`` to the same shape."""
        x = x + self.tokens(self.norm_tokens(x).transpose(1, 2)).transpose(1, 2)
        mixed: Tensor = x + self.channels(self.norm_channels(x))
        return mixed


class Blendshapes(nn.Module):
    """The network; it sees neither where the points are nor how large the face is."""

    def __init__(self) -> None:
        super().__init__()
        self.gather = nn.Linear(_POINTS, _TOKENS)
        self.embed = nn.Linear(2, _CHANNELS)
        self.asked = nn.Embedding(1, _CHANNELS)
        self.mixers = nn.Sequential(*(Mixer(1 + _TOKENS, _CHANNELS) for _ in range(_BLOCKS)))
        self.coefficients = nn.Linear(_CHANNELS, COEFFICIENTS)

    def forward(self, points: Tensor) -> Tensor:
        """Tell the expression.

        Parameters
        ----------
        points : (B, 146, 2) float32
            x right, y down of `facelab.reconstruct.landmarker.POINTS`, any unit.

        Returns
        -------
        (B, 52) float32
            In [0, 1]: MediaPipe's ``_neutral``, then ARKit's without ``tongueOut``.
        """
        away = points - points.mean(1, keepdim=True)
        spread = (away * away).sum(-1, keepdim=True).sqrt().mean(1, keepdim=True)
        tokens = self.embed(self.gather((_SCALE * away / spread).transpose(1, 2)).transpose(1, 2))
        asked = self.asked.weight.expand(len(points), 1, _CHANNELS)
        mixed = self.mixers(torch.cat([asked, tokens], 1))
        return torch.sigmoid(self.coefficients(mixed[:, 0]))
