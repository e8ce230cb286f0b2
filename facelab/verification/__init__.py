"""Whether an output is what its record says: reading records, finding inputs, comparing files."""

from __future__ import annotations

from facelab.verification.compare import difference
from facelab.verification.content import content_difference
from facelab.verification.difference import Difference
from facelab.verification.finding import Finding, Verification
from facelab.verification.recorded import Given, Recorded, read_record
from facelab.verification.search import Search

__all__ = [
    "Difference",
    "Finding",
    "Given",
    "Recorded",
    "Search",
    "Verification",
    "content_difference",
    "difference",
    "read_record",
]
