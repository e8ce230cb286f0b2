"""The difference of two files, as numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two files.

    Parameters
    ----------
    said : str
        In words.
    figures : mapping of str to float
        ``differing`` pixels, numbers or bytes ``of`` how many, and by how much at most:
        ``largest``, of pictures in levels of 255, with the ``mean`` of the pixels that differ.
    """

    said: str
    figures: Mapping[str, float] = field(default_factory=dict)


class AnotherLayoutError(ValueError):
    """A file is not laid out as the one that was made again; the message says how."""
