"""``review.json``: the samples that a person looked at, and why some were thrown away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from facelab.augment.report.yaw import RANGES, range_of
from facelab.augment.store import Store
from facelab.errors import UsageError
from facelab.files import Shape, parse_json, why

NAME = "review.json"

REASONS = (
    "broken head",
    "hair",
    "seam or smear",
    "skin",
    "eyes or mouth",
    "light",
    "labels",
    "other",
)
"""Why samples are thrown away, as the page of `facelab.augment.report.review` has it."""

_SHAPE: Shape = [{"index": int, "yaw": (int, float), "reason": (str, type(None))}]


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person said of a sample.

    Parameters
    ----------
    index : int
    yaw : float
        Degrees.
    reason : str or None
        Why it is thrown away; None for one that is good.
    """

    index: int
    yaw: float
    reason: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What a person said of the samples in a range of |yaw|.

    Parameters
    ----------
    yaw : str
        One of `facelab.augment.report.yaw.RANGES`, or ``all``.
    looked_at : int
    reasons : Counter
        How many were thrown away, by reason.
    """

    yaw: str
    looked_at: int
    reasons: Counter[str]


def read(store: Store) -> list[Mark]:
    """The marks that were saved into a data set's folder; none, if nobody has looked.

    Raises
    ------
    UsageError
        If the file is damaged.
    """
    try:
        entries = parse_json(store.read(NAME), _SHAPE)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{store.url}: {NAME} is no review ({why(error)}); save it anew, or remove it"
        ) from None
    return [Mark(one["index"], one["yaw"], one["reason"]) for one in entries]


def judged(marks: Sequence[Mark]) -> list[Judged]:
    """The marks counted in each range of |yaw| that was looked at, and in all."""
    ranges = [(name, [mark for mark in marks if range_of(mark.yaw) == name]) for name in RANGES]
    return [
        Judged(name, len(some), Counter(one.reason for one in some if one.reason is not None))
        for name, some in (*ranges, ("all", marks))
        if some
    ]
