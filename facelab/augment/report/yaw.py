"""The ranges of |yaw| that samples are looked at by."""

from __future__ import annotations

from bisect import bisect_right

_EDGES = (20, 40, 60, 90)  # degrees

RANGES = ("0-20", "20-40", "40-60", "60-90", "beyond-90")
"""Their names, in degrees, as files and tables have them."""


def range_of(yaw: float) -> str:
    """The range that a yaw in degrees lies in, to either side."""
    return RANGES[bisect_right(_EDGES, abs(yaw))]
