"""A data set from a folder of photographs, on whatever carries out the work."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import facelab
from facelab.augment import lock, photographs
from facelab.augment.engines import Engine
from facelab.augment.formats import Format, named
from facelab.augment.heads import Heads, plan_of
from facelab.augment.photographs import Skipped
from facelab.augment.plan import Item, Plan
from facelab.augment.report.dataset_card import Facts
from facelab.augment.report.finish import finish
from facelab.augment.report.statistics import Statistics
from facelab.augment.sample import Sample
from facelab.augment.store import Store
from facelab.errors import ImageError, NoFaceError

LOOKING = "looking at photographs"
AUGMENTING = "augmenting"

Make = Callable[[int], Sample]  # a sample by its index


class OnProgress(Protocol):
    """A function that a long run calls with what it has done."""

    def __call__(self, stage: str, total: int, count: int, made: int) -> None:
        """Take note that `count` more of `total` in a stage are done, `made` of them now."""
        ...


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set to make.

    Parameters
    ----------
    faces : Path or None
        Folder of photographs, see `facelab.augment.photographs.find`; None for none.
    store : Store
        Where it goes.
    facts : Facts
        What is known of it; the photographs that are skipped are found out.
    find_face : callable
        Finds the face of a photograph and caches it for those who make samples.
    generator_of : callable
        Gives the function that makes the samples of a plan. Both can go to other processes.
    made_with : mapping
        What else decides how samples come out, as JSON has it: hashes of inputs and networks.
    heads : Heads, optional
        People who are drawn.
    """

    faces: Path | None
    store: Store
    facts: Facts
    find_face: Callable[[Item], object]
    generator_of: Callable[[Plan], Make]
    made_with: Mapping[str, object]
    heads: Heads | None = None

    @property
    def settings(self) -> dict[str, object]:
        """The settings that a run which goes on with this data set must share."""
        style = asdict(self.facts.style)
        settings = {
            "facelab": facelab.__version__,
            "format": self.facts.format,
            "recipe": self.facts.recipe,
            **style,
            **self.made_with,
        }
        plain: dict[str, object] = json.loads(json.dumps(settings))
        return plain


@dataclass(frozen=True, slots=True)
class Summary:
    """The outcome of a run.

    Parameters
    ----------
    photographs : int
        How many were used.
    skipped : dict of str to str
        Those that were not, and why.
    left : str
        What else the folder holds, as `facelab.images.FolderContents` says it.
    made : int
        Samples of this run.
    statistics : Statistics
        Of the data set, which earlier runs may have begun.
    """

    photographs: int
    skipped: Skipped
    left: str
    made: int
    statistics: Statistics


def run(data_set: DataSet, engine: Engine, on_progress: OnProgress) -> Summary:
    """Make a data set, or what is missing of it.

    A run that is stopped, in whatever way, leaves whole files, from which the next goes on. It ends
    with the same bytes as one that was never stopped. With more samples than a complete data set
    has, that is extended.

    Raises
    ------
    UsageError
        If the store holds another data set, or the folder no photographs.
    NoFaceError
        If no photograph can be used.
    OutputError
        If another run is writing the store, or it cannot be written.
    """
    store, facts = data_set.store, data_set.facts
    seed, count = facts.style.seed, facts.requested
    with lock.locked(store):
        lock.require_same(store, data_set.settings, count)
        items, skipped, left = _photographs(data_set, engine, on_progress)
        facts = replace(facts, skipped=skipped)
        people = [[item.sha256, item.identity] for item in items]
        lock.write_plan(store, {**data_set.settings, "photographs": people}, count)
        plan = plan_of(items, count, seed, facts.variants, data_set.heads)
        work = _Work(data_set.generator_of(plan), named(facts.format)(facts.style), store)
        made = _all_written(work, plan, engine, on_progress)
        statistics = finish(store, work.form, facts)
    return Summary(len(items), dict(facts.skipped), left, made, statistics)


def _photographs(
    data_set: DataSet, engine: Engine, on_progress: OnProgress
) -> tuple[list[Item], Skipped, str]:
    """The photographs that can be used, why others cannot, and what else their folder holds."""
    if data_set.faces is None:
        return [], {}, ""
    found, skipped, left = photographs.find(data_set.faces, data_set.facts.style.seed)
    items, refused = _usable(data_set, data_set.faces, found, engine, on_progress)
    return items, {**skipped, **refused}, left


def _usable(
    data_set: DataSet,
    folder: Path,
    items: Sequence[Item],
    engine: Engine,
    on_progress: OnProgress,
) -> tuple[list[Item], Skipped]:
    """The photographs that have a face, and why the others cannot be used."""
    reasons: dict[int, str] = {}
    shared = (data_set.find_face, items)
    called = _called(folder)
    places = range(len(items))
    on_progress(LOOKING, len(items), 0, 0)
    with closing(
        engine.map(_find_face, shared, places, lambda place: called(items[place]))
    ) as found:
        for place, reason in found:
            on_progress(LOOKING, len(items), 1, 1)
            if reason is not None:
                reasons[place] = reason.removeprefix(f"{items[place].file}: ")
    refused = {called(items[place]): reason for place, reason in sorted(reasons.items())}
    usable = [item for place, item in enumerate(items) if place not in reasons]
    if not usable:
        name, reason = next(iter(refused.items()))
        raise NoFaceError(
            f"{folder}: none of {len(items)} photograph(s) can be used ({name}: {reason})"
        )
    return usable, refused


def _called(folder: Path) -> Callable[[Item], str]:
    return lambda item: item.file.relative_to(folder.resolve()).as_posix()


def _find_face(
    shared: tuple[Callable[[Item], object], Sequence[Item]], place: int
) -> tuple[int, str | None]:
    """Find the face of one of the photographs; the reason if it cannot be used."""
    find_face, items = shared
    try:
        find_face(items[place])
    except (ImageError, NoFaceError) as error:
        return place, str(error)
    return place, None


@dataclass(frozen=True, slots=True)
class _Work:
    """The generator, format and store that all chunks are written with."""

    make: Make
    form: Format
    store: Store


def _all_written(work: _Work, plan: Plan, engine: Engine, on_progress: OnProgress) -> int:
    """Write what is missing of a plan's samples, and say how many that were."""
    made, count = 0, plan.count
    on_progress(AUGMENTING, count, 0, 0)
    size = work.form.chunk if work.form.chunk > 1 else plan.variants  # those of a render together
    chunks = _chunks(count, size)
    with closing(engine.map(_write, work, chunks, _samples)) as written:
        for chunk, fresh in written:
            made += fresh * len(chunk)
            on_progress(AUGMENTING, count, len(chunk), fresh * len(chunk))
    return made


def _write(work: _Work, chunk: range) -> tuple[range, bool]:
    """Write a chunk unless it is there, and say whether it was written."""
    if work.form.whole(work.store, chunk):
        return chunk, False
    work.form.write(work.store, chunk, map(work.make, chunk))
    return chunk, True


def _chunks(count: int, size: int) -> Iterator[range]:
    for start in range(0, count, size):
        yield range(start, min(start + size, count))


def _samples(chunk: range) -> str:
    return f"samples {chunk.start} to {chunk[-1]}"
