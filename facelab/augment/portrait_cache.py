"""The photographs that samples are made of; what is found in one is kept on disk."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facelab import atlas
from facelab.augment.deepened import deepened
from facelab.augment.plan import Item
from facelab.errors import ImageError, OutputError
from facelab.face.texture import unwrap
from facelab.files import MEGABYTE, read_bytes
from facelab.files.atomic import write_bytes_atomically
from facelab.files.npy import read_npz
from facelab.geometry.head import Head, HeadModel
from facelab.geometry.landmarks import points468
from facelab.images import Image, read
from facelab.model import FaceModel, FaceObservation
from facelab.numerics.arrays import Float, require
from facelab.provenance import file_sha256
from facelab.recipe.inputs import Person
from facelab.reconstruct import Reconstructor
from facelab.reconstruct.face_selection import no_face
from facelab.types import Face, PositionMap, Reconstruction, Texture

if TYPE_CHECKING:
    from facelab.reconstruct.segmentation import PersonSegmenter

Arrays = dict[str, NDArray[Any]]

_ATLASES = {"canonical": atlas.canonical, "prnet": atlas.prnet}
_NAMES = ("positions", "atlas", "colour", "confidence")
_LAYOUT = 2  # of the files in the cache: another one reads none of those
_LARGEST = 256 * MEGABYTE  # of such a file
_FARTHEST = 1e6  # px: what lies beyond is in no photograph


@dataclass(frozen=True, eq=False)
class Portrait:
    """A photograph with its largest face.

    Parameters
    ----------
    image : (H, W, 3) float32
    face : Face
        As read from it.
    matte : (H, W) float32, optional
        How much of each pixel is a person, [0, 1].
    head : Head, optional
        Of a morphable model, as it lies in the photograph.
    """

    image: Float
    face: Face
    matte: Float | None = None
    head: Head | None = None

    @property
    def person(self) -> Person:
        """As steps take another person."""
        seen = FaceObservation(Image(self.image), Reconstruction(self.face.positions, 1.0))
        return Person((seen,), self.face)


@dataclass(frozen=True, eq=False)
class Sources:
    """Photographs with their faces, each looked at once.

    Parameters
    ----------
    cache : Path
        A folder; made if it is not there. Its files are named after the photographs' contents.
    load : callable
        Gives the reconstructor; called only for a photograph that is not in the cache.
    key : str
        Names the networks: what one of them found is not what another finds.
    load_segmenter : callable, optional
        Gives what tells people from what is behind them, where mattes are wanted.
    head : Path, optional
        A file of `HeadModel`, which gives faces their depth and the rest of their heads; `key`
        names it, too.
    """

    cache: Path
    load: Callable[[], Reconstructor]
    key: str
    load_segmenter: Callable[[], PersonSegmenter] | None = None
    head: Path | None = None

    @cached_property
    def model(self) -> FaceModel:
        """Loaded when it is first needed."""
        return FaceModel(self.load())

    def portrait(self, item: Item) -> Portrait:
        """A photograph and its largest face.

        Raises
        ------
        FacelabError
            If the photograph cannot be read or has no face, or the cache cannot be written.
        """
        image = read(item.file).srgb
        if file_sha256(item.file) != item.sha256:
            raise ImageError(f"{item.file}: has changed while the data set is made; run again")
        portrait = self._cached(item, image)
        if portrait is None:
            data = self._found(item, image)
            self._keep(item, data)
            portrait = _portrait(image, data)
        if self._model is None:
            return portrait
        return replace(portrait, head=self._model.fit(points468(portrait.face.positions)))

    def _found(self, item: Item, image: Float) -> Arrays:
        """What is kept of a photograph: 16-bit colours are enough."""
        found = self.model.reconstructor.largest(image)
        if not found:
            raise no_face(str(item.file))
        positions = found[0].positions
        if self._model is not None:
            positions, _ = deepened(positions, self._model)
        texture = unwrap(image, positions)
        kept: Arrays = {
            "positions": positions.values,
            "atlas": np.array(positions.atlas.name),
            "colour": texture.colour.astype(np.float16),
            "confidence": texture.confidence.astype(np.float16),
        }
        if self._segmenter:
            kept["matte"] = np.rint(self._segmenter(image) * 255).astype(np.uint8)
        return kept

    @cached_property
    def _segmenter(self) -> PersonSegmenter | None:
        return self.load_segmenter and self.load_segmenter()

    @cached_property
    def _model(self) -> HeadModel | None:
        return None if self.head is None else HeadModel.read(self.head)

    @property
    def _names(self) -> tuple[str, ...]:
        return (*_NAMES, "matte") if self.load_segmenter else _NAMES

    def _cached(self, item: Item, image: Float) -> Portrait | None:
        """What the cache has, unless it is not whole."""
        try:
            return _portrait(image, read_npz(read_bytes(self._place(item), _LARGEST), self._names))
        except (OSError, ValueError):
            return None

    def _keep(self, item: Item, data: Arrays) -> None:
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.cache}: cannot be made a folder ({(error.strerror or '').lower()}); "
                "choose another with --cache"
            ) from error
        write_bytes_atomically(self._place(item), _packed(data))

    def _place(self, item: Item) -> Path:
        return self.cache / f"{item.sha256[:32]}-{self.key[:16]}-{_LAYOUT}.npz"


def _portrait(image: Float, kept: Arrays) -> Portrait:
    """What is kept of a photograph, beside it; ``ValueError`` if it does not go with it."""
    name = str(kept["atlas"])
    if name not in _ATLASES:
        raise ValueError(f"no atlas is called {name}")
    positions = PositionMap(kept["positions"], _ATLASES[name]())
    if np.abs(positions.values).max() > _FARTHEST:
        raise ValueError("positions must be in pixels")
    textures = [kept[name] for name in ("colour", "confidence")]
    if any(values.dtype != np.float16 or not _is_share(values) for values in textures):
        raise ValueError("colour and confidence must be float16 in [0, 1]")
    colour, confidence = (values.astype(np.float32) for values in textures)
    matte = None
    if "matte" in kept:
        require("matte", kept["matte"], image.shape[:2], np.uint8)
        matte = np.asarray(kept["matte"] / 255, np.float32)
    return Portrait(image, Face(positions, Texture(colour, confidence)), matte)


def _is_share(values: NDArray[Any]) -> bool:
    """Whether all are numbers in [0, 1]."""
    return bool(((values >= 0) & (values <= 1)).all())


def _packed(kept: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **kept)
    return buffer.getvalue()
