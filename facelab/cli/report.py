"""Talking to the user: results on stdout, everything for people on stderr."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable

import click

from facelab.errors import FacelabError

TRACEBACK = "FACELAB_TRACEBACK"


def report_error(message: str) -> None:
    """Print the one line of a failure; with $FACELAB_TRACEBACK, where it happened before it."""
    if os.environ.get(TRACEBACK) and sys.exc_info()[0]:
        traceback.print_exc()
    say(f"facelab: {' '.join(message.splitlines())}")


def describe(error: Exception) -> str:
    """Put an exception that nobody foresaw into a sentence."""
    return (
        f"unexpected {type(error).__name__}: {error} "
        f"(set {TRACEBACK}=1 to see where, and please report it)"
    )


def say(message: str) -> None:
    """Print a line for people."""
    click.echo(message, err=True)


def say_notes(notes: Iterable[str]) -> None:
    """Say, once each, what could not be kept or must be known."""
    for note in dict.fromkeys(notes):
        say(f"note: {note}")


def conclude(errors: Iterable[FacelabError | None]) -> int:
    """Report the failures, once each, and return the exit code: theirs if they agree, else 1."""
    found = [error for error in errors if error]
    for message in dict.fromkeys(str(error) for error in found):
        report_error(message)
    codes = {error.exit_code for error in found}
    return 0 if not codes else codes.pop() if len(codes) == 1 else 1
