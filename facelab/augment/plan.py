"""The plan of a data set: its samples, known before work begins, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path

HEAD = "head"
"""The role of a person who is drawn among the sources of a sample."""

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
class DrawnItem(Item):
    """A person who is drawn; `file` has no name, and `sha256` is of who it is."""

    @classmethod
    def named(cls, identity: str, sha256: str, split: str) -> DrawnItem:
        """The person of a name."""
        return cls(Path(), sha256, identity, split)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a sample in a plan.

    Parameters
    ----------
    item : Item
        The photograph or head.
    render : int
        How many renders of the same come before the sample's.
    variant : int
        How many samples of the same come before it.
    """

    item: Item
    render: int
    variant: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Which samples there will be.

    Each render serves `variants` samples, one after the other. Render k is of a head where
    floor((k + 1) * share) > floor(k * share). Renders of photographs go round the items: the k-th
    is of item k % len(items); and so do those of heads.

    Parameters
    ----------
    items : sequence of Item
        Photographs, by sha256, so that neither names nor the order of a folder matter.
    count : int
        How many samples.
    seed : int
        Of everything random.
    variants : int
        How many samples a render serves.
    heads : sequence of DrawnItem
        People who are drawn.
    share : float
        Of the renders that show them, [0, 1].
    """

    items: Sequence[Item]
    count: int
    seed: int
    variants: int = 1
    heads: Sequence[DrawnItem] = ()
    share: float = 0.0

    def place(self, index: int) -> Place:
        """The place of a sample."""
        render, draw = divmod(index, self.variants)
        earlier = floor(render * self.share)
        of_head = floor((render + 1) * self.share) > earlier
        items = self.heads if of_head else self.items
        number, item = divmod(earlier if of_head else render - earlier, len(items))
        return Place(items[item], number, number * self.variants + draw)


def split_of(identity: str, seed: int) -> str:
    """The split of an identity: by its hash, so that it stays when others come or go."""
    digest = hashlib.sha256(f"{seed}:{identity}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    for name, part in SPLITS.items():
        if share < part:
            return name
        share -= part
    return "train"
