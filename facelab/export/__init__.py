"""The kinds of files of a reconstructed face, and the writer of each by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facelab.export.subject import Subject

__all__ = ["NAMES", "Entry", "Writer", "writer"]

_WRITERS = {
    "landmarks": "landmarks.write",
    "overlay": "overlay.write",
    "surface": "surface.write",
    "depth": "depth.write",
    "normals": "normals.write",
    "pncc": "pncc.write",
    "parse": "parse.write",
    "uv": "maps.write_uv",
    "texture": "maps.write_texture",
    "visibility": "maps.write_visibility",
    "mat": "mat.write",
    "obj-colour": "obj_colour.write",
    "obj-texture": "obj_texture.write",
    "ply": "ply.write",
    "glb": "glb.write",
    "npz": "npz.write",
}
NAMES = tuple(_WRITERS)

# What a writer wrote: kind to file name, and numbers needed to read it.
Entry = Mapping[str, str | float | Mapping[str, int]]
# Writes the files of a face whose names begin with the path given.
Writer = Callable[["Subject", Path], Entry]


def writer(name: str) -> Writer:
    """The writer of one of `NAMES`; loaded when it is first asked for."""
    module, _, function = _WRITERS[name].partition(".")
    write: Writer = getattr(import_module(f"{__name__}.{module}"), function)
    return write
