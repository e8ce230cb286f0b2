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
class Plan:
    """Which samples there will be; sample k is variant k // len(items) of item k % len(items).

    Parameters
    ----------
    items : sequence of Item
        By sha256, so that neither names nor the order of a folder matter.
    count : int
        How many samples.
    seed : int
        Of everything random.
    """

    items: Sequence[Item]
    count: int
    seed: int

    def place(self, index: int) -> tuple[Item, int]:
        """The photograph of a sample and which variant of it the sample is."""
        variant, item = divmod(index, len(self.items))
        return self.items[item], variant


def split_of(identity: str, seed: int) -> str:
    """The split of an identity: by its hash, so that it stays when others come or go."""
    digest = hashlib.sha256(f"{seed}:{identity}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    for name, part in SPLITS.items():
        if share < part:
            return name
        share -= part
    return "train"
