"""What a data set holds: counted over all label records, measured on an even part of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean

from facelab.augment.labels import Record
from facelab.augment.plan import HEAD, SPLITS
from facelab.augment.report.yaw import RANGES, range_of

_MEASURED = 20_000  # samples at most, so that memory does not grow with the data set


@dataclass(slots=True)
class Share:
    """How much of samples has some class.

    Parameters
    ----------
    samples : int
        Those that have any of it.
    total : float
        The sum of its shares.
    """

    samples: int = 0
    total: float = 0.0


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
    origins : Counter
        Samples of ``photographs``, and of ``heads``, which nobody photographed.
    redrawn : Counter
        Why samples were drawn again: how often for each reason.
    torn : Counter
        How many samples came out torn so many times before they were whole.
    classes, covered_by : dict of str to Share
        What all samples show, and what hides their faces, by class.
    heads : set of str
        The sha256 of people who are drawn.
    steps : Counter
        Samples in which each step was done, once or several times.
    measured : list of dict
        Of an even part of the samples: `measures`.
    values : dict of str to dict of str to list
        Of the same samples: step to key to the values that were drawn.
    by_yaw : dict of str to list of int
        The indices of the same samples in each of `facelab.augment.report.yaw.RANGES`.
    """

    samples: Counter[str] = field(default_factory=Counter)
    identities: dict[str, set[str]] = field(default_factory=lambda: {s: set() for s in SPLITS})
    photographs: set[str] = field(default_factory=set)
    origins: Counter[str] = field(default_factory=Counter)
    redrawn: Counter[str] = field(default_factory=Counter)
    torn: Counter[int] = field(default_factory=Counter)
    classes: dict[str, Share] = field(default_factory=dict)
    covered_by: dict[str, Share] = field(default_factory=dict)
    heads: set[str] = field(default_factory=set)
    steps: Counter[str] = field(default_factory=Counter)
    measured: list[dict[str, float]] = field(default_factory=list)
    values: dict[str, dict[str, list[object]]] = field(default_factory=dict)
    by_yaw: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in RANGES})

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
        photographs = {one["sha256"] for one in record["sources"] if one["role"] == "face"}
        found.photographs.update(photographs)
        found.origins["photographs" if photographs else "heads"] += 1
        found.redrawn.update(redraw["reason"] for redraw in record["redrawn"])
        found.torn[len(record["redrawn"])] += 1
        _add(found.classes, record["classes"])
        _add(found.covered_by, record["covered_by"])
        first = record["sources"][0]
        if first["role"] == HEAD:
            found.heads.add(first["sha256"])
        found.steps.update({name for step in record["steps"] for name in step})
        if record["index"] % every == 0:
            found.measured.append(measures(record))
            found.by_yaw[range_of(record["pose"]["yaw"])].append(record["index"])
            _collect(found.values, record)
    return found


def measures(record: Record) -> dict[str, float]:
    """The numbers that are known of a sample.

    Returns
    -------
    dict
        Degrees of yaw, pitch and roll; ``size`` of the face, the mean side of its box in pixels;
        ``openness``, the mean of both eyes'; ``covered``, the share of the face that something
        hides; ``brightness`` in [0, 1] where any of the face is in sight; degrees of ``gaze_yaw``
        and ``gaze_pitch``, the mean of both eyes', where they are known.
    """
    x0, y0, x1, y1 = record["box"]
    out = {name: record["pose"][name] for name in ("yaw", "pitch", "roll")}
    out["size"] = (x1 - x0 + y1 - y0) / 2
    out["openness"] = fmean(record["eyelids"]["openness"])
    out["covered"] = sum(record["covered_by"].values())
    if record["gaze"] is not None:
        for name in ("yaw", "pitch"):
            out[f"gaze_{name}"] = fmean(record["gaze"][name])
    if record["brightness"] is not None:
        out["brightness"] = record["brightness"]
    return out


def _add(found: dict[str, Share], shares: Mapping[str, float]) -> None:
    for name, share in shares.items():
        known = found.setdefault(name, Share())
        known.samples += 1
        known.total += share


def _collect(values: dict[str, dict[str, list[object]]], record: Record) -> None:
    for step in record["steps"]:
        for name, given in step.items():
            keys = values.setdefault(name, {})
            for key, value in given.items():
                keys.setdefault(key, []).append(value)
