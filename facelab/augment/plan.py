"""The plan of a data set: its samples, known before work begins, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SPLITS = {"train": 0.8, "validation": 0.1, "test": 0.1}


@dataclass(frozen=True, slots=True)
class Item:
    """A photograph whose largest face is augmented.

    Parameters
    ----------
    file : Path
    sha256 : str
        Of its bytes, hexadecimal.
    identity : str
        Who is in it: the name of its folder below the one given, else of the file.
    split : str
        ``train``, ``validation`` or ``test``; the same for all photographs of an identity.
    """

    file: Path
    sha256: str
    identity: str
    split: str


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a sample in a plan.

    Parameters
    ----------
    item : Item
        The photograph.
    render : int
        How many renders of the same photograph come before the sample's.
    variant : int
        How many samples of the same photograph come before it.
    """

    item: Item
    render: int
    variant: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Which samples there will be.

    Renders go round the items: render k is of item k % len(items). Each serves `variants` samples,
    one after the other.

    Parameters
    ----------
    items : sequence of Item
        By sha256, so that neither names nor the order of a folder matter.
    count : int
        How many samples.
    seed : int
        Of everything random.
    variants : int
        How many samples a render serves.
    """

    items: Sequence[Item]
    count: int
    seed: int
    variants: int = 1

    def place(self, index: int) -> Place:
        """The place of a sample."""
        render, draw = divmod(index, self.variants)
        render, item = divmod(render, len(self.items))
        return Place(self.items[item], render, render * self.variants + draw)


def split_of(identity: str, seed: int) -> str:
    """The split of an identity: by its hash, so that it stays when others come or go."""
    digest = hashlib.sha256(f"{seed}:{identity}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    for name, part in SPLITS.items():
        if share < part:
            return name
        share -= part
    return "train"
