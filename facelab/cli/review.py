"""``facelab augment --review``: a data set's samples in the browser, to be thrown away or kept."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path

import click
from fsspec.implementations.local import LocalFileSystem

from facelab.augment.report.review import NAME, review
from facelab.augment.store import Store
from facelab.cli.report import say


def look_through(output: str) -> None:
    """Write the page of a data set, say what is known so far, and open it where that can be.

    Raises
    ------
    FacelabError
        As of `facelab.augment.report.review.review`.
    """
    store = Store(output)
    done = review(store)
    redrawn, found = done.found.redrawn, done.found
    if redrawn:
        say(f"{found.count - found.torn[0]} of {found.count} drawn again: {_counts(redrawn)}")
    if not done.judged:
        say("nobody has looked at it yet")
    for row in done.judged:
        reasons = f": {_counts(row.reasons)}" if row.reasons else ""
        say(f"|yaw| {row.yaw}: {row.reasons.total()} of {row.looked_at} thrown away{reasons}")
    if not isinstance(store.files, LocalFileSystem):
        click.echo(f"{output.rstrip('/')}/{NAME}")
        return
    page = Path(store.root, NAME).resolve()
    click.echo(page)
    if _has_browser():
        webbrowser.open(page.as_uri())


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{name} ({count})" for name, count in sorted(counts.items(), key=lambda one: -one[1])
    )


def _has_browser() -> bool:
    """Whether a browser would get a window of its own: one in the terminal would take it over."""
    own = sys.platform in ("darwin", "win32")
    return own or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
