"""What a data set holds: counted over all label records, measured on an even part of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from facelab.augment.labels import Record
from facelab.augment.plan import HEAD, SPLITS

_MEASURED = 20_000  # samples at most, so that memory does not grow with the data set


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts and measures of a data set.

    Parameters
    ----------
    samples : Counter
        Samples by split.
    identities : dict of str to set of str
        Who is in each split, as the person of the photograph or as another.
    photographs : set of str
        The sha256 of all that have a sample.
    heads : set of str
        Those of people who are drawn.
    steps : Counter
        Samples in which each step was done, once or several times.
    measured : list of dict
        Of an even part of the samples: `measures`.
    values : dict of str to dict of str to list
        Of the same samples: step to key to the values that were drawn.
    """

    samples: Counter[str] = field(default_factory=Counter)
    identities: dict[str, set[str]] = field(default_factory=lambda: {s: set() for s in SPLITS})
    photographs: set[str] = field(default_factory=set)
    heads: set[str] = field(default_factory=set)
    steps: Counter[str] = field(default_factory=Counter)
    measured: list[dict[str, float]] = field(default_factory=list)
    values: dict[str, dict[str, list[object]]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many samples there are."""
        return self.samples.total()


def gathered(records: Iterable[Record], count: int) -> Statistics:
    """The statistics of a data set of about `count` samples."""
    found = Statistics()
    every = -(-count // _MEASURED) or 1
    for record in records:
        found.samples[record["split"]] += 1
        found.identities[record["split"]].update(record["identities"])
        first = record["sources"][0]
        (found.heads if first.get("role") == HEAD else found.photographs).add(first["sha256"])
        found.steps.update({name for step in record["steps"] for name in step})
        if record["index"] % every == 0:
            found.measured.append(measures(record))
            _collect(found.values, record)
    return found


def measures(record: Record) -> dict[str, float]:
    """The numbers that are known of a sample.

    Returns
    -------
    dict
        Degrees of yaw, pitch and roll; ``size`` of the face, the mean side of its box in pixels;
        ``brightness`` in [0, 1] where any of the face is in sight.
    """
    x0, y0, x1, y1 = record["box"]
    out = {name: record["pose"][name] for name in ("yaw", "pitch", "roll")}
    out["size"] = (x1 - x0 + y1 - y0) / 2
    if record["brightness"] is not None:
        out["brightness"] = record["brightness"]
    return out


def _collect(values: dict[str, dict[str, list[object]]], record: Record) -> None:
    for step in record["steps"]:
        for name, given in step.items():
            keys = values.setdefault(name, {})
            for key, value in given.items():
                keys.setdefault(key, []).append(value)
