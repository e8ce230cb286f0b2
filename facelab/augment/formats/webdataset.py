"""``webdataset``: shards of samples in tar archives.

Aizman, Maltby and Breuel, "High performance I/O for large scale deep learning", 2020.
"""

from __future__ import annotations

import errno
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from facelab.augment.labels import Record, decode, encode, subject_of
from facelab.augment.sample import Sample
from facelab.augment.store import Store
from facelab.augment.style import Style


@dataclass(frozen=True)
class WebDataset:
    """``SPLIT/shard-000000.tar``: NAME.jpg, NAME.json and NAME.npz of a hundred samples.

    The hundred are those of all splits together; where a split has none of them, it has no shard of
    that number. The label records of a shard lie in ``labels/shard-000000.jsonl`` too, the last to
    be written: so nobody need read the images for them.

    Parameters
    ----------
    style : Style
    """

    style: Style
    chunk = 100

    def whole(self, store: Store, chunk: range) -> bool:
        """Whether all of a chunk's samples are there; a last shard may have had fewer of them."""
        return sum(1 for _ in self.records(store, chunk)) == len(chunk)

    def write(self, store: Store, chunk: range, samples: Iterable[Sample]) -> None:
        """Write the samples of a chunk."""
        shards: dict[str, dict[str, bytes]] = {}
        lines = b""
        for sample in samples:
            members = self.files(sample)
            shards.setdefault(sample.split, {}).update(members)
            lines += members[f"{sample.name}.json"]
        for split, members in shards.items():
            store.write(self._shard(split, chunk.start), tar(members))
        store.write(self._labels(chunk.start), lines)

    def records(self, store: Store, indices: Iterable[int]) -> Iterator[Record]:
        """The label records of those of the samples that are there; of a damaged file, none."""
        for name, group in groupby(indices, self._labels):
            wanted = set(group)
            try:
                records = [decode(line) for line in store.read(name).splitlines()]
            except (OSError, ValueError):
                continue
            yield from (record for record in records if record["index"] in wanted)

    def image(self, store: Store, record: Record) -> bytes:
        """The file of a sample's image."""
        return self.file(store, record["split"], record["index"], record["image"])

    def file(self, store: Store, split: str, index: int, name: str) -> bytes:
        """One of the files of a sample; its whole shard is read for it."""
        shard = store.read(self._shard(split, index))
        try:
            with tarfile.open(fileobj=io.BytesIO(shard), mode="r:") as archive:
                member = archive.extractfile(name)
                if member is None:  # a folder of that name
                    raise KeyError(name)
                return member.read()
        except (tarfile.TarError, KeyError) as error:
            raise OSError(errno.EIO, "its shard is damaged") from error

    def finish(self, store: Store, records: Iterable[Record]) -> None:
        """Nothing: every shard is complete by itself."""

    def files(self, sample: Sample) -> dict[str, bytes]:
        """The members of a shard that a sample is, by name."""
        name, subject = sample.name, subject_of(sample)
        image, archive = f"{name}{self.style.suffix}", f"{name}.npz"
        record = self.style.record(sample, subject, image, archive)
        return {
            image: self.style.picture(image, sample),
            f"{name}.json": encode(record),
            **self.style.archive(archive, sample, subject),
        }

    def _shard(self, split: str, index: int) -> str:
        return f"{split}/shard-{index // self.chunk:06d}.tar"

    def _labels(self, index: int) -> str:
        return f"labels/shard-{index // self.chunk:06d}.jsonl"


def tar(members: Mapping[str, bytes]) -> bytes:
    """A tar archive (POSIX 1003.1-1988, USTAR) without times and owners."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)  # of 1970, owned by 0
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
