"""Figures as tables for people: those of each part of the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from facelab.benchmark import published
from facelab.benchmark.figures import lost_by_yaw, means_by_yaw
from facelab.benchmark.labelled import OFFSETS
from facelab.benchmark.measures import ANGLES, LOST, PARTS, bin_names
from facelab.benchmark.outcomes import Outcomes
from facelab.benchmark.rendered import hard, plain

Row = tuple[str, ...]  # what it says, then a cell for each column; without cells, a heading

_FOUND = {"boxes": "at the true box", "detected": "found by the detector"}
_MAIN = ("landmarks 2D", "landmarks 3D", "dense 3D", "geodesic")
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
    """The tables of `facelab.benchmark.labelled`: landmarks by yaw, pose, and what all find."""
    tables = []
    for way, own in _ways(outcomes):
        others = published.comparable(own)
        tables.append(landmarks(own, methods, way, others=others))
        if "pose MAE" in own.measures:
            tables.append(_pose(own, methods, way, others=others))
        if len(methods) > 1:
            rows = list(_by_yaw_of_shared(own, methods, way))
            tables.append(markdown("Labelled photographs", methods, rows))
    return "\n".join(tables)


def landmarks(
    outcomes: Outcomes,
    methods: Sequence[str],
    way: str,
    *,
    parts: bool = True,
    others: bool = False,
) -> str:
    """Landmark errors of each method by yaw, as they are and with constant offsets.

    Parameters
    ----------
    outcomes : Outcomes
        Of pictures found in one way.
    methods : sequence of str
    way : str
        In words.
    parts : bool
        Whether each part of the face has rows of its own.
    others : bool
        Whether what others publish follows.
    """
    names = ("landmarks", *PARTS) if parts else ("landmarks",)
    shown = [f"{name} 2D{allowed}" for allowed in ("", OFFSETS) for name in names]
    shown += ["landmarks 3D"] if parts else []
    rows: list[Row] = []
    for method in methods:
        rows.append((f"{method}, {_found(outcomes, method)}",))
        for measure in (name for name in shown if name in outcomes.measures):
            rows.append((f"{measure}, %", *_by_range(outcomes, method, measure)))
            if measure.startswith("landmarks 2D"):
                rows.append(
                    (f"{measure}, lost as 100 %", *_by_range(outcomes, method, measure, LOST))
                )
        counts = [f"{len(part.lost_of(method))}" for part in (*outcomes.by_yaw, outcomes)]
        rows.append(("lost, faces", *counts[:-1], _NOTHING, counts[-1]))
    if others:
        rows.append(("published, none lost",))
        for method, means in published.LANDMARKS.items():
            rows.append((method, *(_number(mean, 2) for mean in means), _NOTHING))
    title = f"Landmarks {way}, % of √(w·h) of the true ones' box: mean / median"
    return markdown(title, [*bin_names(), "mean of the ranges", "all faces"], rows)


def _by_range(
    outcomes: Outcomes, method: str, measure: str, lost: float | None = None
) -> tuple[str, ...]:
    """Means and medians of the ranges of yaw, the mean of their means, and both of all faces."""
    *ranges, every = (
        " / ".join(_number(of(method, measure, lost), 2) for of in (part.mean, part.median))
        for part in (*outcomes.by_yaw, outcomes)
    )
    return *ranges, _number(means_by_yaw(outcomes, method, measure, lost)[0], 2), every


def _pose(outcomes: Outcomes, methods: Sequence[str], way: str, *, others: bool) -> str:
    """Mean errors of the pose over all faces that have one, and their medians."""
    measures = ("yaw", "pitch", "roll", "pose MAE", "geodesic", "pitch offset")
    rows: list[Row] = []
    for method in methods:
        both = [
            " / ".join(_number(of(method, name), 2) for of in (outcomes.mean, outcomes.median))
            for name in measures
        ]
        rows.append((f"{method}, {_found(outcomes, method)}", *both))
    if others:
        rows.append(("published, none lost",))
        for method, means in published.POSE.items():
            cells = (_number(mean, 2) for mean in means)
            rows.append((method, *cells, _NOTHING, _NOTHING))
    return markdown(f"Pose {way}, °: mean / median", measures, rows)


def _found(outcomes: Outcomes, method: str) -> str:
    return f"{outcomes.pictures - len(outcomes.lost_of(method))} of {outcomes.pictures} found"


TABLES: dict[str, Callable[[Outcomes, Sequence[str]], str]] = {
    "rendered": rendered,
    "consistency": consistency,
    "labelled": labelled,
}


def markdown(title: str, columns: Sequence[str], rows: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = [f"| {title} | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for label, *cells in rows:
        shown = [label, *cells] if cells else [f"**{label}**", *("" for _ in columns)]
        lines.append(f"| {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def _ways(outcomes: Outcomes) -> list[tuple[str, Outcomes]]:
    """Each way in which faces were found, in words, and its outcomes."""
    there = outcomes.values("way")
    return [(said, outcomes.where(way=way)) for way, said in _FOUND.items() if way in there]


def _by_yaw(outcomes: Outcomes, methods: Sequence[str], way: str) -> Iterator[Row]:
    """Every measure over the faces that all methods found, then the main ones over all found."""
    yield from _by_yaw_of_shared(outcomes, methods, way)
    ranges = " / ".join(bin_names())
    yield (f"{way}, of {outcomes.pictures} faces those that the method finds: {ranges}",)
    for measure in (name for name in _MAIN if name in outcomes.measures):
        yield _measured(outcomes, methods, measure)
    yield "lost, %", *(_cell(lost_by_yaw(outcomes, name), 1) for name in methods)


def _by_yaw_of_shared(outcomes: Outcomes, methods: Sequence[str], way: str) -> Iterator[Row]:
    shared, ranges = outcomes.shared, " / ".join(bin_names())
    yield (f"{way}, the {shared.pictures} of {outcomes.pictures} faces that all find: {ranges}",)
    for measure in shared.measures:
        yield _measured(shared, methods, measure)


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
