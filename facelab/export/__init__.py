"""What can be written of a reconstructed face, one module for each kind of file."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facelab.export.subject import Subject

__all__ = ["NAMES", "Entry", "Writer", "writer"]

NAMES = (
    "landmarks",
    "overlay",
    "surface",
    "depth",
    "normals",
    "pncc",
    "uv",
    "texture",
    "visibility",
    "mat",
    "obj-colour",
    "obj-texture",
    "ply",
    "glb",
    "npz",
)

# What a writer wrote: kind to file name, and numbers needed to read it.
Entry = dict[str, str | float]
# Writes the files of a face whose names begin with the path given.
Writer = Callable[["Subject", Path], Entry]


def writer(name: str) -> Writer:
    """The writer of one of `NAMES`; loaded when it is first asked for."""
    write: Writer = import_module(f"{__name__}.{name.replace('-', '_')}").write
    return write
