"""Provenance of outputs: a mark inside each, a record beside it.

mark: XMP in the picture - record: JSON beside it - save: both written, or neither.
"""

from __future__ import annotations

from facelab.constants import CONSENT
from facelab.provenance.mark import (
    COMPOSITE_CAPTURE,
    DATA_DRIVEN,
    ENHANCED,
    composite,
    mark,
)
from facelab.provenance.record import (
    Input,
    Record,
    describe_input,
    edit_versions,
    file_sha256,
    record_path,
    software_versions,
    write_record,
)

__all__ = [
    "COMPOSITE_CAPTURE",
    "CONSENT",
    "DATA_DRIVEN",
    "ENHANCED",
    "Input",
    "Record",
    "composite",
    "describe_input",
    "edit_versions",
    "file_sha256",
    "mark",
    "record_path",
    "software_versions",
    "write_record",
]
