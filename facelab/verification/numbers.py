"""Comparison of the numbers in files: arrays, text and meshes.

Where they lie is told by the file that was made here: of the other no length or shape is believed.
"""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.files.matlab import read_mat
from facelab.verification.content import measured
from facelab.verification.difference import AnotherLayoutError, Difference

Gaps = NDArray[np.float64]  # by how much numbers differ, flat
_MAT_NAMES = (
    *("vertices", "colours", "triangles", "uv", "texture", "landmarks68", "image_size"),
    *("irises", "visible_irises", "gaze", "openness", "blendshapes", "identity", "expression"),
    *("rotation", "scale", "translation", "angles", "pt2d", "pt3d_68", "Pose_Para", "roi"),
)
_PLY_VERTEX = np.dtype([("vertices", "<f4", 3), ("colours", "u1", 3)])
_PLY_FACE = np.dtype([("count", "u1"), ("triangles", "<i4", 3)])
_GLB_TYPES = {5126: "<f4", 5125: "<u4"}


def array(kept: bytes, made: bytes) -> Difference:
    """Compare two arrays in NumPy's format."""
    return _said_of({"": _apart(kept, made)})


def archive(kept: bytes, made: bytes) -> Difference:
    """Compare the arrays of two archives, by name."""
    with zipfile.ZipFile(io.BytesIO(made)) as ours, zipfile.ZipFile(io.BytesIO(kept)) as theirs:
        if ours.namelist() != theirs.namelist():
            raise AnotherLayoutError("holds other arrays")
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


def _apart(kept: bytes, made: bytes) -> Gaps:
    """The distances of the numbers of two arrays in NumPy's format, flat."""
    ours = np.load(io.BytesIO(made), allow_pickle=False)
    start = len(made) - ours.nbytes
    if len(kept) != len(made) or kept[:start] != made[:start]:
        raise AnotherLayoutError("holds an array of another shape or type")
    theirs, ours = (np.frombuffer(data, ours.dtype, offset=start) for data in (kept, made))
    return _gaps(theirs, ours)


def _gaps(theirs: NDArray[Any], ours: NDArray[Any]) -> Gaps:
    """Distances; infinite where one of the two is no number, or another text."""
    if ours.dtype.kind == "U":
        return np.where(theirs == ours, 0, inf)
    with np.errstate(invalid="ignore", over="ignore"):
        theirs, ours = theirs.astype(np.float64), ours.astype(np.float64)
        gaps: Gaps = np.abs(theirs - ours)
    gaps[(theirs == ours) | (np.isnan(theirs) & np.isnan(ours))] = 0
    gaps[np.isnan(gaps)] = inf
    return gaps


def _said_of(arrays: Mapping[str, Gaps]) -> Difference:
    """The difference of arrays by name, of which only those that differ are named."""
    apart = {name: gaps for name, gaps in arrays.items() if gaps.any()}
    if not apart:
        return Difference("numbers identical, the rest of the file differs")
    said = (
        f"{name} by at most {measured(name, gaps.max())}".strip() for name, gaps in apart.items()
    )
    differing = sum(int(np.count_nonzero(gaps)) for gaps in apart.values())
    of = sum(gaps.size for gaps in arrays.values())
    largest = max(float(gaps.max()) for gaps in apart.values())
    figures = {"differing": differing, "of": of}
    return Difference(
        f"{differing:,} of {of:,} numbers differ, {', '.join(said)}",
        {**figures, "largest": largest} if largest < inf else figures,
    )


def words(kept: bytes, made: bytes) -> Difference:
    """Compare the numbers among the words of texts, comments left out."""
    theirs, ours = _words(kept), _words(made)
    if len(theirs) != len(ours):
        raise AnotherLayoutError(f"{len(theirs):,} words; made again {len(ours):,}")
    pairs = [pair for pair in zip(theirs, ours, strict=True) if pair[0] != pair[1]]
    try:
        numbers = np.array([[float(word) for word in pair] for pair in pairs]).reshape(-1, 2)
    except ValueError:
        raise AnotherLayoutError(f"{len(pairs):,} of {len(ours):,} words differ") from None
    gaps = np.zeros(len(ours))
    gaps[: len(pairs)] = _gaps(*numbers.T)
    return _said_of({"": gaps})


def matlab(kept: bytes, made: bytes) -> Difference:
    """Compare the arrays of two MAT-files, by the names of those that facelab writes."""
    theirs, ours = (read_mat(data, _MAT_NAMES) for data in (kept, made))
    if [(name, one.shape) for name, one in theirs.items()] != [
        (name, one.shape) for name, one in ours.items()
    ]:
        raise AnotherLayoutError("holds other arrays")
    return _said_of({name: _gaps(theirs[name], one).ravel() for name, one in ours.items()})


def _words(data: bytes) -> list[bytes]:
    lines = (line for line in data.splitlines() if not line.startswith(b"#"))
    return [word for line in lines for word in line.split()]


def ply(kept: bytes, made: bytes) -> Difference:
    """Compare vertices, colours and triangles of two binary PLY files."""
    header = made[: made.index(b"end_header\n") + len(b"end_header\n")]
    if len(kept) != len(made) or not kept.startswith(header):
        raise AnotherLayoutError("holds a mesh of another size")
    vertices, faces = (int(count) for count in re.findall(rb"element \w+ (\d+)", header))
    gaps: dict[str, Gaps] = {}
    for dtype, count, start in (
        (_PLY_VERTEX, vertices, 0),
        (_PLY_FACE, faces, vertices * _PLY_VERTEX.itemsize),
    ):
        theirs, ours = (
            np.frombuffer(data, dtype, count, len(header) + start) for data in (kept, made)
        )
        gaps |= {name: _gaps(theirs[name], ours[name]).ravel() for name in dtype.names or ()}
    return _said_of(gaps)


def glb(kept: bytes, made: bytes) -> Difference:
    """Compare positions, normals, coordinates and triangles of two GLB files."""
    document, ours = _chunks(made)
    _, theirs = _chunks(kept)
    said = json.loads(document)
    names = [*said["meshes"][0]["primitives"][0]["attributes"], "triangles"]
    gaps = {}
    for name, accessor in zip(names, said["accessors"], strict=True):
        view = said["bufferViews"][accessor["bufferView"]]
        where = slice(view["byteOffset"], view["byteOffset"] + view["byteLength"])
        if len(theirs[where]) != view["byteLength"]:
            raise AnotherLayoutError("holds a mesh of another size")
        kind = _GLB_TYPES[accessor["componentType"]]
        gaps[name] = _gaps(*(np.frombuffer(data[where], kind) for data in (theirs, ours)))
    return _said_of(gaps)


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    """The JSON and the binary chunk of a GLB file (glTF 2.0, section 4.4)."""
    if len(data) < 20 or data[:4] != b"glTF":
        raise ValueError("no GLB")
    (size,) = struct.unpack_from("<I", data, 12)
    return data[20 : 20 + size], data[28 + size :]
