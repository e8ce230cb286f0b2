"""Renders that are kept, in memory or in a folder, so that light is drawn from them many times."""

from __future__ import annotations

import io
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facelab.augment.labels import Record, describe, subject_of
from facelab.augment.light.surface import Surface
from facelab.augment.maps import maps
from facelab.augment.people import Places
from facelab.augment.refuse import sight
from facelab.augment.sample import Sample
from facelab.errors import OutputError
from facelab.files import MEGABYTE, read_bytes, why
from facelab.files.npy import read_npz
from facelab.files.writing import write_bytes_atomically
from facelab.images.image import to_integers
from facelab.numerics.arrays import require
from facelab.types import Box

Arrays = dict[str, NDArray[Any]]

_LARGEST = 256 * MEGABYTE  # of a file
_ROOM = 0.9  # of a folder's bound, to which it shrinks when it is full
_MAP = "map "  # before the names of maps
_ENDING = ".render.npz"  # of its files: no other in the folder is touched
_ABOUT = "about"  # the JSON of what is no picture
_WHOLE = np.float32(255)
_TYPES: dict[str, tuple[tuple[int | str, ...], type]] = {
    "image": (("H", "W", 3), np.uint8),
    "person": (("H", "W"), np.uint8),
    "normals": (("h", "w", 3), np.float16),
    "depth": (("h", "w"), np.float16),
    "known": (("h", "w"), np.uint8),
    "shown": ((2, "n"), np.int32),
}


@dataclass(frozen=True, eq=False)
class KeptRender:
    """A render as it is kept: what photometric steps may ask of it, and its labels.

    Parameters
    ----------
    arrays : dict of str to array
        ``image (H, W, 3)`` and ``person (H, W)``, uint8; of its `Surface` ``normals (h, w, 3)`` and
        ``depth (h, w)``, float16, and ``known (h, w)``, uint8; ``shown (2, n)`` int32, see
        `facelab.augment.refuse.sight`; ``map NAME`` of its maps, as `facelab.augment.maps.maps`
        gives them.
    about : dict
        As JSON has it: ``record``, its label record without the brightness, which the light
        decides; ``size`` and ``middle`` of its `Surface`.
    """

    arrays: Arrays
    about: dict[str, Any]

    @classmethod
    def of(cls, sample: Sample, surface: Surface, seed: int, names: Sequence[str]) -> KeptRender:
        """Keep a sample that no light has been drawn for, with the maps of these names."""
        subject = subject_of(sample)
        record = describe(sample, subject, seed, {})
        del record["brightness"]
        drawn = maps(sample, subject, names) if names else {}
        return cls(
            {
                "image": to_integers(sample.image, 8),
                "person": np.rint(surface.person * _WHOLE).astype(np.uint8),
                "normals": surface.normals.astype(np.float16),
                "depth": surface.depth.astype(np.float16),
                "known": np.rint(surface.known * _WHOLE).astype(np.uint8),
                "shown": np.array(sight(sample), np.int32),
                **{f"{_MAP}{name}": np.asarray(values) for name, values in drawn.items()},
            },
            {"record": record, "size": float(surface.size), "middle": list(surface.middle)},
        )

    @cached_property
    def box(self) -> Box:
        """The box of the whole face."""
        return Box(*map(float, self.about["record"]["box"]))

    @property
    def surface(self) -> Surface:
        """The surface that light falls on."""
        x, y = self.about["middle"]
        return Surface(
            normals=self.arrays["normals"].astype(np.float32),
            depth=self.arrays["depth"].astype(np.float32),
            known=self.arrays["known"].astype(np.float32) / _WHOLE,
            person=self.arrays["person"].astype(np.float32) / _WHOLE,
            size=self.about["size"],
            middle=(x, y),
        )

    @property
    def shown(self) -> Places:
        """Pixels of the face, rows and columns, for measures of the light."""
        row, column = self.arrays["shown"]
        return row, column

    @cached_property
    def labels(self) -> Record:
        """The label record, with arrays for lists of numbers: float32, or bool."""
        record: Record = _with_arrays(self.about["record"])
        return record

    @property
    def maps(self) -> Arrays:
        """The maps by name."""
        found = self.arrays.items()
        return {name.removeprefix(_MAP): one for name, one in found if name.startswith(_MAP)}

    @property
    def bytes(self) -> int:
        """Of its arrays."""
        return sum(values.nbytes for values in self.arrays.values())


def encode(render: KeptRender) -> bytes:
    """The file of a render: an NPZ archive, not compressed."""
    about = json.dumps(render.about, separators=(",", ":")).encode()
    buffer = io.BytesIO()
    arrays = {**render.arrays, _ABOUT: np.frombuffer(about, np.uint8)}
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def decode(data: bytes) -> KeptRender:
    """The render in a file of `encode`; ``ValueError`` if it is none, or damaged."""
    arrays = read_npz(data)
    about = json.loads(arrays.pop(_ABOUT, np.zeros(0, np.uint8)).tobytes())
    for name, (shape, kind) in _TYPES.items():
        if name not in arrays:
            raise ValueError(f"has no {name}")
        require(name, arrays[name], shape, kind)
    return KeptRender(arrays, about)


@dataclass(eq=False)
class RenderCache:
    """Renders that were made, by name: in memory, in a folder, or both.

    Several processes may share a folder: files appear whole, and one that is gone or damaged is
    made again.

    Parameters
    ----------
    folder : Path, optional
        Made if it is not there.
    room : int
        Bytes that the folder may hold; where it is full the oldest files go.
    memory : int
        Bytes that this process keeps; those that were not asked for the longest go.
    """

    folder: Path | None
    room: int
    memory: int
    _kept: OrderedDict[str, KeptRender] = field(default_factory=OrderedDict, repr=False)
    _held: int = 0
    _written: int | None = None

    def get(self, name: str, make: Callable[[], KeptRender]) -> KeptRender:
        """The render of that name; made, and kept, if it is not there."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        render = self._read(name)
        if render is None:
            render = make()
            self._write(name, render)
        self._keep(name, render)
        return render

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_kept": OrderedDict(), "_held": 0, "_written": None}

    def _keep(self, name: str, render: KeptRender) -> None:
        self._kept[name] = render
        self._held += render.bytes
        while self._held > self.memory and self._kept:
            self._held -= self._kept.popitem(last=False)[1].bytes

    def _read(self, name: str) -> KeptRender | None:
        if self.folder is None:
            return None
        with suppress(OSError, ValueError):
            return decode(read_bytes(self.folder / f"{name}{_ENDING}", _LARGEST))
        return None

    def _write(self, name: str, render: KeptRender) -> None:
        if self.folder is None:
            return
        data = encode(render)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.folder}: cannot be made a folder ({why(error)}); choose another"
            ) from error
        if self._written is None or self._written + len(data) > self.room:
            self._written = _shrunk(self.folder, int(_ROOM * self.room) - len(data))
        write_bytes_atomically(self.folder / f"{name}{_ENDING}", data)
        self._written += len(data)


def _shrunk(folder: Path, room: int) -> int:
    """Remove the oldest files until what is there has room; how many bytes there are."""
    found = []
    for file in folder.glob(f"*{_ENDING}"):
        with suppress(OSError):  # another process was faster
            about = file.stat()
            found.append((about.st_mtime_ns, about.st_size, file))
    total = sum(size for _, size, _ in found)
    for _, size, file in sorted(found):
        if total <= room:
            break
        with suppress(OSError):
            file.unlink(missing_ok=True)
        total -= size
    return total


def copied(value: Any) -> Any:  # noqa: ANN401  # as JSON has it, and arrays
    """A copy that may be changed."""
    if isinstance(value, dict):
        return {name: copied(one) for name, one in value.items()}
    if isinstance(value, list):
        return [copied(one) for one in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def _with_arrays(value: Any) -> Any:  # noqa: ANN401  # as JSON has it
    """The same with arrays for lists of numbers or truth values, of any depth."""
    if isinstance(value, dict):
        return {name: _with_arrays(one) for name, one in value.items()}
    if not isinstance(value, list):
        return value
    innermost = value
    while isinstance(innermost, list) and innermost:
        innermost = innermost[0]
    if isinstance(innermost, bool):
        return np.array(value, np.bool_)
    if isinstance(innermost, int | float):
        return np.array(value, np.float32)
    return [_with_arrays(one) for one in value]
