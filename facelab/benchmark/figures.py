"""Outcomes as numbers: means for each method, over ranges of yaw, levels or changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facelab.benchmark import published
from facelab.benchmark.measures import ANGLES, LOST
from facelab.benchmark.outcomes import Outcomes
from facelab.benchmark.rendered import hard, plain

Json = dict[str, object]

MAIN = "landmarks 2D"
"""The measure by which faces are the worst."""
WORST = 5
"""How many are the worst."""
_DIGITS = 4


def _all(outcomes: Outcomes) -> Outcomes:
    return outcomes


_GROUPS: dict[str, dict[str, Callable[[Outcomes], Outcomes]]] = {
    "rendered": {"yaw": plain, "target": plain, "level": hard},
    "consistency": {"change": _all},
    "labelled": {"yaw": _all},
}  # what means are taken over, of which outcomes


def means_by_yaw(
    outcomes: Outcomes, method: str, measure: str, lost: float | None = None
) -> list[float | None]:
    """A measure's mean, and then those over the ranges of yaw.

    As the field has it: an angle's mean is over all faces; a length's is that of the means over the
    ranges, which count alike, however many faces are in each. Those without a face do not count.
    `lost` is the error of a face that was lost, as of `Outcomes.errors`.
    """
    parts = [part.mean(method, measure, lost) for part in outcomes.by_yaw]
    if measure in ANGLES:
        return [outcomes.mean(method, measure, lost), *parts]
    return _with_mean(parts)


def lost_by_yaw(outcomes: Outcomes, method: str) -> list[float | None]:
    """How many of a hundred faces are lost, as `means_by_yaw` has it of lengths."""
    return _with_mean([part.lost(method) for part in outcomes.by_yaw])


def _with_mean(values: Sequence[float | None]) -> list[float | None]:
    known = [value for value in values if value is not None]
    return [sum(known) / len(known) if known else None, *values]


def figures(part: str, outcomes: Outcomes, methods: Sequence[str]) -> Json:
    """All figures of a part: way -> group -> its value -> method -> figures.

    Of labelled photographs also the names of the worst faces and of those lost, and what others
    publish if that can be compared.

    Parameters
    ----------
    part : str
        Of `facelab.benchmark.PARTS`. What is done to a picture does not count in its groups
        ``yaw`` and ``target``, which are of plain pictures, nor do other yaws in ``level``.
    outcomes : Outcomes
    methods : sequence of str
    """
    ways = {way: outcomes.where(way=way) for way in outcomes.values("way")}
    told: Json = {}
    for way, own in ways.items():
        groups = _GROUPS[part].items()
        named = _named(own, methods) if part == "labelled" else {}
        told[way] = {label: _grouped(view(own), label, methods) for label, view in groups} | named
    return told


def _named(outcomes: Outcomes, methods: Sequence[str]) -> Json:
    """The names of the worst faces with their errors, of the lost ones, and what others publish."""
    worst = {name: outcomes.worst_of(name, MAIN, WORST) for name in methods}
    named: Json = {
        "worst": {
            method: {row.name: _rounded((row.errors or {})[MAIN]) for row in rows}
            for method, rows in worst.items()
        },
        "lost": {name: [row.name for row in outcomes.lost_of(name)] for name in methods},
    }
    if not published.comparable(outcomes):
        return named
    return named | {"published": {"landmarks 2D": published.LANDMARKS, "pose": published.POSE}}


def _grouped(outcomes: Outcomes, label: str, methods: Sequence[str]) -> Json:
    groups: Json = {
        value: {name: _figures(outcomes.where(**{label: value}), name) for name in methods}
        for value in outcomes.values(label)
    }
    if label == "yaw":
        groups["mean"] = {name: _mean_figures(outcomes, name) for name in methods}
        groups["all"] = {name: _figures(outcomes, name) for name in methods}
    return groups


def _figures(outcomes: Outcomes, method: str) -> Json:
    """Means and medians over the faces that the method found, and over those that every one did.

    Those of lengths also with lost faces as `LOST`.
    """

    def means(of: Outcomes, lost: float | None = None) -> Json:
        return {name: _rounded(of.mean(method, name, lost)) for name in _measures(outcomes, lost)}

    def medians(of: Outcomes, lost: float | None = None) -> Json:
        return {name: _rounded(of.median(method, name, lost)) for name in _measures(outcomes, lost)}

    return {
        **_common(outcomes, outcomes.lost(method), means),
        "median": medians(outcomes),
        "median, lost as 100 %": medians(outcomes, LOST),
    }


def _mean_figures(outcomes: Outcomes, method: str) -> Json:
    """The same with the means of `means_by_yaw` and `lost_by_yaw`, without medians."""

    def means(of: Outcomes, lost: float | None = None) -> Json:
        names = _measures(outcomes, lost)
        return {name: _rounded(means_by_yaw(of, method, name, lost)[0]) for name in names}

    return _common(outcomes, lost_by_yaw(outcomes, method)[0], means)


def _common(outcomes: Outcomes, lost: float | None, means: Callable[..., Json]) -> Json:
    shared = outcomes.shared
    return {
        "pictures": outcomes.pictures,
        "lost": _rounded(lost),
        "mean": means(outcomes),
        "mean, lost as 100 %": means(outcomes, LOST),
        "shared": {"pictures": shared.pictures, "mean": means(shared)},
    }


def _measures(outcomes: Outcomes, lost: float | None) -> list[str]:
    """All measures, or where lost faces count those in %."""
    return [name for name in outcomes.measures if lost is None or name not in ANGLES]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
