"""Looking through a data set: the page, the marks that are read back, and what is told of them."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter

import numpy as np
import pytest

from facelab.augment import labels
from facelab.augment.formats import FORMATS, named
from facelab.augment.report import contact_sheet, dataset_card, marks, page, review
from facelab.augment.report.dataset_card import Facts
from facelab.augment.report.finish import finish
from facelab.augment.report.marks import REASONS, Judged, Mark
from facelab.augment.report.statistics import gathered
from facelab.augment.report.yaw import RANGES, range_of
from facelab.augment.sample import Redraw, Source
from facelab.augment.store import Store
from facelab.augment.style import Style
from facelab.errors import UsageError
from facelab.images import decoded
from tests.augmented import head, rectangle, sample, upright
from tests.html import Page
from tests.synthetic import ramp

DRAWN = Source("head", "", "ab" * 32, "head 0001")
YAWS = (-5, 25, -50, 75, -95, 12)


def samples():
    """Turned ever further, the last two drawn again."""
    torn = {4: [Redraw("stretch", 3.25, "profile")] * 2, 5: [Redraw("covered", 0.9)]}
    return [
        sample(upright(yaw=yaw), index, image=ramp(128, 128), redrawn=torn.get(index, ()))
        for index, yaw in enumerate(YAWS)
    ]


def record_of(one):
    return labels.describe(one, labels.subject_of(one), 7, {"image": "a.jpg"})


def made(store, form="folder", some=None):
    """A data set of the samples."""
    some = samples() if some is None else some
    style = Style(seed=7, maps=())
    written = named(form)(style)
    for start in range(0, len(some), written.chunk):
        chunk = range(start, min(start + written.chunk, len(some)))
        written.write(store, chunk, [some[index] for index in chunk])
    recipe = {"name": "Turned & <lit>", "steps": []}
    finish(store, written, Facts(form, style, recipe, len(some), skipped={"a.txt": "no image"}))
    return store


@pytest.fixture
def store(tmp_path):
    return made(Store(str(tmp_path / "out")))


def marked(store, entries):
    store.write(marks.NAME, json.dumps(entries).encode())


def said(index, reason, yaw=0.0):
    return {"index": index, "yaw": yaw, "reason": reason}


# --- The sheets by yaw -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yaw", "name"),
    [(0, "0-20"), (-19.9, "0-20"), (20, "20-40"), (-59, "40-60"), (89.9, "60-90"),
     (-90, "beyond-90"), (180, "beyond-90")],
)  # fmt: skip
def test_ranges_are_of_either_side(yaw, name):
    assert range_of(yaw) == name


def test_every_range_that_has_samples_has_a_sheet(store):
    sheets = {name for name in store.names() if name.startswith("contact-sheet-yaw")}
    assert sheets == {contact_sheet.name_of(name) for name in RANGES}
    widths = {}
    for name in RANGES:
        picture = decoded("a.jpg", store.read(contact_sheet.name_of(name)))
        widths[name] = (picture.pixels.shape[1] - 6) // 230
    assert widths == {"0-20": 2, "20-40": 1, "40-60": 1, "60-90": 1, "beyond-90": 1}


# --- The page ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_the_page_shows_every_sample_and_needs_no_other_file(form, tmp_path):
    store = made(Store(str(tmp_path / "out")), form)
    done = review.review(store)
    text = store.read(review.NAME).decode()
    found = Page(text)
    assert found.open == []
    assert all(value.startswith("data:image/jpeg;base64,") for value in found.wanted)
    assert "http" not in text.replace("data:image", "")
    shown = [int(value) for value in re.findall(r'data-index="(\d+)"', text)]
    assert shown == [0, 5, 1, 2, 3, 4]  # the ranges in order, by yaw in each
    yaws = [float(value) for value in re.findall(r'data-yaw="([-\d.]+)"', text)]
    np.testing.assert_allclose(yaws, [YAWS[index] for index in shown], atol=0.5)
    assert "Turned & <lit>: review" in found.text
    assert not re.search("data-reason=", text)
    for at, reason in enumerate(REASONS, 1):
        assert f"{at} {reason}" in found.text
    assert done.found.count == 6
    assert done.judged == []


def test_pictures_are_small_and_whole(store):
    review.review(store)
    pictures = re.findall(r'class="tile".*?base64,([^"]+)"', store.read(review.NAME).decode())
    assert len(pictures) == 6
    image = decoded("a.jpg", base64.b64decode(pictures[0])).pixels
    assert image.shape == (112, 112, 3)
    small = ramp(128, 128)[::8, ::8]
    assert np.abs(image[::7, ::7] - small).max() < 0.1


def test_what_was_drawn_again_is_listed_by_reason_with_its_values(store):
    review.review(store)
    text = Page(store.read(review.NAME).decode()).text
    assert "Drawn again: 2 of 6 samples" in text
    order = [text.index(part) for part in ("stretch: 2 times", "covered: 1 times")]
    assert order == sorted(order)
    assert "4: profile 3.25, profile 3.25" in text
    assert "5: 0.9" in text


def test_a_page_of_many_shows_them_evenly(tmp_path, monkeypatch):
    monkeypatch.setattr(review, "_MOST", 3)
    store = made(Store(str(tmp_path / "out")))
    review.review(store)
    shown = re.findall(r'data-index="(\d+)"', store.read(review.NAME).decode())
    assert sorted(map(int, shown)) == [0, 2, 4]


# --- What is marked ----------------------------------------------------------------------------


def test_marks_are_shown_again_and_counted(store):
    entries = [said(0, None, -5), said(1, "broken head", 25), said(2, "hair & <b>", -50)]
    marked(store, entries)
    done = review.review(store)
    assert done.judged == [
        Judged("0-20", 1, Counter()),
        Judged("20-40", 1, Counter({"broken head": 1})),
        Judged("40-60", 1, Counter({"hair & <b>": 1})),
        Judged("all", 3, Counter({"broken head": 1, "hair & <b>": 1})),
    ]
    text = store.read(review.NAME).decode()
    assert re.findall(r'data-index="(\d+)"[^>]*data-reason="([^"]+)"', text) == [
        ("1", "broken head"), ("2", "hair &amp; &lt;b&gt;"),
    ]  # fmt: skip
    report = Page(store.read(page.NAME).decode())
    assert report.open == []
    assert "Looked through" in report.text
    assert "broken head (1), hair & <b> (1)" in "".join(report.text.split("|"))


def test_a_data_sets_report_has_what_was_marked_when_it_is_made_again(store):
    before = store.read(page.NAME)
    marked(store, [said(1, "hair", 25)])
    made(store)
    assert b"Looked through" not in before
    assert b"Looked through" in store.read(page.NAME)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[1]", b'[{"index": 1}]', b'[{"index": 1.5, "yaw": 0, "reason": null}]',
     b'[{"index": 1, "yaw": NaN, "reason": null}]', b'[{"index": 1, "yaw": 0, "reason": 3}]'],
    ids=str,
)  # fmt: skip
def test_damaged_marks_are_refused(store, data):
    store.write(marks.NAME, data)
    with pytest.raises(UsageError, match=r"review\.json is no review \(.*\); save it anew, or"):
        review.review(store)


def test_marks_that_nobody_made_are_none(store):
    assert marks.read(store) == []
    assert marks.judged([]) == []
    assert marks.judged([Mark(3, 500.0, None)])[0].yaw == "beyond-90"


def test_only_complete_data_sets_are_looked_through(store, tmp_path):
    with pytest.raises(UsageError, match=r"there is no dataset\.json; make the data set with"):
        review.review(Store(str(tmp_path)))
    card = json.loads(store.read(dataset_card.NAME))
    for wrong in (b"", b"{}", json.dumps({**card, "format": "mine"}).encode(),
                  json.dumps({**card, "samples": {"requested": -1}}).encode(),
                  json.dumps({**card, "maps": {"shape": ""}}).encode()):  # fmt: skip
        store.write(dataset_card.NAME, wrong)
        with pytest.raises(UsageError, match=r"dataset\.json is damaged|is unknown"):
            review.review(store)


def test_a_card_tells_its_facts_again(store):
    facts = dataset_card.read(store)
    assert (facts.format, facts.requested, facts.style.seed) == ("folder", 6, 7)
    assert facts.skipped == {"a.txt": "no image"}
    assert facts.recipe["name"] == "Turned & <lit>"


# --- What reports tell -------------------------------------------------------------------------


def test_statistics_count_origins_redraws_and_classes():
    cover = rectangle(slice(64, 128), ...) > 0
    drawn = sample(index=6, truth=head().behind(cover, "hand"), sources=[DRAWN])
    records = [*map(record_of, samples()), record_of(drawn)]
    found = gathered(records, len(records))
    assert found.origins == {"photographs": 6, "heads": 1}
    assert found.redrawn == {"stretch": 2, "covered": 1}
    assert found.torn == {0: 5, 1: 1, 2: 1}
    assert found.classes["hand"].samples == 1
    assert found.classes["hand"].total == 0.5
    assert found.classes["nose"].samples == 7
    total = sum(share.total for share in found.classes.values())
    assert total == pytest.approx(7, abs=0.01)
    assert found.by_yaw["0-20"] == [0, 5, 6]
    *photographs, last = found.measured
    assert all("gaze_yaw" not in one for one in photographs)
    assert last["gaze_yaw"] == pytest.approx(18.43, abs=0.01)
    assert last["openness"] == photographs[0]["openness"] == pytest.approx(0.3, abs=0.1)
    assert last["covered"] > 0.3


def test_card_and_report_tell_them(tmp_path):
    cover = rectangle(slice(64, 128), ...) > 0
    some = [*samples(), sample(index=6, truth=head().behind(cover, "hand"), sources=[DRAWN])]
    store = made(Store(str(tmp_path / "out")), some=some)
    card = json.loads(store.read(dataset_card.NAME))
    assert card["redrawn"] == {"samples": 2, "reasons": {"covered": 1, "stretch": 2}}
    assert card["origins"] == {"photographs": 6, "heads": 1}
    text = Page(store.read(page.NAME).decode()).text
    for part in (
        "1 of 1 people",
        "Gaze (+ to image right)",
        "Openness",
        "hand",
        "2 images of 7",
    ):
        assert part in text
