"""FaceMap: facelab's own network, a face crop at any yaw to the points that span its position map.

FaceMesh (Kartynnik et al. 2019) made deeper: residual blocks that begin as the identity stand
between its own at the resolutions where a face's pose and parts are told apart, so that training
starts from FaceMesh itself (Chen, Goodfellow & Shlens, "Net2Net", ICLR 2016). What it gives spans
the position map linearly, by `facelab.atlas.surface`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facelab.models.facemesh import POINTS, SIDE, FaceMesh
from facelab.models.layers import pad_same

__all__ = ["POINTS", "SIDE", "FaceMap", "ZeroInitBottleneck"]

DEEPER = {9: 2, 10: 2, 11: 4, 12: 4, 13: 4}  # after which blocks of the trunk, and how wide
HEAD = (0, 1, 2)  # after which blocks of the points' head
HEAD_WIDTH = 4
KEPT = 5  # blocks of the trunk that stay FaceMesh's: edges and textures are the same at every yaw


class ZeroInitBottleneck(nn.Module):
    """A residual bottleneck whose last layer begins as zero (Sandler et al., CVPR 2018)."""

    def __init__(self, channels: int, expansion: int) -> None:
        super().__init__()
        inner = channels * expansion
        self.widen = nn.Conv2d(channels, inner, 1)
        self.filter = nn.Conv2d(inner, inner, 3, padding=1, groups=inner)
        self.activation = nn.PReLU(inner)
        self.narrow = nn.Conv2d(inner, channels, 1)
        nn.init.zeros_(self.narrow.weight)
        nn.init.zeros_(self.narrow.bias)  # type: ignore[arg-type]  # it has one

    def forward(self, x: Tensor) -> Tensor:
        """``(B, channels, H, W)`` to the same."""
        y: Tensor = self.narrow(self.activation(self.filter(torch.relu(self.widen(x)))))
        return x + y


class FaceMap(nn.Module):
    """The network; takes and gives what `FaceMesh` does, z counted from the points' mean."""

    def __init__(self) -> None:
        super().__init__()
        mesh = FaceMesh()
        self.stem, self.trunk = mesh.stem, mesh.trunk
        self.points, self.score = mesh.points, mesh.score
        self.deeper = nn.ModuleDict(
            {str(at): ZeroInitBottleneck(128, by) for at, by in DEEPER.items()}
        )
        self.head = nn.ModuleDict({str(at): ZeroInitBottleneck(128, HEAD_WIDTH) for at in HEAD})

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Find the face's points.

        Parameters
        ----------
        crops : (B, 3, 192, 192) float32
            RGB in [0, 1].

        Returns
        -------
        points : (B, 468, 3) float32
            As of `FaceMesh`, at any yaw: x, y in crop pixels with the crop's corners at 0 and 192;
            z in the same unit, negative toward the viewer, with mean 0.
        score : (B,) float32
            The probability that the crop shows a face.
        """
        x = self.stem(pad_same(crops, 3))
        for at, block in enumerate(self.trunk):
            x = block(x)
            if str(at) in self.deeper:
                x = self.deeper[str(at)](x)
        score = torch.sigmoid(self.score(x)).reshape(-1)
        for at, layer in enumerate(self.points):
            x = layer(x)
            if str(at) in self.head:
                x = self.head[str(at)](x)
        return x.reshape(-1, POINTS, 3), score

    def trainable(self) -> list[nn.Parameter]:
        """The parameters that training moves: all but the stem and the first `KEPT` blocks."""
        kept = {id(p) for part in (self.stem, self.trunk[:KEPT]) for p in part.parameters()}
        return [p for p in self.parameters() if id(p) not in kept]
