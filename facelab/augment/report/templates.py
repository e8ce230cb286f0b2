"""The HTML templates beside this file; what they show is escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment, Template


def template(name: str) -> Template:
    """One of them, by its file's name."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("facelab.augment.report", ".")
    return Environment(
        autoescape=True, loader=loader, undefined=StrictUndefined, keep_trailing_newline=True
    )
