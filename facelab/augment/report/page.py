"""``report.html``: a data set at a glance, in one file that needs no other."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from numbers import Real
from typing import Any

import numpy as np

import facelab
from facelab.augment.plan import SPLITS
from facelab.augment.report.dataset_card import EXACT, Facts
from facelab.augment.report.histogram import even_edges, histogram, said, spark
from facelab.augment.report.statistics import Statistics

NAME = "report.html"

# Measure, title, unit, step and the range that is shown at least.
_MEASURES = (
    ("yaw", "Yaw (+ nose to image right)", "°", 5, (-90, 90)),
    ("pitch", "Pitch (+ nose down)", "°", 5, (-45, 45)),
    ("roll", "Roll (+ counter-clockwise)", "°", 5, (-45, 45)),
    ("size", "Size of the face", " px", 16, (0, 160)),
    ("brightness", "Brightness of the face", "", 0.05, (0, 1)),
)
_MOST_BARS = 40
_MOST_CHOICES = 8  # of a value, by name
_NUMBERS = {"Images", "Identities", "Share"}

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
:root {{ color-scheme: light }}
body {{ font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto;
  max-width: 1000px; padding: 0 1rem }}
h1 {{ font-size: 1.5rem; margin-bottom: 0 }} h2 {{ font-size: 1.1rem; margin-top: 2rem }}
p, figcaption {{ color: #555 }} figcaption {{ font-size: 13px }}
figure {{ margin: 0 }} .grid {{ display: flex; flex-wrap: wrap; gap: 1.5rem }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
th, td {{ text-align: left; padding: .25rem 1.2rem .25rem 0; border-bottom: 1px solid #e5e5e5;
  vertical-align: top }}
td.n, th.n {{ text-align: right }} .sheet {{ max-width: 100% }}
svg rect {{ fill: #3b6ea5 }} svg rect:hover {{ fill: #e08a2b }} svg path {{ stroke: #e5e5e5 }}
svg text {{ font: 11px system-ui, sans-serif; fill: #666 }}
</style></head><body>
{body}
</body></html>
"""


def report(facts: Facts, found: Statistics, picture: bytes) -> bytes:
    """The page, UTF-8; the same data set gives the same bytes.

    Parameters
    ----------
    facts : Facts
    found : Statistics
    picture : bytes
        The contact sheet as a JPEG file; empty for none.
    """
    title = str(facts.recipe.get("name") or "Data set")
    body = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{found.count:,} images of {facts.requested:,} asked for, from "
        f"{len(found.photographs):,} photographs. Format {escape(facts.format)}, seed "
        f"{facts.style.seed}, facelab {escape(facelab.__version__)}.</p>",
        _splits(found),
        _sheet(picture),
        _distributions(found),
        _steps(found),
        _skipped(facts),
        f"<h2>Terms</h2><p>{EXACT}</p><p>Consent of the people shown: "
        f"{escape(facts.style.consent)}. Licence of the photographs: {escape(facts.licence)}.</p>",
    ]
    return _PAGE.format(title=escape(title), body="\n".join(filter(None, body))).encode()


def _splits(found: Statistics) -> str:
    rows = [
        (split, f"{found.samples[split]:,}", f"{len(found.identities[split]):,}")
        for split in SPLITS
    ]
    return _table(("Split", "Images", "Identities"), rows)


def _sheet(picture: bytes) -> str:
    if not picture:
        return ""
    data = base64.b64encode(picture).decode()
    return (
        '<h2>Samples</h2><figure><img class="sheet" alt="Contact sheet" '
        f'src="data:image/jpeg;base64,{data}"><figcaption>Green: landmarks in sight; red rings: '
        "hidden ones. Blue: the face's box. Axes: x red, y green, z blue.</figcaption></figure>"
    )


def _distributions(found: Statistics) -> str:
    figures = []
    for name, title, unit, step, (low, high) in _MEASURES:
        values = [measured[name] for measured in found.measured if name in measured]
        if not values:
            continue
        wide = step * max(1, -(-(max(values) - low) // (step * _MOST_BARS)))
        picture = histogram(values, even_edges(values, wide, low, high), unit)
        figures.append(
            f"<figure><strong>{title}</strong><br>{picture}"
            f"<figcaption>{_summary(values, unit)}</figcaption></figure>"
        )
    if not figures:
        return ""
    whole = len(found.measured) == found.count
    part = "all images" if whole else f"{len(found.measured):,} images, evenly chosen"
    return f'<h2>Distributions</h2><p>Of {part}.</p><div class="grid">{"".join(figures)}</div>'


def _summary(values: Sequence[float], unit: str) -> str:
    low, middle, high = np.percentile(values, [5, 50, 95]).tolist()
    return f"median {said(middle)}{unit}; nine in ten from {said(low)} to {said(high)}{unit}"


def _steps(found: Statistics) -> str:
    if not found.steps:
        return ""
    rows = []
    for name, count in sorted(found.steps.items(), key=lambda item: (-item[1], item[0])):
        keys = found.values.get(name, {})
        values = "<br>".join(f"{escape(key)}: {_drawn(given)}" for key, given in keys.items())
        rows.append((escape(name), f"{count:,}", f"{count / found.count:.0%}", values))
    return "<h2>Steps</h2>" + _table(("Step", "Images", "Share", "Values"), rows)


def _drawn(values: Sequence[Any]) -> str:
    """What was drawn for a key: a distribution of numbers, or the commonest choices."""
    if all(isinstance(value, Real) and not isinstance(value, bool) for value in values):
        low, high = min(values), max(values)
        return said(low) if low == high else f"{said(low)} {spark(values)} {said(high)}"
    choices = Counter(str(value) for value in values)
    common = sorted(choices.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{escape(value)} ({count})" for value, count in common[:_MOST_CHOICES])
    more = len(common) - _MOST_CHOICES
    return f"{named}, and {more} more" if more > 0 else named


def _skipped(facts: Facts) -> str:
    if not facts.skipped:
        return ""
    rows = [(escape(name), escape(reason)) for name, reason in sorted(facts.skipped.items())]
    return "<h2>Photographs that could not be used</h2>" + _table(("File", "Reason"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of HTML cells; those of columns in `_NUMBERS` are flush right."""
    kinds = [' class="n"' if head in _NUMBERS else "" for head in heads]

    def line(tag: str, cells: Sequence[str]) -> str:
        pairs = zip(kinds, cells, strict=True)
        return "<tr>" + "".join(f"<{tag}{kind}>{cell}</{tag}>" for kind, cell in pairs) + "</tr>"

    lines = [line("th", heads), *(line("td", row) for row in rows)]
    return f"<table>{''.join(lines)}</table>"
