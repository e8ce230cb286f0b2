"""Charts of lines on logarithmic scales, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 360, 270  # of a chart, px
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 34, 44  # around its plot
INK, PAPER, RULE = "#22303c", "#ffffff", "#dfe6ec"
COLOURS = ("#8a97a3", "#c2452d", "#2f6fb0", "#3c8c4a", "#8a5aa8")
DOT = 2.6


@dataclass(frozen=True)
class Line:
    """Values at places, both above 0."""

    name: str
    places: Sequence[float]
    values: Sequence[float]


@dataclass(frozen=True)
class Chart:
    """Lines over one axis."""

    title: str
    across: str
    unit: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Scale:
    """From a value to a pixel; the ends are of the values."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def of(cls, values: Sequence[float], start: float, end: float) -> Scale:
        low, high = min(values), max(values)
        return cls(low, max(high, 1.01 * low), start, end)

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """1, 2 and 5 times powers of ten within it."""
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        every = [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5)]
        return [tick for tick in every if self.low <= tick * 1.001 and tick <= self.high * 1.001]


def draw(charts: Sequence[Chart], below: str, columns: int) -> str:
    """Charts in rows, the lines' names and a sentence below them: an SVG document."""
    rows = -(-len(charts) // columns)
    width, height = columns * WIDTH, rows * HEIGHT + 34
    parts = [
        f'<g transform="translate({index % columns * WIDTH} {index // columns * HEIGHT})">'
        f"{_chart(chart)}</g>"
        for index, chart in enumerate(charts)
    ]
    names = [line.name for line in charts[0].lines]
    for index, (name, colour) in enumerate(zip(names, COLOURS, strict=False)):
        x, y = LEFT + 160 * index, height - 16
        parts.append(_path([(x, y - 4), (x + 22, y - 4)], colour, 2.5))
        parts.append(_text(x + 28, y, name, "start"))
    parts.append(_text(width - RIGHT, height - 16, below, "end"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="12">\n<rect width="{width}" height="{height}" fill="{PAPER}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _chart(chart: Chart) -> str:
    places = [place for line in chart.lines for place in line.places]
    values = [value for line in chart.lines for value in line.values]
    x = Scale.of(places, LEFT, WIDTH - RIGHT)
    y = Scale.of(values, HEIGHT - BOTTOM, TOP)
    parts = [_text(LEFT, TOP - 14, f"{chart.title}, {chart.unit}", "start", "bold")]
    for tick in y.ticks():
        parts.append(_path([(x.start, y(tick)), (x.end, y(tick))], RULE, 1))
        parts.append(_text(LEFT - 6, y(tick) + 4, f"{tick:,.10g}", "end"))
    for place in sorted(set(places)):
        parts.append(_path([(x(place), y.start), (x(place), y.end)], RULE, 1))
        parts.append(_text(x(place), y.start + 16, f"{place:.2g}", "middle"))
    parts.append(_text((x.start + x.end) / 2, y.start + 32, chart.across, "middle"))
    for line, colour in zip(chart.lines, COLOURS, strict=False):
        points = [(x(a), y(b)) for a, b in zip(line.places, line.values, strict=True)]
        parts.append(_path(points, colour, 1.8))
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{DOT}" fill="{colour}"/>'
                  for a, b in points]  # fmt: skip
    return "\n".join(parts)


def _path(points: Sequence[tuple[float, float]], colour: str, width: float) -> str:
    said = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{said}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, words: str, anchor: str, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{INK}">{escape(words)}</text>'
    )
