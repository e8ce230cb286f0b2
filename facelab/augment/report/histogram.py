"""Histograms as SVG pictures, to be put into a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_WIDTH, _HEIGHT = 300, 130  # of the whole picture, CSS pixels
_TOP, _BOTTOM = 14, 18  # margins for the largest count and the scale


def histogram(values: Sequence[float], edges: Sequence[float], unit: str = "") -> str:
    """Bars of how many values lie between neighbouring edges; each says so when pointed at.

    Parameters
    ----------
    values : sequence of float
    edges : sequence of float
        Rising, two or more; what lies beyond them is left out.
    unit : str
        Follows numbers: ``"°"``, ``" px"``.
    """
    counts = np.histogram(values, edges)[0].tolist()
    most, step = max(*counts, 1), _WIDTH / len(counts)
    room = _HEIGHT - _TOP - _BOTTOM
    bars = []
    for at, count in enumerate(counts):
        height = room * count / most
        hint = f"{said(edges[at])} to {said(edges[at + 1])}{unit}: {count}"
        bars.append(
            f'<rect x="{at * step:.1f}" y="{_TOP + room - height:.1f}" '
            f'width="{max(step - 1, 0.5):.1f}" height="{height:.1f}"><title>{hint}</title></rect>'
        )
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}">'
        f'<path d="M0 {_TOP}H{_WIDTH}M0 {_TOP + room}H{_WIDTH}"/>{"".join(bars)}'
        f'<text x="0" y="{_TOP - 4}">{most}</text>{_scale(edges, unit)}</svg>'
    )


def spark(values: Sequence[float], width: int = 120, height: int = 22) -> str:
    """A small histogram between the least and the largest of the values, without a scale."""
    counts = np.histogram(values, 24)[0].tolist()
    step, most = width / len(counts), max(counts)
    bars = "".join(
        f'<rect x="{at * step:.1f}" y="{height * (1 - count / most):.1f}" '
        f'width="{step - 1:.1f}" height="{height * count / most:.1f}"/>'
        for at, count in enumerate(counts)
    )
    return f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}">{bars}</svg>'


def even_edges(values: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Multiples of a step from `low` to `high`, or further where the values are."""
    first = np.floor(min([low, *values]) / step)
    last = np.ceil(max([high, *values]) / step)
    return [step * at for at in np.arange(first, max(last, first + 1) + 1).tolist()]


def said(number: float) -> str:
    """A number for people, with three digits that count."""
    text = f"{number:.3g}" if abs(number) < 1000 else f"{number:.0f}"
    return text.replace("-", "−")


def _scale(edges: Sequence[float], unit: str) -> str:
    """The first edge, the last, and between them zero or else the middle."""
    count = len(edges) - 1
    inner = edges.index(0) if 0 in edges[1:-1] else count // 2
    marks = ((0, "start"), (inner, "middle"), (count, "end"))
    return "".join(
        f'<text x="{_WIDTH * at / count:.1f}" y="{_HEIGHT - 4}" text-anchor="{anchor}">'
        f"{said(edges[at])}{unit}</text>"
        for at, anchor in marks
    )
