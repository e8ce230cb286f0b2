from __future__ import annotations

import numpy as np
import pytest
import sheets
import tally_faults
from sheets import Labelled, Layout

from facelab.types import Box
from tests.synthetic import plain

PAIRS = [f"{n}_{n + 1}" for n in range(40)]


def spotted(height, width, x, y, spread):
    """White with a black disk."""
    v, u = np.indices((height, width))
    out = plain((height, width), (1, 1, 1)).copy()
    out[np.hypot(u - x, v - y) < spread] = 0
    return out


@pytest.mark.parametrize("scale", [0.5, 1, 4])
def test_faces_are_as_large_and_in_the_middle_whatever_the_photograph(scale: float) -> None:
    layout = Layout(face=100, room=2)
    x, y, half = 60 * scale, 50 * scale, 20 * scale
    image = spotted(int(120 * scale), int(120 * scale), x, y, half)
    tile = sheets.tile(Labelled(image, Box(x - half, y - half, x + half, y + half), ""), layout)
    assert tile.shape == (200, 200, 3) and tile.dtype == np.uint8
    rows, columns = np.nonzero(tile[50:150, 50:150, 0] < 128)
    assert rows.mean() == pytest.approx(49.5, abs=1.5)
    assert columns.mean() == pytest.approx(49.5, abs=1.5)
    assert len(rows) == pytest.approx(np.pi * 50**2, rel=0.06)


def test_a_sheet_has_so_many_rows_and_the_last_one_what_is_left() -> None:
    layout = Layout(face=20, room=2, rows=2)
    shown = Labelled(plain((50, 50)), Box(10, 10, 30, 30), "a")
    found = list(sheets.sheets([[shown] * 3] * 5, layout))
    gap = sheets.MARGIN
    assert [picture.shape for picture in found] == [
        (80 + gap, 120 + 2 * gap, 3),
        (80 + gap, 120 + 2 * gap, 3),
        (40, 120 + 2 * gap, 3),
    ]


def test_blind_orders_are_shuffles_that_a_seed_repeats() -> None:
    key = sheets.orders(PAIRS, ["old", "new"], 3)
    assert key == sheets.orders(PAIRS, ["old", "new"], 3) != sheets.orders(PAIRS, ["old", "new"], 4)
    assert all(sorted(order) == ["new", "old"] for order in key.values())
    assert 8 < sum(order[0] == "old" for order in key.values()) < 32


def test_the_form_tells_nothing_of_the_versions() -> None:
    form = sheets.form(sheets.orders(PAIRS[:2], ["old", "new"], 0))
    assert [(line["pair"], line["side"]) for line in form] == [
        ("0_1", "A"),
        ("0_1", "B"),
        ("1_2", "A"),
        ("1_2", "B"),
    ]
    assert list(form[0]) == list(sheets.COLUMNS)
    assert "old" not in str(form)


def filled(pair, side, glance, beside, faults):
    return {"pair": pair, "side": side, "glance": glance, "beside": beside, "faults": faults}


def test_answers_are_counted_for_the_version_on_that_side() -> None:
    key = {"1_2": ["new", "old"], "3_4": ["old", "new"], "5_6": ["old", "new"]}
    lines = [
        filled("1_2", "A", "yes", "No ", ""),
        filled("1_2", "B", "no", "no", "nose tone"),
        filled("3_4", "A", "no", "no", "tone tone"),
        filled("3_4", "B", "yes", "yes", "tone"),
        filled("5_6", "A", "", "", ""),  # not judged yet
    ]
    counts = tally_faults.tally(lines, key)
    assert counts["new"] == {"judged": 2, "glance": 2, "beside": 1, "tone": 1}
    assert counts["old"] == {"judged": 2, "nose": 1, "tone": 2}
    assert tally_faults.report(counts).splitlines() == [
        "|  | new | old |",
        "| --- | --- | --- |",
        "| judged | 2 | 2 |",
        "| glance | 2 | 0 |",
        "| beside | 1 | 0 |",
        "| tone | 1 | 2 |",
        "| nose | 0 | 1 |",
    ]


def test_an_answer_is_yes_or_no() -> None:
    with pytest.raises(ValueError, match="1_2 A: 'maybe' is neither"):
        tally_faults.tally([filled("1_2", "A", "maybe", "no", "")], {"1_2": ["new"]})
