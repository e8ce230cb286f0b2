"""The gradients of a batch: of parts of a fixed size, each on one thread, added up in order.

So they do not depend on how many threads there are; and two threads with a part each are faster
than two threads that share every layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from facelab.models.facemap import FaceMap
from facelab.models.runtime import each_alone
from facelab.train.objective import Objective

PART = 8  # views

Batch = tuple[Tensor, Tensor, Tensor]
"""Crops ``(B, 3, 192, 192)``, points ``(B, 468, 3)`` and whether there is a face ``(B,)``."""

_OF_FACES = ("map", "landmarks")  # of the parts of the loss, those that are means over faces


def gradients(
    network: FaceMap, objective: Objective, batch: Batch, moved: Sequence[Tensor]
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Return the gradients of the parameters `moved`, and the parts of the loss.

    Raises
    ------
    FloatingPointError
        If the network's output is no longer finite.
    """
    size = PART if batch[0].device.type == "cpu" else len(batch[0])
    starts = range(0, len(batch[0]), size)
    pieces = [tuple(tensor[start : start + size] for tensor in batch) for start in starts]
    found = each_alone(partial(_of_part, network, objective, batch[2], moved), pieces)
    grads, parts = zip(*found, strict=True)
    summed = [torch.stack(own).sum(dim=0) for own in zip(*grads, strict=True)]
    return summed, {name: sum((part[name] for part in parts), torch.zeros(())) for name in parts[0]}


def require_finite(*values: Tensor) -> None:
    """Raise ``FloatingPointError`` unless all numbers are finite."""
    if not all(torch.isfinite(value).all() for value in values):
        raise FloatingPointError("no longer finite")


def _of_part(
    network: FaceMap, objective: Objective, faces: Tensor, moved: Sequence[Tensor], part: Batch
) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
    """The gradients of some views' share in the loss of a batch with these `faces`, and that."""
    crops, wanted, face = part
    points, score = network(crops)  # float32: coarser ones would round places to pixels
    require_finite(points, score)
    own = objective(points, score, wanted, face)
    of_faces, of_views = face.sum() / faces.sum().clamp(min=1), len(face) / len(faces)
    shares = {name: own[name] * (of_faces if name in _OF_FACES else of_views) for name in own}
    shares["total"] = objective.total(shares)
    found = torch.autograd.grad(shares["total"], moved)
    return found, {name: share.detach().cpu() for name, share in shares.items()}
