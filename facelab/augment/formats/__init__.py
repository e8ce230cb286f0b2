"""The formats that data sets are written in, one module each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from facelab.augment.labels import Record
    from facelab.augment.sample import Sample
    from facelab.augment.store import Store
    from facelab.augment.style import Style

__all__ = ["FORMATS", "Format", "named"]

FORMATS = {
    "folder": "folder.Folder",
    "coco": "coco.Coco",
    "300wlp": "w300lp.W300LP",
    "facesynthetics": "facesynthetics.FaceSynthetics",
    "webdataset": "webdataset.WebDataset",
}
"""What the command line calls them, and where they are."""


class Format(Protocol):
    """How samples become files of a store; every file is a function of its samples alone."""

    @property
    def style(self) -> Style:
        """How samples are written, whatever the format."""

    @property
    def chunk(self) -> int:
        """How many samples are written together."""

    def whole(self, store: Store, chunk: range) -> bool:
        """Whether all of a chunk's files are there."""

    def write(self, store: Store, chunk: range, samples: Iterable[Sample]) -> None:
        """Write the samples of a chunk, some of which may be left out, by index."""

    def files(self, sample: Sample) -> dict[str, bytes]:
        """The files of a sample, by name."""

    def file(self, store: Store, split: str, index: int, name: str) -> bytes:
        """One of the `files` of a sample; ``FileNotFoundError`` or ``KeyError`` if it is gone."""

    def records(self, store: Store, indices: Iterable[int]) -> Iterator[Record]:
        """The label records of those of the samples, by rising index, that are there."""

    def image(self, store: Store, record: Record) -> bytes:
        """The file of a sample's image."""

    def finish(self, store: Store, records: Iterable[Record]) -> None:
        """Write what needs all samples; `records` can be gone through again."""


def named(name: str) -> Callable[[Style], Format]:
    """The class of one of `FORMATS`, made of a `Style`; loaded when it is first asked for."""
    module, _, kind = FORMATS[name].partition(".")
    found: Callable[[Style], Format] = getattr(import_module(f"{__name__}.{module}"), kind)
    return found
