"""Outcomes as numbers: means for each method, over ranges of yaw, levels or changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facelab.benchmark.measures import ANGLES
from facelab.benchmark.outcomes import Outcomes
from facelab.benchmark.rendered import hard, plain

Json = dict[str, object]

_DIGITS = 4


def _all(outcomes: Outcomes) -> Outcomes:
    return outcomes


_GROUPS: dict[str, dict[str, Callable[[Outcomes], Outcomes]]] = {
    "rendered": {"yaw": plain, "target": plain, "level": hard},
    "consistency": {"change": _all},
    "labelled": {"yaw": _all},
}  # what means are taken over, of which outcomes


def means_by_yaw(outcomes: Outcomes, method: str, measure: str) -> list[float | None]:
    """A measure's mean, and then those over the ranges of yaw.

    As the field has it: an angle's mean is over all faces; a length's is that of the means over the
    ranges, which count alike, however many faces are in each. Those without a face do not count.
    """
    parts = [part.mean(method, measure) for part in outcomes.by_yaw]
    return [outcomes.mean(method, measure), *parts] if measure in ANGLES else _with_mean(parts)


def lost_by_yaw(outcomes: Outcomes, method: str) -> list[float | None]:
    """How many of a hundred faces are lost, as `means_by_yaw` has it of lengths."""
    return _with_mean([part.lost(method) for part in outcomes.by_yaw])


def _with_mean(values: Sequence[float | None]) -> list[float | None]:
    known = [value for value in values if value is not None]
    return [sum(known) / len(known) if known else None, *values]


def figures(part: str, outcomes: Outcomes, methods: Sequence[str]) -> Json:
    """All figures of a part: way -> group -> its value -> method -> figures.

    Parameters
    ----------
    part : str
        Of `facelab.benchmark.PARTS`. What is done to a picture does not count in its groups
        ``yaw`` and ``target``, which are of plain pictures, nor do other yaws in ``level``.
    outcomes : Outcomes
    methods : sequence of str
    """
    ways = {way: outcomes.where(way=way) for way in outcomes.values("way")}
    return {
        way: {label: _grouped(view(own), label, methods) for label, view in _GROUPS[part].items()}
        for way, own in ways.items()
    }


def _grouped(outcomes: Outcomes, label: str, methods: Sequence[str]) -> Json:
    groups: Json = {
        value: {name: _figures(outcomes.where(**{label: value}), name) for name in methods}
        for value in outcomes.values(label)
    }
    if label == "yaw":
        groups["mean"] = {name: _mean_figures(outcomes, name) for name in methods}
    return groups


def _figures(outcomes: Outcomes, method: str) -> Json:
    """Means over the faces that the method found, and over those that every one did."""

    def means(of: Outcomes) -> Json:
        return {measure: _rounded(of.mean(method, measure)) for measure in outcomes.measures}

    return _four(outcomes, outcomes.lost(method), means)


def _mean_figures(outcomes: Outcomes, method: str) -> Json:
    """The same with the means of `means_by_yaw` and `lost_by_yaw`."""

    def means(of: Outcomes) -> Json:
        measures = outcomes.measures
        return {measure: _rounded(means_by_yaw(of, method, measure)[0]) for measure in measures}

    return _four(outcomes, lost_by_yaw(outcomes, method)[0], means)


def _four(outcomes: Outcomes, lost: float | None, means: Callable[[Outcomes], Json]) -> Json:
    shared = outcomes.shared
    return {
        "pictures": outcomes.pictures,
        "lost": _rounded(lost),
        "mean": means(outcomes),
        "shared": {"pictures": shared.pictures, "mean": means(shared)},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
