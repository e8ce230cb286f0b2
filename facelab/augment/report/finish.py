"""What is written when all samples are: annotations, contact sheet, report and card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from facelab.augment.formats import Format
from facelab.augment.labels import Record
from facelab.augment.report import contact_sheet, dataset_card, marks, page
from facelab.augment.report.dataset_card import Facts
from facelab.augment.report.statistics import Statistics, gathered
from facelab.augment.store import Store
from facelab.errors import OutputError
from facelab.files import why
from facelab.images import decoded
from facelab.numerics.arrays import Float
from facelab.provenance import composite


def finish(store: Store, form: Format, facts: Facts) -> Statistics:
    """Write what needs all samples, reading their records back one by one.

    The card is written last: where it is, the data set is complete.

    Parameters
    ----------
    store : Store
        With the samples.
    form : Format
        What wrote them.
    facts : Facts

    Returns
    -------
    Statistics
        Of the samples.

    Raises
    ------
    OutputError
        If samples are not there, or a file cannot be written.
    """
    records = Records(store, form, facts.requested)
    found = gathered(records, facts.requested)
    if found.count < facts.requested:
        raise OutputError(
            f"{store.url}: {facts.requested - found.count} of {facts.requested} samples are not "
            "there; choose a place that all workers see"
        )
    form.finish(store, records)
    picture = _write_sheet(store, form, contact_sheet.NAME, range(facts.requested))
    for yaw, indices in found.by_yaw.items():
        _write_sheet(store, form, contact_sheet.name_of(yaw), indices)
    store.write(page.NAME, page.report(facts, found, picture, marks.read(store)))
    store.write(dataset_card.NAME, dataset_card.card(facts, found))
    return found


@dataclass(frozen=True, slots=True)
class Records:
    """The label records of a store, read anew each time they are gone through."""

    store: Store
    form: Format
    count: int

    def __iter__(self) -> Iterator[Record]:
        return self.form.records(self.store, range(self.count))


def _write_sheet(store: Store, form: Format, name: str, indices: Sequence[int]) -> bytes:
    """Write the sheet of some of the samples, unless there are none, and return the file."""
    examples = pictures(store, form, contact_sheet.evenly(indices))
    tiles = [contact_sheet.tile(*example) for example in examples]
    if not tiles:
        return b""
    sheet = form.style.marked(name, contact_sheet.sheet(tiles), composite(form.style.consent))
    store.write(name, sheet)
    return sheet


def pictures(store: Store, form: Format, indices: Sequence[int]) -> Iterator[tuple[Record, Float]]:
    """The label records of some samples with their images, RGB in [0, 1].

    Raises
    ------
    OutputError
        If an image is not there.
    """
    for record in form.records(store, indices):
        try:
            data = form.image(store, record)
        except OSError as error:
            raise OutputError(
                f"{store.url}: {record['image']} cannot be read ({why(error)}); make the data set "
                "anew in another folder"
            ) from error
        yield record, decoded(record["image"], data).pixels
