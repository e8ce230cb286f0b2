"""Comparison of a file with the one that was made again.

`made` was made here; `kept` is a file from outside, which is only read as far as `made` says it
should reach, so that a damaged or a hostile one costs no more than the other.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePath

import numpy as np

from facelab.errors import ImageError
from facelab.images.formats import WRITTEN
from facelab.verification import numbers
from facelab.verification.content import documents
from facelab.verification.difference import AnotherLayoutError, Difference
from facelab.verification.pictures import pictures

# What readers say of files that are not what they seem, ZIP archives' in particular.
_DAMAGED = (
    *(ImageError, ValueError, KeyError, OSError, EOFError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
_MOST = 16  # times as large as what was made a file may be to be looked into


def difference(name: str, kept: bytes, made: bytes) -> Difference | None:
    """Compare a file with the one made again; None if they are the same to the byte.

    Parameters
    ----------
    name : str
        Its suffix tells how the two are compared: pictures by pixels; arrays, meshes, text and
        JSON by numbers; whatever else by bytes.
    kept : bytes
        The file.
    made : bytes
        What it should hold.
    """
    if kept == made:
        return None
    suffix = PurePath(name).suffix.lower()
    larger = len(kept) > _MOST * (len(made) + 4096)
    compare = _bytes if larger else _KINDS.get(suffix, _bytes)
    try:
        return compare(kept, made)
    except AnotherLayoutError as error:
        return Difference(str(error))
    except _DAMAGED:
        return Difference(f"is damaged: {_bytes(kept, made).said}")


def _bytes(kept: bytes, made: bytes) -> Difference:
    if len(kept) != len(made):
        return Difference(f"{len(kept):,} bytes; made again {len(made):,}")
    apart = np.frombuffer(kept, np.uint8) != np.frombuffer(made, np.uint8)
    differing = int(np.count_nonzero(apart))
    figures = {"differing": differing, "of": len(made)}
    return Difference(f"{differing:,} of {len(made):,} bytes differ", figures)


_KINDS: dict[str, Callable[[bytes, bytes], Difference]] = {
    **dict.fromkeys(WRITTEN, pictures),
    ".npy": numbers.array,
    ".npz": numbers.archive,
    ".mat": numbers.matlab,
    ".txt": numbers.words,
    ".obj": numbers.words,
    ".mtl": numbers.words,
    ".ply": numbers.ply,
    ".glb": numbers.glb,
    ".json": documents,
}
