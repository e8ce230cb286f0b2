"""The loss that position-map networks are trained with, and how much each texel counts.

Feng et al., "Joint 3D Face Reconstruction and Dense Alignment with Position Map Regression
Network", ECCV 2018, section 3.3 and figure 4.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from facelab.atlas import Atlas
from facelab.numerics.arrays import Bool, Float

LANDMARK, FEATURE, FACE = 16, 4, 3  # weights; 0 outside the face
FEATURES = ([*range(17, 27), *range(36, 48)], range(27, 36), range(48, 68))  # eyes, nose, mouth
GROWN = 0.05  # how far the features reach past their landmarks, of the map's side


def position_map_loss(predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """The weighted mean distance of a position map from the true one, eq. 1 of the paper.

    The paper sums over the texels. Here the sum is divided by that of the weights and by the batch,
    so that the loss is in the maps' unit and depends on neither the atlas nor the scale of its
    weights.

    Parameters
    ----------
    predicted, target : (B, S, S, 3) float32
        Position maps in one frame, pixels.
    weight : (S, S) float32
        How much each texel counts, not negative; see `loss_weights`.

    Returns
    -------
    () float32
        Pixels.

    Raises
    ------
    ValueError
        If the shapes do not fit each other.
    """
    if predicted.shape != target.shape or predicted.shape[1:] != (*weight.shape, 3):
        raise ValueError(
            "predicted and target must have shape (B, S, S, 3) and weight (S, S), not "
            f"{tuple(predicted.shape)}, {tuple(target.shape)} and {tuple(weight.shape)}"
        )
    distance = torch.linalg.vector_norm(predicted - target, dim=-1)
    loss: Tensor = (distance * weight).sum() / (len(predicted) * weight.sum())
    return loss


def loss_weights(atlas: Atlas) -> Float:
    """The loss weights of texels: as published for PRNet's atlas, drawn alike for others.

    Returns
    -------
    (S, S) float32
        16 at the texels of the 68 landmarks, 4 around brows and eyes, nose and mouth, 3 on the rest
        of the face, 0 elsewhere.
    """
    if atlas.loss_weights is not None:
        return atlas.loss_weights
    weights = np.where(_features(atlas), FEATURE, FACE) * atlas.face
    # Last: the jaw's lie on the outline, and may round to a texel outside.
    u, v = np.rint(atlas.landmarks68).astype(int).T.clip(0, atlas.size - 1)
    weights[v, u] = LANDMARK
    return weights.astype(np.float32)


def _features(atlas: Atlas) -> Bool:
    """The convex hulls of the features' landmarks, grown."""
    mask = np.zeros(atlas.face.shape, np.uint8)
    for rows in FEATURES:
        points = np.rint(atlas.landmarks68[list(rows)]).astype(np.int32)
        cv2.fillConvexPoly(mask, cv2.convexHull(points), 1)
    side = 2 * round(GROWN * atlas.size) + 1
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask, around), np.bool_)
