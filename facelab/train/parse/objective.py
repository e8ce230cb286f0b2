"""The loss that `FaceParse` is trained with: cross entropy, and Dice's for what is thin."""

from __future__ import annotations

import torch
from torch import Tensor

from facelab.constants import PARTS

_WEIGHTS = {
    "brows": 2.0, "eyes": 3.0, "lips": 2.0, "mouth": 5.0, "beard": 10.0, "glasses": 6.0,
    "lenses": 2.0, "front": 1.5, "ears": 1.5,
}  # fmt: skip
"""How much a pixel of a part counts; 1 where nothing else is said."""

_THIN = ("brows", "eyes", "lips", "mouth", "beard", "glasses", "lenses", "front", "ears")
_DICE = 0.3  # weight of Dice's loss beside the cross entropy
_SURE = 0.5  # share of glasses from which a photograph's labels do not count against them
_STEP = 2  # pixels; Dice's loss looks at every second row and column
_LEAST = 12.0  # pixels of a part, of those told and those there, for Dice's loss to be whole


def parts_of_loss(logits: Tensor, shares: Tensor, doubted: Tensor) -> dict[str, Tensor]:
    """The parts of the loss.

    A part that counts w times as much is told w times as often as it is there. So the logarithm of
    w is added to the network's logits for the cross entropy, and its own shares stay true (Menon et
    al., "Long-tail Learning via Logit Adjustment", ICLR 2021).

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
    weights = logits.new_tensor([_WEIGHTS.get(part, 1.0) for part in PARTS])[:, None, None]
    logs = (logits + weights.log()).log_softmax(1)
    glass = logs[:, PARTS.index("glasses")].exp() + logs[:, PARTS.index("lenses")].exp()
    counted = 1 - doubted[:, None, None] * (glass.detach() > _SURE)
    entropy = -((logs * (shares * weights)).sum(1) * counted).mean()
    few = slice(None), slice(None), slice(None, None, _STEP), slice(None, None, _STEP)
    dice = _dice(logits[few].softmax(1), shares[few] * counted[:, None][few])
    return {"total": entropy + _DICE * dice, "cross_entropy": entropy, "dice": dice}


def _dice(found: Tensor, shares: Tensor) -> Tensor:
    """Dice's loss (Milletari et al., "V-Net", 3DV 2016, eq. 3), the mean of thin parts."""
    told = found * shares.sum(1, keepdim=True)
    both, either = _sums(told, shares), _sums(told, told) + _sums(shares, shares)
    missed = 1 - (2 * both + _LEAST) / (either + _LEAST)
    return missed[[PARTS.index(part) for part in _THIN]].mean()


def _sums(first: Tensor, second: Tensor) -> Tensor:
    """Of the products of ``(B, 14, H, W)`` for each part, ``(14,)``."""
    return (first * second).sum((0, 2, 3))


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
