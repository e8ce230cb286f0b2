"""Labels of every pixel and of every texel, and the archive that holds those of a sample.

Convention
----------
Maps of pixels are of the sample's image; maps of texels of the 256 x 256 layout. Coordinates, depth
and normals are as `facelab.export` gives them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.atlas import canonical
from facelab.augment.classes import CLASSES, COVERED, NOT_KNOWN
from facelab.augment.sample import Sample
from facelab.export import depth, normals
from facelab.export.maps import uv
from facelab.export.subject import Subject
from facelab.files.npy import read_npz
from facelab.numerics.arrays import Float

Array = NDArray[Any]
Encoded = dict[str, Array]  # arrays of the archive by name

MAPS = {
    "depth": "(H, W) int16: depth in `step` pixels, the nearer the larger, of all of the head "
    "where it is known, else of the face; -32768: neither",
    "normals": "(H, W, 3) int16: unit vectors times 32767, x right, y up, z toward the viewer, of "
    "the same; 0: neither",
    "uv": "(H, W, 2) uint16: place in the canonical layout times 65535, u right and v down in "
    "[0, 1]; 0: not face",
    "positions": "(256, 256, 3) int16: x right, y down and depth of each texel in `step` pixels of "
    "the image; 0 beside the face and its margin",
    "visible": "(256, 256) uint8: 1 for the texels of the face that the face itself does not hide",
    "segmentation": "(H, W) uint8: the class of each pixel",
}
"""Every map with its encoding in the archive, where `step` is a number too, a power of two."""

_NONE, _LARGEST = -32768, 32767  # int16
_WHOLE = 65535  # uint16
_SIDE = 1024  # of the layout in which classes are drawn: quarters of a texel
_OPEN = (CLASSES["skin"], NOT_KNOWN)  # where the position map tells more than the truth
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP archive knows
_LEVEL = 1  # of zlib: higher ones save nothing here


def maps(sample: Sample, subject: Subject, names: Sequence[str]) -> Encoded:
    """The maps of a sample of these names, see `MAPS`, and ``step``.

    Positions and depths are off by at most half a step, and the step is 1/64 px for coordinates of
    256 to 512 px, twice that for twice those; normals are off by 2e-5, uv by 1/500 of a texel.
    """
    extent = float(np.abs(uv(subject)).max())
    if sample.truth.depth is not None:
        extent = max(extent, float(np.nanmax(np.abs(sample.truth.depth), initial=0)))
    step = 2.0 ** (np.floor(np.log2(max(extent, 1.0))) + 1 - 15)
    drawn: dict[str, Callable[[], Array]] = {
        "depth": lambda: _fixed(_depth(sample, subject), step),
        "normals": lambda: _fixed(_normals(sample, subject), 1 / _LARGEST),
        "uv": lambda: np.rint(places(subject) * _WHOLE).astype(np.uint16),
        "positions": lambda: _fixed(uv(subject), step),
        "visible": lambda: subject.visible.astype(np.uint8),
        "segmentation": lambda: segmentation(sample, subject),
    }
    return {"step": np.array(step, np.float32), **{name: drawn[name]() for name in names}}


def _depth(sample: Sample, subject: Subject) -> Float:
    known = sample.truth.depth
    return depth.depth(subject) if known is None else known


def _normals(sample: Sample, subject: Subject) -> Float:
    known = sample.truth.normals
    return normals.normals(subject) if known is None else known


def decoded(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The maps in their own units, float32: what `maps` encoded; classes and `visible` stay.

    Depth is NaN where nothing is known of it.
    """
    step = float(arrays["step"])
    units: dict[str, float] = {"positions": step, "normals": 1 / _LARGEST, "uv": 1 / _WHOLE}
    out = {name: values for name, values in arrays.items() if name != "step"}
    for name in units.keys() & out.keys():
        out[name] = out[name] * np.float32(units[name])
    if "depth" in out:
        known = out["depth"] != _NONE
        out["depth"] = np.where(known, out["depth"] * np.float32(step), np.float32(np.nan))
    return out


@lru_cache(maxsize=1)
def places(subject: Subject) -> Float:
    """Which place of the canonical layout each pixel shows; the last subject's are remembered.

    Returns
    -------
    (H, W, 2) float32
        u right and v down, [0, 1]; 0 where the face is not.
    """
    atlas, drawing = subject.positions.atlas, subject.drawing
    texels = atlas.mesh[0]
    if atlas.chart is not None:
        texels = atlas.read(atlas.chart, texels)
    side = np.float32(canonical().size)
    out: Float = drawing.placed(drawing.carry((texels + np.float32(0.5)) / side))
    out.flags.writeable = False  # all callers share it
    return out


@lru_cache(maxsize=1)
def segmentation(sample: Sample, subject: Subject) -> NDArray[np.uint8]:
    """The class of each pixel, see `CLASSES`, ``(H, W)``; edges are hard, at pixel centres.

    That of the truth; where it says skin or nothing, and the face is drawn and nothing hides it,
    the part of the face. The last sample's are remembered: its record and its maps want them.
    """
    drawing, window = subject.drawing, subject.drawing.window
    out: NDArray[np.uint8] = sample.truth.classes.copy()
    known = out[window]
    free = sample.occlusion[window] <= COVERED
    shown = drawing.fragments.covered & free & np.isin(known, _OPEN)
    out[window] = np.where(shown, _classes_at(places(subject)[window]), known)
    out.flags.writeable = False  # all callers share it
    return out


def _classes_at(places: Float) -> NDArray[np.uint8]:
    """The classes of places in the canonical layout ``(h, w, 2)``, as if all were of the face."""
    layout, slit = _layout(), canonical().slit
    assert slit is not None
    column, row = np.moveaxis((places * _SIDE).astype(int).clip(0, _SIDE - 1), -1, 0)
    out: NDArray[np.uint8] = layout[row, column]
    lips = out == CLASSES["upper lip"]  # the layout's lips are still one
    u, v = (places[lips] * canonical().size - np.float32(0.5)).T
    upper, lower = (np.interp(u, *edge.T) for edge in (slit.upper, slit.lower))
    kinds = np.where(v > (upper + lower) / 2, CLASSES["lower lip"], CLASSES["upper lip"])
    # Where it is thinner than a texel of any layout: told by the lips' own edges.
    kinds[(v > upper) & (v < lower)] = CLASSES["mouth interior"]
    out[lips] = kinds
    return out


@cache
def _layout() -> NDArray[np.uint8]:
    """The classes of the canonical layout; all of the lips and of the mouth is upper lip."""
    out = np.full((_SIDE, _SIDE), CLASSES["skin"], np.uint8)
    for name in ("nose", "right brow", "left brow", "right eye", "left eye"):
        out[canonical().region(name, _SIDE) >= 0.5] = CLASSES[name]
    out[canonical().region("lips", _SIDE) >= 0.5] = CLASSES["upper lip"]
    out.flags.writeable = False
    return out


def _fixed(values: Float, step: float) -> NDArray[np.int16]:
    """Fixed-point numbers; NaN becomes -32768."""
    scaled = np.rint(values * np.float32(1 / step)).clip(-_LARGEST, _LARGEST)
    out: NDArray[np.int16] = np.nan_to_num(scaled, nan=_NONE).astype(np.int16)
    return out


def encode(arrays: Mapping[str, Array]) -> bytes:
    """An NPZ archive, compressed; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, values in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            data = io.BytesIO()
            np.save(data, values, allow_pickle=False)
            archive.writestr(member, data.getvalue(), compresslevel=_LEVEL)
    return buffer.getvalue()


def decode(data: bytes) -> Encoded:
    """The arrays of `encode`."""
    return read_npz(data)
