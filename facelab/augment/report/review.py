"""``review.html``: samples by yaw to look through, and what was drawn again, by reason.

The page needs no other file and no network. The marks made in it are saved as ``review.json`` into
the folder of the data set, see `facelab.augment.report.marks`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from facelab.augment.formats import named
from facelab.augment.labels import Record
from facelab.augment.report import contact_sheet, dataset_card, marks, page
from facelab.augment.report.finish import Records, pictures
from facelab.augment.report.marks import Judged, Mark
from facelab.augment.report.statistics import Statistics, gathered
from facelab.augment.report.templates import template
from facelab.augment.report.yaw import RANGES, range_of
from facelab.augment.store import Store
from facelab.numerics.arrays import Float

NAME = "review.html"

_MOST = 2000  # samples, evenly chosen
_SIDE = 112  # of their pictures, pixels
_QUALITY = 82  # of JPEG


@dataclass(frozen=True, slots=True)
class Tile:
    """A sample as the page shows it.

    Parameters
    ----------
    record : dict
        Its label record.
    picture : str
        A JPEG file in Base64.
    reason : str or None
        Why it was thrown away, if it was.
    """

    record: Record
    picture: str
    reason: str | None

    @property
    def yaw(self) -> float:
        """Degrees."""
        yaw: float = self.record["pose"]["yaw"]
        return yaw


@dataclass(frozen=True, slots=True)
class Review:
    """What is known of a data set that is looked through.

    Parameters
    ----------
    found : Statistics
    judged : sequence of Judged
        What was said of its samples so far.
    """

    found: Statistics
    judged: Sequence[Judged]


def review(store: Store) -> Review:
    """Write the page of a complete data set, and its report anew with what is marked so far.

    Raises
    ------
    UsageError
        If there is no complete data set, or its card or marks are damaged.
    OutputError
        If images are not there, or a file cannot be written.
    """
    facts, marked = dataset_card.read(store), marks.read(store)
    form = named(facts.format)(facts.style)
    found = gathered(Records(store, form, facts.requested), facts.requested)
    shown = contact_sheet.evenly(range(facts.requested), _MOST)
    title = page.title_of(facts)
    store.write(NAME, rendered(title, found, tiles(pictures(store, form, shown), marked)))
    sheet = store.read(contact_sheet.NAME) if store.exists(contact_sheet.NAME) else b""
    store.write(page.NAME, page.report(facts, found, sheet, marked))
    return Review(found, marks.judged(marked))


def tiles(examples: Iterable[tuple[Record, Float]], marked: Sequence[Mark]) -> Iterator[Tile]:
    """Samples with their images made small, as they were marked before."""
    reasons = {mark.index: mark.reason for mark in marked}
    for record, image in examples:
        yield Tile(record, _thumbnail(image), reasons.get(record["index"]))


def rendered(title: str, found: Statistics, shown: Iterable[Tile]) -> bytes:
    """The page, UTF-8; the same samples and marks give the same bytes."""
    by_yaw = sorted(shown, key=lambda tile: tile.yaw)
    text = template(NAME).render(
        title=title,
        found=found,
        reasons=marks.REASONS,
        ranges=[(name, [tile for tile in by_yaw if range_of(tile.yaw) == name]) for name in RANGES],
        redrawn=[(reason, count, _torn(by_yaw, reason)) for reason, count in _counted(found)],
        side=_SIDE,
        marks=marks.NAME,
    )
    return text.encode()


def _counted(found: Statistics) -> list[tuple[str, int]]:
    """Why samples were drawn again, the commonest reason first."""
    return sorted(found.redrawn.items(), key=lambda item: (-item[1], item[0]))


def _torn(shown: Sequence[Tile], reason: str) -> list[tuple[Tile, str]]:
    """The samples that were drawn again for a reason, and what the measures and steps were."""
    torn = []
    for tile in shown:
        told = [one for one in tile.record["redrawn"] if one["reason"] == reason]
        if told:
            values = (" ".join(filter(None, [one["step"], _said(one["value"])])) for one in told)
            torn.append((tile, ", ".join(values)))
    return torn


def _said(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _thumbnail(image: Float) -> str:
    height, width = image.shape[:2]
    scale = _SIDE / max(height, width)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    values = np.rint(np.clip(small[..., ::-1], 0, 1) * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", values, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return base64.b64encode(data.tobytes()).decode()
