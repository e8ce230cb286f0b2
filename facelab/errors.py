"""The exceptions facelab raises.

    FacelabError                 exit code 1
    ├── UsageError               2   a wrong option, key or value
    ├── ImageError               1   a file that is not a readable photograph
    ├── OutputError              1   a file that cannot be written
    ├── NoFaceError              3   no face, or not the one asked for
    └── WeightsError             4   weights missing or damaged

Every message is one line that names the file or key, the reason and the remedy.
"""

from __future__ import annotations


class FacelabError(Exception):
    """Anything that facelab refuses or fails to do."""

    exit_code = 1


class UsageError(FacelabError):
    """The caller asked for something that does not exist or does not fit."""

    exit_code = 2


class ImageError(FacelabError):
    """An input file cannot be read as a photograph."""


class OutputError(FacelabError):
    """An output file cannot be written; nothing was left half-written."""


class NoFaceError(FacelabError):
    """The image has no face, or not the face that was asked for."""

    exit_code = 3


class WeightsError(FacelabError):
    """A weights file is missing or does not have the recorded sha256."""

    exit_code = 4
