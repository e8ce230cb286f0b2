"""Figures as tables for people: one for each part, a column for each method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from facelab.benchmark.figures import lost_by_yaw, means_by_yaw
from facelab.benchmark.measures import ANGLES, bin_names
from facelab.benchmark.outcomes import Outcomes
from facelab.benchmark.rendered import hard, plain

Row = tuple[str, ...]  # what it says, then a cell for each method; without cells, a heading

_FOUND = {"boxes": "at the true box", "detected": "found by the detector"}
_MAIN = ("landmarks 2D", "landmarks 3D", "dense 3D", "geodesic")
_COMPARED = (*_MAIN, "pose MAE")  # with what others publish, over all faces found
_NOTHING = "-"


def rendered(outcomes: Outcomes, methods: Sequence[str]) -> str:
    """The table of `facelab.benchmark.rendered`: by yaw, then by level."""
    rows: list[Row] = []
    for way, own in _ways(outcomes):
        rows += _by_yaw(plain(own), methods, way)
        rows += _by(hard(own), methods, "level", way)
    return markdown("Rendered heads", methods, rows)


def consistency(outcomes: Outcomes, methods: Sequence[str]) -> str:
    """The table of `facelab.benchmark.consistency`: by what was done."""
    rows: list[Row] = []
    for way, own in _ways(outcomes):
        rows += _by(own, methods, "change", way)
    return markdown("Consistency", methods, rows)


def labelled(outcomes: Outcomes, methods: Sequence[str]) -> str:
    """The table of `facelab.benchmark.labelled`: by yaw."""
    rows: list[Row] = []
    for way, own in _ways(outcomes):
        rows += _by_yaw(own, methods, way)
    return markdown("Labelled photographs", methods, rows)


TABLES: dict[str, Callable[[Outcomes, Sequence[str]], str]] = {
    "rendered": rendered,
    "consistency": consistency,
    "labelled": labelled,
}


def markdown(title: str, methods: Sequence[str], rows: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = [f"| {title} | {' | '.join(methods)} |", "|---|" + "---|" * len(methods)]
    for label, *cells in rows:
        shown = [label, *cells] if cells else [f"**{label}**", *("" for _ in methods)]
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def _ways(outcomes: Outcomes) -> list[tuple[str, Outcomes]]:
    """Each way in which faces were found, in words, and its outcomes."""
    there = outcomes.values("way")
    return [(said, outcomes.where(way=way)) for way, said in _FOUND.items() if way in there]


def _by_yaw(outcomes: Outcomes, methods: Sequence[str], way: str) -> Iterator[Row]:
    """Every measure over the faces that all methods found, then the main ones over all found."""
    shared, ranges = outcomes.shared, " / ".join(bin_names())
    yield (f"{way}, the {shared.pictures} of {outcomes.pictures} faces that all find: {ranges}",)
    for measure in shared.measures:
        yield _measured(shared, methods, measure)
    yield (f"{way}, of {outcomes.pictures} faces those that the method finds: {ranges}",)
    for measure in (name for name in _COMPARED if name in outcomes.measures):
        yield _measured(outcomes, methods, measure)
    yield "lost, %", *(_cell(lost_by_yaw(outcomes, name), 1) for name in methods)


def _measured(outcomes: Outcomes, methods: Sequence[str], measure: str) -> Row:
    """A measure by yaw."""
    values = [means_by_yaw(outcomes, name, measure) for name in methods]
    return f"{measure}, {_unit(measure)}", *(_cell(each, 2) for each in values)


def _by(outcomes: Outcomes, methods: Sequence[str], label: str, way: str) -> Iterator[Row]:
    """The main measures by a label, over the faces that all methods found; how many are lost."""
    measures = [name for name in _MAIN if name in outcomes.measures or not outcomes.measures]
    units = ", ".join(f"{name} {_unit(name)}" for name in measures)
    yield (f"{way}, by {label}: {units}; lost %",)
    for value in outcomes.values(label):
        own = outcomes.where(**{label: value})
        yield value, *(_summary(own, name, measures) for name in methods)


def _summary(outcomes: Outcomes, method: str, measures: Sequence[str]) -> str:
    means = [_number(outcomes.shared.mean(method, measure), 2) for measure in measures]
    return f"{' / '.join(means)}; {_number(outcomes.lost(method), 1)}"


def _cell(values: Sequence[float | None], digits: int) -> str:
    """A mean, and in brackets those over the ranges of yaw."""
    mean, *parts = (_number(value, digits) for value in values)
    return f"{mean} ({' / '.join(parts)})"


def _number(value: float | None, digits: int) -> str:
    return _NOTHING if value is None else f"{value:.{digits}f}"


def _unit(measure: str) -> str:
    return "°" if measure in ANGLES else "%"
