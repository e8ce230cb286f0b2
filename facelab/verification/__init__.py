"""Verification that outputs are what their records say: made again, and compared."""

from __future__ import annotations

from facelab.verification.compare import difference
from facelab.verification.content import content_difference
from facelab.verification.difference import Difference
from facelab.verification.finding import Finding, Verification
from facelab.verification.recorded import Recorded, RecordedInput, read_record
from facelab.verification.search import Search

__all__ = [
    "Difference",
    "Finding",
    "Recorded",
    "RecordedInput",
    "Search",
    "Verification",
    "content_difference",
    "difference",
    "read_record",
]
