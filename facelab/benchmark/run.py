"""All parts of the benchmark, one after the other, each picture before every method."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import facelab
from facelab.augment import photographs
from facelab.augment.plan import Item
from facelab.benchmark import consistency, labelled, rendered
from facelab.benchmark.figures import Json, figures
from facelab.benchmark.judge import WAYS, outcomes_of
from facelab.benchmark.outcomes import Outcome, Outcomes
from facelab.benchmark.portraits import Studio
from facelab.benchmark.table import TABLES
from facelab.errors import FacelabError, ImageError, NoFaceError, UsageError
from facelab.reconstruct import Reconstructor

Thing = TypeVar("Thing")


class Watch(Protocol):
    """Is told what has been done."""

    def __call__(self, stage: str, total: int, count: int, made: int) -> None:
        """`count` more of `total` in a stage, of which `made` were not there before."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be measured.

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
class Result:
    """What was measured.

    Parameters
    ----------
    methods : mapping of str to str
        Name to description.
    outcomes : dict of str to Outcomes
        Of each part.
    photographs : dict of str to int
        How many each part used.
    skipped : dict of str to str
        Files that were left out, and why.
    """

    methods: Mapping[str, str]
    outcomes: dict[str, Outcomes] = field(default_factory=dict)
    photographs: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def tables(self) -> list[str]:
        """A Markdown table of each part."""
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


def run(asked: Asked, methods: Mapping[str, Reconstructor], studio: Studio, watch: Watch) -> Result:
    """Measure what is asked for.

    Parameters
    ----------
    asked : Asked
    methods : mapping of str to Reconstructor
        What is compared.
    studio : Studio
        Looks at the photographs.
    watch : callable
        Told after each photograph.

    Raises
    ------
    FacelabError
        If a folder has nothing to measure with: the reason why its first photograph is left out.
    """
    result = Result({name: method.description for name, method in methods.items()})
    for part in asked.parts:
        if part == "labelled":
            _labelled(asked, methods, result, watch)
        else:
            _made(part, asked, methods, studio, result, watch)
    return result


def _made(
    part: str,
    asked: Asked,
    methods: Mapping[str, Reconstructor],
    studio: Studio,
    result: Result,
    watch: Watch,
) -> None:
    """A part whose pictures are made from photographs."""
    assert asked.photographs is not None
    items, skipped = photographs.find(asked.photographs, asked.seed)
    result.skipped.update(skipped)

    def measure(item: Item) -> Iterable[Outcome]:
        scene, key = studio(item), int(item.sha256[:16], 16)
        if part == "consistency":
            yield from consistency.outcomes(scene, key, methods)
            return
        for picture in rendered.pictures(scene, key, asked.seed):
            yield from outcomes_of(picture, methods)

    named = {str(item.file): item for item in items[: asked.count]}
    _each(part, named, measure, result, watch)


def _labelled(
    asked: Asked, methods: Mapping[str, Reconstructor], result: Result, watch: Watch
) -> None:
    assert asked.labelled is not None
    ways = WAYS if asked.detect else ("boxes",)

    def measure(pair: labelled.Pair) -> Iterable[Outcome]:
        return outcomes_of(labelled.picture(pair, asked.first_pixel), methods, ways)

    pairs = labelled.find(asked.labelled)[: asked.count]
    named = {str(pair.photograph): pair for pair in pairs}
    _each("labelled", named, measure, result, watch)


def _each(
    part: str,
    things: Mapping[str, Thing],
    measure: Callable[[Thing], Iterable[Outcome]],
    result: Result,
    watch: Watch,
) -> None:
    """Measure with one photograph after the other; those that cannot be used are noted."""
    rows: list[Outcome] = []
    refused: dict[str, FacelabError] = {}
    for name, thing in things.items():
        try:
            rows += list(measure(thing))  # all of its pictures, or none
        except (ImageError, NoFaceError, UsageError) as error:
            refused[name] = error
        watch(part, len(things), 1, 1)
    if len(refused) == len(things):
        raise next(iter(refused.values()))
    result.skipped.update({name: str(error) for name, error in refused.items()})
    result.outcomes[part] = Outcomes(tuple(rows))
    result.photographs[part] = len(things) - len(refused)
