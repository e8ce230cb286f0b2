"""Charts of lines on logarithmic scales."""

from xml.etree import ElementTree as ET

import pytest
from lines import Chart, Line, Scale, draw

SVG = "{http://www.w3.org/2000/svg}"
CHART = Chart("time & more", "faces", "ms", [Line("one", [1, 10, 100], [5, 50, 500])])


def test_equal_ratios_are_equally_far_apart():
    scale = Scale.of([1, 100], 0, 200)
    assert [scale(value) for value in (1, 10, 100)] == pytest.approx([0, 100, 200])


def test_ticks_lie_within():
    assert Scale.of([3, 120], 0, 1).ticks() == [5, 10, 20, 50, 100]


def test_a_single_value_has_a_scale():
    assert Scale.of([7, 7], 0, 1)(7) == 0


def test_each_line_is_drawn_and_named():
    document = ET.fromstring(draw([CHART, CHART], "some machine", columns=2))
    assert len(list(document.iter(f"{SVG}circle"))) == 2 * 3
    said = [element.text for element in document.iter(f"{SVG}text")]
    assert {"one", "some machine", "time & more, ms"} <= set(said)


def test_a_power_law_is_a_straight_line():
    document = ET.fromstring(draw([CHART], "", columns=1))
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in document.iter(f"{SVG}circle")]
    (x0, y0), (x1, y1), (x2, y2) = dots
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y1 - y0 == pytest.approx(y2 - y1, abs=0.2)
