"""By how much a file differs from the one that was made again.

`made` was made here; `kept` is a file from outside, which is only read as far as `made` says it
should reach, so that a damaged or a hostile one costs no more than the other.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.errors import ImageError
from facelab.images import Image, decoded
from facelab.types import Float

_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Difference:
    """How two files differ.

    Parameters
    ----------
    said : str
        In words.
    figures : mapping of str to float
        ``differing`` pixels, numbers or bytes ``of`` how many, and by how much at most:
        ``largest``, of pictures in levels of 255, with the ``mean`` of the pixels that differ.
    """

    said: str
    figures: Mapping[str, float] = field(default_factory=dict)


class _AnotherLayoutError(ValueError):
    """The kept file is not laid out as the one that was made."""


def difference(name: str, kept: bytes, made: bytes) -> Difference | None:
    """By how much a file differs from the one made again; None if no byte does.

    Parameters
    ----------
    name : str
        Its suffix tells how the two are compared: pictures by pixels, arrays, text and JSON by
        numbers, whatever else by bytes.
    kept : bytes
        The file.
    made : bytes
        What it should hold.
    """
    if kept == made:
        return None
    suffix = PurePath(name).suffix.lower()
    compare = _pictures if suffix in _PICTURES else _KINDS.get(suffix, _bytes)
    try:
        return compare(kept, made)
    except _AnotherLayoutError as error:
        return Difference(str(error))
    except (ImageError, ValueError, KeyError, RecursionError, zipfile.BadZipFile, zlib.error):
        return Difference(f"is damaged: {_bytes(kept, made).said}")


def content_difference(kept: object, made: object) -> Difference | None:
    """By how much what JSON holds differs, key by key; None if it is the same."""
    found: dict[str, float] = {}
    _compare_content(kept, made, "it", found)
    if not found:
        return None
    said = (
        f"{key} is another" if gap == inf else f"{key} differs by at most {gap:.3g}"
        for key, gap in found.items()
    )
    gaps = [gap for gap in found.values() if gap < inf]
    return Difference("; ".join(said), {"largest": max(gaps)} if gaps else {})


def _compare_content(kept: object, made: object, key: str, found: dict[str, float]) -> None:
    """Note by how much numbers of a key differ at most; infinitely what is no number."""
    if isinstance(kept, dict) and isinstance(made, dict) and kept.keys() == made.keys():
        for name in made:
            _compare_content(kept[name], made[name], name, found)
    elif isinstance(kept, list) and isinstance(made, list) and len(kept) == len(made):
        for one, other in zip(kept, made, strict=True):
            _compare_content(one, other, key, found)
    elif kept != made or type(kept) is not type(made):
        numbers = {type(kept), type(made)} <= {int, float}
        gap = abs(kept - made) if numbers else inf  # type: ignore[operator]
        found[key] = max(found.get(key, 0), gap if gap == gap else inf)


def _pictures(kept: bytes, made: bytes) -> Difference:
    theirs, ours = (_levels(decoded("it", data)) for data in (kept, made))
    if theirs.shape != ours.shape:
        raise _AnotherLayoutError(f"{_size(theirs)}; made again {_size(ours)}")
    apart = np.abs(theirs - ours).max(axis=2)
    differing, of = int(np.count_nonzero(apart)), apart.size
    if not differing:
        return Difference("pixels identical, metadata differs", {"differing": 0, "of": of})
    largest, mean = float(apart.max()), float(apart[apart > 0].mean(dtype=np.float64))
    return Difference(
        f"{differing:,} of {of:,} pixels differ, by at most {largest:.3g} of 255 levels "
        f"(mean {mean:.3g} where they differ)",
        {"differing": differing, "of": of, "largest": round(largest, 3), "mean": round(mean, 3)},
    )


def _levels(image: Image) -> Float:
    """Pixels ``(H, W, 3 or 4)`` from 0 to 255."""
    channels = [image.pixels] if image.alpha is None else [image.pixels, image.alpha]
    levels: Float = np.dstack(channels) * np.float32(255)
    return levels


def _size(levels: Float) -> str:
    height, width, channels = levels.shape
    return f"{width} x {height} pixels in {channels} channels"


def _array(kept: bytes, made: bytes) -> Difference:
    return _said_of({"": _apart(kept, made)})


def _archive(kept: bytes, made: bytes) -> Difference:
    with zipfile.ZipFile(io.BytesIO(made)) as ours, zipfile.ZipFile(io.BytesIO(kept)) as theirs:
        if ours.namelist() != theirs.namelist():
            raise _AnotherLayoutError("holds other arrays")
        return _said_of(
            {
                name.removesuffix(".npy"): _apart(_beginning(theirs, name, len(data)), data)
                for name in ours.namelist()
                if (data := ours.read(name))
            }
        )


def _beginning(archive: zipfile.ZipFile, name: str, size: int) -> bytes:
    """A member of `size` bytes; of a larger one the beginning and a byte more."""
    with archive.open(name) as member:
        return member.read(size + 1)


def _apart(kept: bytes, made: bytes) -> NDArray[np.float64]:
    """By how much the numbers of two arrays in NumPy's format differ, flat."""
    ours = np.load(io.BytesIO(made), allow_pickle=False)
    start = len(made) - ours.nbytes
    if len(kept) != len(made) or kept[:start] != made[:start]:
        raise _AnotherLayoutError("holds an array of another shape or type")
    theirs, ours = (np.frombuffer(data, ours.dtype, offset=start) for data in (kept, made))
    return _gaps(theirs, ours)


def _gaps(theirs: NDArray[Any], ours: NDArray[Any]) -> NDArray[np.float64]:
    """Distances; infinite where one of the two is no number."""
    theirs, ours = theirs.astype(np.float64), ours.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gaps: NDArray[np.float64] = np.abs(theirs - ours)
    gaps[(theirs == ours) | (np.isnan(theirs) & np.isnan(ours))] = 0
    gaps[np.isnan(gaps)] = inf
    return gaps


def _said_of(arrays: Mapping[str, NDArray[np.float64]]) -> Difference:
    """What is said of arrays by name, of which only those that differ are named."""
    apart = {name: gaps for name, gaps in arrays.items() if gaps.any()}
    if not apart:
        return Difference("numbers identical, the rest of the file differs")
    said = (f"{name} by at most {gaps.max():.3g}".strip() for name, gaps in apart.items())
    differing = sum(int(np.count_nonzero(gaps)) for gaps in apart.values())
    of = sum(gaps.size for gaps in arrays.values())
    largest = max(float(gaps.max()) for gaps in apart.values())
    figures = {"differing": differing, "of": of}
    return Difference(
        f"{differing:,} of {of:,} numbers differ, {', '.join(said)}",
        {**figures, "largest": largest} if largest < inf else figures,
    )


def _text(kept: bytes, made: bytes) -> Difference:
    theirs, ours = kept.split(), made.split()
    if len(theirs) != len(ours):
        raise _AnotherLayoutError(f"{len(theirs):,} words; made again {len(ours):,}")
    pairs = [pair for pair in zip(theirs, ours, strict=True) if pair[0] != pair[1]]
    try:
        numbers = np.array([[float(word) for word in pair] for pair in pairs]).reshape(-1, 2)
    except ValueError:
        raise _AnotherLayoutError(f"{len(pairs):,} of {len(ours):,} words differ") from None
    gaps = np.zeros(len(ours))
    gaps[: len(pairs)] = _gaps(*numbers.T)
    return _said_of({"": gaps})


def _json(kept: bytes, made: bytes) -> Difference:
    found = content_difference(json.loads(kept), json.loads(made))
    return found or Difference("content identical, spelled otherwise")


def _bytes(kept: bytes, made: bytes) -> Difference:
    if len(kept) != len(made):
        return Difference(f"{len(kept):,} bytes; made again {len(made):,}")
    apart = np.frombuffer(kept, np.uint8) != np.frombuffer(made, np.uint8)
    differing = int(np.count_nonzero(apart))
    figures = {"differing": differing, "of": len(made)}
    return Difference(f"{differing:,} of {len(made):,} bytes differ", figures)


_KINDS: dict[str, Callable[[bytes, bytes], Difference]] = {
    ".npy": _array,
    ".npz": _archive,
    ".txt": _text,
    ".obj": _text,
    ".mtl": _text,
    ".json": _json,
}
