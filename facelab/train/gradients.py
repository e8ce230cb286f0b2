"""The gradients of a batch: of parts of a fixed size, each on one thread, added up in order.

So they do not depend on how many threads there are; and two threads with a part each are faster
than two threads that share every layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor

from facelab.models.torch_runtime import each_alone

PART = 8  # views

Batch = tuple[Tensor, ...]
"""What is known of the views of a batch, each ``(B, ...)``."""


def gradients(
    loss: Callable[[Batch], dict[str, Tensor]], batch: Batch, moved: Sequence[Tensor]
) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Return the gradients of the parameters `moved`, and the parts of the loss.

    Parameters
    ----------
    loss : callable
        Gives the parts of the loss of some of the batch's views as their share in that of all, so
        that those of several add up; ``total`` is what is minimised.
    batch : Batch
    moved : sequence of Tensor
    """
    size = PART if batch[0].device.type == "cpu" else len(batch[0])
    starts = range(0, len(batch[0]), size)
    pieces = [tuple(tensor[start : start + size] for tensor in batch) for start in starts]
    found = each_alone(partial(_of_part, loss, moved), pieces)
    grads, parts = zip(*found, strict=True)
    summed = [torch.stack(own).sum(dim=0) for own in zip(*grads, strict=True)]
    return summed, {name: sum((part[name] for part in parts), torch.zeros(())) for name in parts[0]}


def require_finite(*values: Tensor) -> None:
    """Raise ``FloatingPointError`` unless all numbers are finite."""
    if not all(torch.isfinite(value).all() for value in values):
        raise FloatingPointError("no longer finite")


def _of_part(
    loss: Callable[[Batch], dict[str, Tensor]], moved: Sequence[Tensor], part: Batch
) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
    """The gradients of some views' share in the loss, and that."""
    shares = loss(part)
    found = torch.autograd.grad(shares["total"], moved)
    return found, {name: share.detach().cpu() for name, share in shares.items()}
