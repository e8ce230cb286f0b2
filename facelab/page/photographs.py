"""Photographs that were given to the page: their files, what is in them, and reduced ones."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facelab.errors import UsageError
from facelab.export.subject import Subject
from facelab.files import MEGABYTE
from facelab.files.writing import write_bytes_atomically
from facelab.images import Image, read
from facelab.images.decode import MAX_BYTES
from facelab.model import FaceModel, FaceObservation
from facelab.numerics.integers import rescaled
from facelab.recent import Recent
from facelab.recipe.inputs import Person
from facelab.types import PositionMap, Reconstruction

if TYPE_CHECKING:
    from facelab.geometry.parsing import Parsing
    from facelab.numerics.arrays import Float
    from facelab.types import Face

SIDE = 800
"""Longer side of what is shown of a photograph while sliders move, pixels."""

MOST_BYTES = 4 * MAX_BYTES
"""Of all files that are held at a time."""

_OPENED, _WHOLE, _NAME = 8, 2, 100
_NEAR, _FAR = (
    0.004,
    0.03,
)  # of a face's size: among which texels the foremost is meant; off the face


@dataclass(frozen=True, eq=False)
class Opened:
    """A photograph that was read, with its faces.

    Parameters
    ----------
    id : str
    file : Path
        Its copy, under its own name.
    shape : (H, W)
    found : tuple of Reconstruction
        Its faces, the largest first.
    reduced : Image
        The photograph with at most `SIDE` pixels on its longer side, sRGB, 8 bits.
    reduced_found : tuple of Reconstruction
        The same faces in it.
    notes : tuple of str
        What could not be kept on reading.
    """

    id: str
    file: Path
    shape: tuple[int, int]
    found: tuple[Reconstruction, ...]
    reduced: Image
    reduced_found: tuple[Reconstruction, ...]
    notes: tuple[str, ...]
    faces_read: Recent[Hashable, tuple[Float, Face, Parsing | None]] = field(
        default_factory=lambda: Recent(_OPENED), repr=False
    )
    subjects: Recent[int, Subject] = field(default_factory=lambda: Recent(_OPENED), repr=False)
    people: Recent[int, FaceObservation] = field(
        default_factory=lambda: Recent(_OPENED), repr=False
    )

    @cached_property
    def scale(self) -> float:
        """Reduced pixels to a pixel of the photograph."""
        return self.reduced.shape[1] / self.shape[1]

    @property
    def described(self) -> dict[str, object]:
        """What the page is told; boxes in parts of width and height, 0 to 1."""
        height, width = self.shape
        return {
            "id": self.id,
            "name": self.file.name,
            "width": width,
            "height": height,
            "faces": [_box(found, width, height) for found in self.found],
            "notes": list(self.notes),
        }


def _box(found: Reconstruction, width: int, height: int) -> dict[str, float]:
    box = found.box
    return {
        "left": box.x0 / width,
        "top": box.y0 / height,
        "right": box.x1 / width,
        "bottom": box.y1 / height,
        "score": round(float(found.score), 3),
    }


class Photographs:
    """The photographs of a run of the page, in a folder that goes with it.

    Parameters
    ----------
    folder : Path
        Each photograph has a folder of its own in it.
    model : FaceModel
    """

    def __init__(self, folder: Path, model: FaceModel) -> None:
        self.folder, self.model = folder, model
        self._opened: dict[str, Opened] = {}
        self.people: Recent[Hashable, Person] = Recent(_OPENED)
        self._whole: Recent[str, Image] = Recent(_WHOLE)
        self._lock = Lock()

    def add(self, name: str, data: bytes) -> Opened:
        """Take in a file; the same file of the same name is taken in once.

        Raises
        ------
        ImageError
            If it is no photograph that can be read.
        UsageError
            If there is too much already.
        OutputError
            If it cannot be kept.
        """
        name = plain_name(name)
        key = hashlib.sha256(name.encode() + b"\0" + data).hexdigest()[:16]
        with self._lock:
            if key in self._opened:
                return self._opened[key]
            self._check_room(len(data))
            place = self.folder / key
            place.mkdir(exist_ok=True)
            try:
                write_bytes_atomically(place / name, data)
                opened = self._open(key, place / name)
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                raise
            self._opened[key] = opened
            return opened

    def __getitem__(self, key: str) -> Opened:
        """A photograph by its id.

        Raises
        ------
        UsageError
            If it is not there.
        """
        if key not in self._opened:
            raise UsageError("this photograph is no longer here; open it again")
        return self._opened[key]

    @property
    def opened(self) -> list[Opened]:
        """All of them, in the order in which they came."""
        return list(self._opened.values())

    def remove(self, key: str) -> None:
        """Forget a photograph, and delete its copy."""
        with self._lock:
            if self._opened.pop(key, None):
                shutil.rmtree(self.folder / key, ignore_errors=True)

    def whole(self, key: str) -> Image:
        """A photograph in its full size; the last few are kept."""
        return self._whole.of(key, lambda: read(self[key].file))

    def person(self, key: str, face: int) -> FaceObservation:
        """A face of a photograph as steps take it from another person.

        Raises
        ------
        UsageError
            If there is no such face.
        """
        opened = self[key]
        if not 0 <= face < len(opened.found):
            raise UsageError(f"{opened.file.name}: has no face {face}; choose another")
        return opened.people.of(face, lambda: self._observed(opened, face))

    def _observed(self, opened: Opened, face: int) -> FaceObservation:
        asked = "largest" if len(opened.found) == 1 else str(face)
        image, model = self.whole(opened.id), self.model
        whole = FaceObservation(image, opened.found[face], asked, model.parser, model.landmarker)
        return whole.near

    def _check_room(self, more: int) -> None:
        held = sum(opened.file.stat().st_size for opened in self._opened.values())
        if held + more > MOST_BYTES:
            limit = MOST_BYTES // MEGABYTE
            raise UsageError(f"more than {limit} MB of photographs are open; close some first")

    def _open(self, key: str, file: Path) -> Opened:
        image = read(file)
        found = tuple(seen.found for seen in self.model(image))
        small = reduced(image, SIDE)
        ratio = small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]
        near = tuple(one if ratio == (1, 1) else scaled(one, *ratio) for one in found)
        return Opened(key, file, image.shape, found, small, near, tuple(image.notes))


def plain_name(name: str) -> str:
    """A file's name without folders and what may be no part of one, not longer than most take."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(mark for mark in last if mark.isprintable() and mark not in '<>:"|?*')
    stem, suffix = os.path.splitext(shown.strip(". ") or "photograph")  # noqa: PTH122
    return stem[:_NAME] + suffix[:10]


def reduced(image: Image, side: int) -> Image:
    """An image with at most `side` pixels on its longer side, sRGB, 8 bits, without metadata."""
    values = image.srgb_integers
    ratio = side / max(image.shape)
    if ratio < 1:
        size = [max(1, round(length * ratio)) for length in image.shape[::-1]]
        values = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return Image(np.ascontiguousarray(rescaled(values, 8)))


def scaled(found: Reconstruction, across: float, down: float) -> Reconstruction:
    """A face in its image made so many times as wide and as high."""
    ratio = np.array([across, down, (across + down) / 2], np.float32)
    centre = np.array([0.5, 0.5, 0], np.float32)  # pixel centres are at integers
    values = (found.positions.values + centre) * ratio - centre
    return Reconstruction(PositionMap(values, found.positions.atlas), found.score)


def place_at(opened: Opened, face: int, x: float, y: float) -> tuple[float, float]:
    """Where in the canonical atlas a face shows at a pixel: u right and v down, [0, 1].

    Parameters
    ----------
    opened : Opened
    face : int
    x, y : float
        Pixels of the photograph.

    Raises
    ------
    UsageError
        If there is no such face, or it is not there.
    """
    if not 0 <= face < len(opened.found):
        raise UsageError(f"{opened.file.name}: has no face {face}; choose another")
    positions = opened.found[face].positions
    values = np.where(positions.atlas.face[..., None], positions.values, np.inf)
    away = np.hypot(values[..., 0] - x, values[..., 1] - y)
    near = away <= max(away.min(), _NEAR * positions.box.size)
    if away.min() > _FAR * positions.box.size:
        raise UsageError("the face is not there; click on its skin")
    texel = np.argmax(np.where(near, positions.values[..., 2], -np.inf))
    u, v = positions.atlas.canonical_uv(positions.atlas.size).reshape(-1, 2)[texel]
    return round(float(u), 4), round(float(v), 4)
