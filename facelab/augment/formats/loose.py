"""Loose files: what all formats share that write a sample as files of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from facelab.augment.labels import Record, decode, encode, subject_of
from facelab.augment.sample import Sample
from facelab.augment.store import Store
from facelab.augment.style import Style
from facelab.export.subject import Subject


@dataclass(frozen=True)
class Loose:
    """``images/NAME.jpg``, ``maps/NAME.npz`` and, the last to be written, ``labels/NAME.json``.

    Parameters
    ----------
    style : Style
    """

    style: Style
    chunk = 1

    def picture_name(self, name: str) -> str:
        """The file of a sample's image."""
        return f"images/{name}{self.style.suffix}"

    def others(self, sample: Sample, subject: Subject) -> dict[str, bytes]:  # noqa: ARG002
        """The files that the format has besides, by name."""
        return {}

    def finish(self, store: Store, records: Iterable[Record]) -> None:
        """Write what needs all samples."""

    def whole(self, store: Store, chunk: range) -> bool:
        """Whether all of a chunk's samples are there: their records, written last, are whole."""
        return sum(1 for _ in self.records(store, chunk)) == len(chunk)

    def write(
        self,
        store: Store,
        chunk: range,  # noqa: ARG002  # its files are those of its samples
        samples: Iterable[Sample],
    ) -> None:
        """Write the samples of a chunk."""
        for sample in samples:
            for name, data in self.files(sample).items():
                store.write(name, data)

    def files(self, sample: Sample) -> dict[str, bytes]:
        """Every file of a sample by name, its label record last."""
        name, subject = sample.name, subject_of(sample)
        picture, archive = self.picture_name(name), f"maps/{name}.npz"
        record = self.style.record(sample, subject, picture, archive)
        return {
            picture: self.style.picture(picture, sample),
            **self.style.archive(archive, sample, subject),
            **self.others(sample, subject),
            _label_name(sample.index): encode(record),
        }

    def file(self, store: Store, split: str, index: int, name: str) -> bytes:  # noqa: ARG002
        """One of the files of a sample."""
        return store.read(name)

    def records(self, store: Store, indices: Iterable[int]) -> Iterator[Record]:
        """The label records of those of the samples that are there; a damaged one is none."""
        for index in indices:
            with suppress(OSError, ValueError):
                record = decode(store.read(_label_name(index)))
                if record["index"] == index:
                    yield record

    def image(self, store: Store, record: Record) -> bytes:
        """The file of a sample's image."""
        return store.read(record["image"])


def _label_name(index: int) -> str:
    return f"labels/{index:09d}.json"
