"""``report.html``: a data set at a glance, in one file that needs no other."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

import facelab
from facelab.augment.plan import SPLITS
from facelab.augment.report.dataset_card import EXACT, Facts
from facelab.augment.report.histogram import even_edges, histogram, said, spark
from facelab.augment.report.marks import Mark, judged
from facelab.augment.report.statistics import Share, Statistics
from facelab.augment.report.templates import template

if TYPE_CHECKING:
    from markupsafe import Markup

NAME = "report.html"

# Measure, title, unit, step and the range that is shown at least.
_MEASURES = (
    ("yaw", "Yaw (+ nose to image right)", "°", 5, (-90, 90)),
    ("pitch", "Pitch (+ nose down)", "°", 5, (-45, 45)),
    ("roll", "Roll (+ counter-clockwise)", "°", 5, (-45, 45)),
    ("size", "Size of the face", " px", 16, (0, 160)),
    ("brightness", "Brightness of the face", "", 0.05, (0, 1)),
    ("covered", "Share of the face covered", "", 0.05, (0, 1)),
    ("openness", "Openness of the eyes", "", 0.025, (0, 0.5)),
    ("gaze_yaw", "Gaze (+ to image right)", "°", 5, (-60, 60)),
    ("gaze_pitch", "Gaze (+ down)", "°", 5, (-40, 40)),
)
_MOST_BARS = 40
_MOST_CHOICES = 8  # of a value, by name


def report(facts: Facts, found: Statistics, picture: bytes, marked: Sequence[Mark] = ()) -> bytes:
    """The page, UTF-8; the same data set gives the same bytes.

    Parameters
    ----------
    facts : Facts
    found : Statistics
    picture : bytes
        The contact sheet as a JPEG file; empty for none.
    marked : sequence of Mark
        What somebody who looked at samples said of them.
    """
    page = template(NAME).render(
        title=title_of(facts),
        facts=facts,
        found=found,
        version=facelab.__version__,
        splits=SPLITS,
        sheet=base64.b64encode(picture).decode(),
        figures=list(_figures(found)),
        steps=list(_steps(found)),
        judged=judged(marked),
        by_count=_by_count,
        by_share=_by_share,
        exact=EXACT,
    )
    return page.encode()


def title_of(facts: Facts) -> str:
    """The name of a data set, for people: its recipe's."""
    return str(facts.recipe.get("name") or "Data set")


def _figures(found: Statistics) -> Iterator[dict[str, str]]:
    """The histogram of each measure that was taken."""
    for name, title, unit, step, (low, high) in _MEASURES:
        values = [measured[name] for measured in found.measured if name in measured]
        if values:
            wide = step * max(1, -(-(max(values) - low) // (step * _MOST_BARS)))
            picture = histogram(values, even_edges(values, wide, low, high), unit)
            yield {"title": title, "picture": picture, "summary": _summary(values, unit)}


def _summary(values: Sequence[float], unit: str) -> str:
    low, middle, high = np.percentile(values, [5, 50, 95]).tolist()
    return f"median {said(middle)}{unit}; nine in ten from {said(low)} to {said(high)}{unit}"


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Names with their counts, the commonest first."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _by_share(shares: Mapping[str, Share]) -> list[tuple[str, Share]]:
    """Classes with their shares, the largest first."""
    return sorted(shares.items(), key=lambda item: (-item[1].total, item[0]))


def _steps(found: Statistics) -> Iterator[dict[str, Any]]:
    """Each step that was used, the commonest first, with what was drawn for its keys."""
    for name, count in sorted(found.steps.items(), key=lambda item: (-item[1], item[0])):
        keys = found.values.get(name, {})
        drawn = [(key, _drawn(values)) for key, values in keys.items()]
        yield {"name": name, "count": count, "drawn": drawn}


def _drawn(values: Sequence[Any]) -> str | Markup:
    """The values drawn for a key: a distribution of numbers, or the commonest choices."""
    if all(isinstance(value, Real) and not isinstance(value, bool) for value in values):
        from markupsafe import Markup

        low, high = min(values), max(values)
        bars = Markup(spark(values)) if low != high else ""  # of numbers alone
        return Markup("{} {} {}").format(said(low), bars, said(high)) if bars else said(low)
    choices = Counter(str(value) for value in values)
    common = sorted(choices.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{value} ({count})" for value, count in common[:_MOST_CHOICES])
    more = len(common) - _MOST_CHOICES
    return f"{named}, and {more} more" if more > 0 else named
