"""All parts of the benchmark, one after the other, each picture before every method."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import facelab
from facelab.augment import photographs
from facelab.augment.plan import Item
from facelab.augment.run import OnProgress
from facelab.benchmark import consistency, labelled, rendered
from facelab.benchmark.evaluation import WAYS, outcomes_of
from facelab.benchmark.figures import Json, figures
from facelab.benchmark.outcomes import MethodOutcome, Outcomes
from facelab.benchmark.portraits import SceneBuilder
from facelab.benchmark.table import TABLES
from facelab.errors import FacelabError, ImageError, NoFaceError, UsageError
from facelab.reconstruct import Reconstructor

Task = Callable[[], Iterable[MethodOutcome]]


@dataclass(frozen=True, slots=True)
class BenchmarkSettings:
    """The parts of the benchmark, and the photographs they are measured on.

    Parameters
    ----------
    parts : sequence of str
        Of `facelab.benchmark.PARTS`.
    photographs : Path, optional
        Folder for ``rendered`` and ``consistency``.
    labelled : Path, optional
        Folder for ``labelled``.
    count : int, optional
        The most photographs that each part takes.
    seed : int
        Of everything random.
    detect : bool
        Whether labelled faces are also found by the detector.
    first_pixel : int
        What the labels call the first pixel, 0 or 1.
    """

    parts: Sequence[str]
    photographs: Path | None = None
    labelled: Path | None = None
    count: int | None = None
    seed: int = 0
    detect: bool = False
    first_pixel: int = 0


@dataclass(frozen=True, eq=False)
class BenchmarkResult:
    """All outcomes of a benchmark.

    Parameters
    ----------
    methods : mapping of str to str
        Name to description.
    outcomes : dict of str to Outcomes
        Of each part.
    photographs : dict of str to int
        How many each part used.
    skipped : dict of str to str
        Files that were left out, by their names below the folder, and why.
    left : dict of Path to str
        What else each folder holds, as `facelab.images.FolderContents` says it.
    """

    methods: Mapping[str, str]
    outcomes: dict[str, Outcomes] = field(default_factory=dict)
    photographs: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    left: dict[Path, str] = field(default_factory=dict)

    @property
    def tables(self) -> list[str]:
        """The Markdown tables of each part."""
        names = list(self.methods)
        return [TABLES[part](outcomes, names) for part, outcomes in self.outcomes.items()]

    @property
    def figures(self) -> Json:
        """All figures, as JSON has them, see `facelab.benchmark.figures.figures`."""
        names = list(self.methods)
        parts = {
            part: {"photographs": self.photographs[part], **figures(part, outcomes, names)}
            for part, outcomes in self.outcomes.items()
        }
        return {
            "facelab": facelab.__version__,
            "methods": dict(self.methods),
            "skipped": self.skipped,
            "parts": parts,
        }


@dataclass(frozen=True, slots=True)
class _Work:
    """The work of a part: a task for each photograph in a folder, and what is done to all rows."""

    folder: Path
    tasks: Mapping[Path, Task]
    finish: Callable[[Sequence[MethodOutcome]], Sequence[MethodOutcome]] = tuple


def run(
    settings: BenchmarkSettings,
    methods: Mapping[str, Reconstructor],
    build_scene: SceneBuilder,
    on_progress: OnProgress,
) -> BenchmarkResult:
    """Run the parts of the benchmark that the settings name.

    Parameters
    ----------
    settings : BenchmarkSettings
    methods : mapping of str to Reconstructor
        What is compared.
    build_scene : SceneBuilder
        Makes the scene of each photograph.
    on_progress : callable
        Told after each photograph.

    Raises
    ------
    FacelabError
        If a folder is none, before anything is measured; or if it has nothing to measure with: the
        reason why its first photograph is left out.
    """
    result = BenchmarkResult({name: method.description for name, method in methods.items()})
    works = [
        _labelled(settings, methods, result)
        if part == "labelled"
        else _made(part, settings, methods, build_scene, result)
        for part in settings.parts
    ]
    for part, work in zip(settings.parts, works, strict=True):
        _do(part, work, result, on_progress)
    return result


def _made(
    part: str,
    settings: BenchmarkSettings,
    methods: Mapping[str, Reconstructor],
    build_scene: SceneBuilder,
    result: BenchmarkResult,
) -> _Work:
    """The work of a part with pictures made from photographs; `result` notes what is left out."""
    assert settings.photographs is not None
    items, unfit, left = photographs.find(settings.photographs, settings.seed)
    result.skipped.update(unfit)
    result.left[settings.photographs] = left

    def measure(item: Item) -> Iterable[MethodOutcome]:
        scene, key = build_scene(item), int(item.sha256[:16], 16)
        if part == "consistency":
            yield from consistency.outcomes(scene, key, methods)
            return
        for picture in rendered.pictures(scene, key, settings.seed):
            yield from outcomes_of(picture, methods)

    tasks = {item.file: partial(measure, item) for item in items[: settings.count]}
    return _Work(settings.photographs.resolve(), tasks)


def _labelled(
    settings: BenchmarkSettings, methods: Mapping[str, Reconstructor], result: BenchmarkResult
) -> _Work:
    assert settings.labelled is not None
    ways = WAYS if settings.detect else ("boxes",)

    def measure(pair: labelled.LabelledPhotograph) -> Iterable[MethodOutcome]:
        return outcomes_of(labelled.picture(pair, settings.first_pixel), methods, ways)

    pairs, result.left[settings.labelled] = labelled.find(settings.labelled)
    return _Work(
        settings.labelled,
        {pair.photograph: partial(measure, pair) for pair in pairs[: settings.count]},
        labelled.with_offsets,
    )


def _do(part: str, work: _Work, result: BenchmarkResult, on_progress: OnProgress) -> None:
    """Measure with one photograph after the other; those that cannot be used are noted."""
    rows: list[MethodOutcome] = []
    refused: dict[Path, FacelabError] = {}
    for file, task in work.tasks.items():
        try:
            rows += list(task())  # all of its pictures, or none
        except (ImageError, NoFaceError, UsageError) as error:
            refused[file] = error
        on_progress(part, len(work.tasks), 1, 1)
    if len(refused) == len(work.tasks):
        raise next(iter(refused.values()))
    for file, why in refused.items():
        name = file.relative_to(work.folder).as_posix()
        reason = str(why).removeprefix(f"{work.folder}{os.sep}").removeprefix(f"{name}: ")
        result.skipped[name] = reason
    result.outcomes[part] = Outcomes(tuple(work.finish(rows)))
    result.photographs[part] = len(work.tasks) - len(refused)
