"""The loss that `FaceParse` is trained with: cross entropy, and Dice's for what is thin."""

from __future__ import annotations

import torch
from torch import Tensor

from facelab.constants import PARTS

_WEIGHTS = {
    "brows": 2.0, "eyes": 3.0, "lips": 2.0, "mouth": 3.0, "beard": 2.0, "glasses": 4.0,
    "lenses": 2.0, "front": 1.5, "ears": 1.5,
}  # fmt: skip
"""How much a pixel of a part counts; 1 where nothing else is said."""

_THIN = ("brows", "eyes", "lips", "mouth", "beard", "glasses", "lenses", "front", "ears")
_DICE = 0.3  # weight of Dice's loss beside the cross entropy
_SURE = 0.5  # share of glasses from which a photograph's labels do not count against them
_LEAST = 50.0  # pixels of a part, of those told and those there, for Dice's loss to be whole


def parts_of_loss(logits: Tensor, shares: Tensor, doubted: Tensor) -> dict[str, Tensor]:
    """The parts of the loss.

    Whether a photograph shows glasses nobody told: where the network is sure of some, its labels
    do not count, since it has learnt of glasses from those that were drawn (as Reed et al.,
    "Training Deep Neural Networks on Noisy Labels with Bootstrapping", ICLR 2015).

    Parameters
    ----------
    logits : (B, 14, H, W) float32
        As `facelab.models.faceparse.FaceParse.logits`.
    shares : (B, 14, H, W) float32
        [0, 1]; their sum is how far a pixel is known.
    doubted : (B,) float32
        1 where that holds, else 0.

    Returns
    -------
    dict of str to () float32
        ``cross_entropy`` a pixel (nats, weighted), ``dice`` [0, 1], and their ``total``.
    """
    logs = logits.log_softmax(1)
    found = logs.exp()
    glass = found[:, _numbers("glasses", "lenses")].sum(1).detach()
    counted = 1 - doubted[:, None, None] * (glass > _SURE)
    shares = shares * counted[:, None]
    entropy = -(shares * logs * _weights(logs)).sum(1).mean()
    known, thin = shares.sum(1), _numbers(*_THIN)
    told, there = found[:, thin] * known[:, None], shares[:, thin]
    both = (told * there).sum((0, 2, 3))
    either = (told.square() + there.square()).sum((0, 2, 3))
    missed = 1 - (2 * both + _LEAST) / (either + _LEAST)
    dice = missed.mean()
    return {"total": entropy + _DICE * dice, "cross_entropy": entropy, "dice": dice}


def overlap(found: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """The pixels where each part is both found and there, and where it is either.

    Parameters
    ----------
    found : (B, 14, H, W) float32
    shares : (B, 14, H, W) float32
        Pixels count that are known and of one part.

    Returns
    -------
    (14,) and (14,) float32
    """
    sure = shares.amax(1) > 0.5
    told, there = found.argmax(1), shares.argmax(1)
    numbers = torch.arange(len(PARTS))[:, None]
    told_of = told[sure][None] == numbers
    there_of = there[sure][None] == numbers
    return (told_of & there_of).sum(1).float(), (told_of | there_of).sum(1).float()


def _numbers(*parts: str) -> list[int]:
    return [PARTS.index(part) for part in parts]


def _weights(like: Tensor) -> Tensor:
    weights = [_WEIGHTS.get(part, 1.0) for part in PARTS]
    return torch.tensor(weights, device=like.device)[:, None, None]
