"""The objective of training: PRNet's weighted loss on the position map, landmarks, and score."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facelab import atlas
from facelab.atlas.surface import surface
from facelab.models.facemap import POINTS
from facelab.numerics.algebra import product
from facelab.numerics.arrays import Float
from facelab.train.loss import loss_weights, position_map_loss

_STEP = 4  # texels; the map is compared at every fourth row and column
_LANDMARKS = 0.5  # weight of the 68 landmarks, of which the grid meets few, beside the map
_SCORE = 2.0  # weight of the score, whose logarithm is small beside pixels

RIGHT = 0.12
"""Mean distance of the landmarks in the picture, in sizes of the face, up to which it is found."""


class Objective(nn.Module):
    """The loss of a batch.

    A position map is linear in the mesh's points, and so are the landmarks that are read off it,
    the three-dimensional jaw among them: two matrices, worked out once.

    Parameters
    ----------
    jaw : bool
        Whether the 17 landmarks of the jaw count, which lie beside the map.
    """

    surface: Tensor
    landmarks: Tensor
    weights: Tensor

    def __init__(self, *, jaw: bool = True) -> None:
        super().__init__()
        texels, marks, weights = _operators()
        self.register_buffer("surface", torch.tensor(texels))
        self.register_buffer("landmarks", torch.tensor(marks if jaw else marks[17:]))
        self.register_buffer("weights", torch.tensor(weights))

    def forward(
        self, points: Tensor, score: Tensor, wanted: Tensor, face: Tensor
    ) -> dict[str, Tensor]:
        """The parts of the loss, and their `total`.

        Parameters
        ----------
        points, wanted : (B, 468, 3) float32
            Crop pixels.
        score : (B,) float32
            In [0, 1]: how likely it is that the face is found, to `RIGHT`.
        face : (B,) float32
            1 where there is a face, else 0: there points do not count.

        Returns
        -------
        dict of str to () float32
            ``map`` and ``landmarks`` in crop pixels, 0 where no view has a face.
        """
        there = face > 0.5
        away, right = points[there] - wanted[there], face.clone()
        if len(away):
            off = _applied(self.surface, away)[:, :, None]
            surface = position_map_loss(off, torch.zeros_like(off), self.weights[:, None])
            marks = _applied(self.landmarks, away)
            landmarks = torch.linalg.vector_norm(marks, dim=-1).mean()
            right[there] = _right(marks, wanted[there])
        else:  # a mean over nothing is no number
            surface = landmarks = away.sum()
        told = functional.binary_cross_entropy(score.clamp(1e-6, 1 - 1e-6), right)
        parts = {"map": surface, "landmarks": landmarks, "score": told}
        return {"total": self.total(parts), **parts}

    @staticmethod
    def total(parts: dict[str, Tensor]) -> Tensor:
        """The sum that is minimised."""
        return parts["map"] + _LANDMARKS * parts["landmarks"] + _SCORE * parts["score"]


def _right(away: Tensor, wanted: Tensor) -> Tensor:
    """1 where landmarks ``(B, n, 3)`` are no farther away than `RIGHT`, else 0; no gradient."""
    flat = wanted[..., :2]
    size = (flat.amax(dim=1) - flat.amin(dim=1)).prod(dim=-1).sqrt()
    off = torch.linalg.vector_norm(away.detach()[..., :2], dim=-1).mean(dim=-1)
    right: Tensor = (off <= RIGHT * size).to(away.dtype)
    return right


def _applied(operator: Tensor, points: Tensor) -> Tensor:
    """``(n, m)`` times each of ``(B, m, 3)``: ``(B, n, 3)``, in one product of matrices."""
    batch, count, _ = points.shape
    flat = points.transpose(0, 1).reshape(count, batch * 3)
    return (operator @ flat).reshape(-1, batch, 3).transpose(0, 1)


@cache
def _operators() -> tuple[Float, Float, Float]:
    """Points to every `_STEP`-th texel, to the 68 landmarks; and the texels' weights."""
    layout = atlas.canonical()
    texels, marks = [], []
    for start in range(0, POINTS, 4):  # OpenCV samples four channels at most
        unit = np.eye(POINTS, dtype=np.float32)[:, start : start + 4]
        values = layout.spread(surface()(unit))
        texels.append(values[::_STEP, ::_STEP][layout.face[::_STEP, ::_STEP]])
        marks.append(product(layout.landmark_weights, layout.read(values, layout.landmark_places)))
    weights = loss_weights(layout)[::_STEP, ::_STEP][layout.face[::_STEP, ::_STEP]]
    return np.concatenate(texels, axis=1), np.concatenate(marks, axis=1), weights
