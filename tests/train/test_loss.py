"""The training loss and its weights, on arrays made by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from facelab.atlas import canonical
from facelab.train.loss import loss_weights, position_map_loss


def test_loss_by_hand():
    target = torch.zeros(2, 2, 2, 3)
    predicted = target.clone()
    predicted[0, 0, 1] = torch.tensor([3.0, 0.0, 4.0])  # 5 px at weight 2
    predicted[1, 1, 0] = torch.tensor([0.0, 1.0, 0.0])  # 1 px at weight 4
    predicted[1, 1, 1] = torch.tensor([9.0, 9.0, 9.0])  # does not count
    weight = torch.tensor([[1.0, 2.0], [4.0, 0.0]])
    loss = position_map_loss(predicted, target, weight)
    assert loss.item() == pytest.approx((5 * 2 + 1 * 4) / (2 * 7))
    assert position_map_loss(predicted, target, 10 * weight).item() == pytest.approx(loss.item())


def test_loss_of_a_shift_is_its_length():
    target = torch.rand(3, 4, 4, 3)
    shifted = target + torch.tensor([2.0, 3.0, 6.0])
    assert position_map_loss(shifted, target, torch.rand(4, 4)).item() == pytest.approx(7, rel=1e-5)


def test_gradient_is_finite_where_the_map_is_right():
    target = torch.rand(1, 2, 2, 3)
    predicted = target.clone()
    predicted[0, 0, 0, 0] += 1
    predicted.requires_grad_()
    position_map_loss(predicted, target, torch.ones(2, 2)).backward()
    assert predicted.grad.isfinite().all()
    assert predicted.grad[0, 0, 0].tolist() == [0.25, 0, 0]


@pytest.mark.parametrize(
    ("predicted", "target", "weight"),
    [
        ((1, 4, 4, 3), (2, 4, 4, 3), (4, 4)),  # would broadcast
        ((1, 3, 4, 4), (1, 3, 4, 4), (4, 4)),
        ((1, 4, 4, 3), (1, 4, 4, 3), (4, 1)),
    ],
)
def test_wrong_shapes(predicted, target, weight):
    with pytest.raises(ValueError, match=r"must have shape \(B, S, S, 3\)"):
        position_map_loss(torch.zeros(predicted), torch.zeros(target), torch.zeros(weight))


def test_weights_by_hand():
    landmarks = np.full((68, 2), 30.0, np.float32)  # eyes and nose in one point
    landmarks[:17] = [[4 + i, 59.4] for i in range(17)]  # the jaw: on the last row of the face
    landmarks[48:] = [50, 50]
    face = np.zeros((64, 64), np.bool_)
    face[2:59, 2:60] = True
    atlas = SimpleNamespace(landmarks68=landmarks, face=face, size=64, loss_weights=None)
    weights = loss_weights(atlas)
    assert weights.dtype == np.float32
    assert set(np.unique(weights)) == {0, 3, 4, 16}
    assert weights[30, 30] == weights[50, 50] == 16
    assert weights[30, 33] == weights[27, 30] == weights[50, 53] == 4  # 0.05 * 64 = 3 texels
    assert weights[30, 34] == weights[26, 30] == 3
    assert (weights[59, 4:21] == 16).all()  # the jaw's, though outside of the face
    assert weights[59, 3] == weights[59, 21] == weights[0, 0] == 0


def test_weights_of_the_canonical_atlas():
    atlas = canonical()
    weights = loss_weights(atlas)
    u, v = np.rint(atlas.landmarks68).astype(int).T
    assert (weights[v, u] == 16).all()
    assert (weights > 0)[atlas.face].all()
    rest = weights.copy()
    rest[v, u] = 0
    assert not rest[~atlas.face].any()
    for region in ("eyes", "lips", "mouth", "brows"):
        assert weights[atlas.region(region, atlas.size) > 0.9].min() >= 4
    forehead, cheek = weights[45, 128], weights[170, 40]
    assert forehead == cheek == 3
