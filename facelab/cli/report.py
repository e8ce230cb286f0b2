"""What the command line says: results on stdout, everything for people on stderr."""

from __future__ import annotations

import os
import sys
import traceback

import click

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
