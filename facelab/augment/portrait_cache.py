"""Portraits, photographs with their largest face, and the cache of them on disk."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facelab import atlas, weights
from facelab.augment.classes import CLASSES
from facelab.augment.dressed import NAMES as DRESSED
from facelab.augment.dressed import Dressed
from facelab.augment.plan import Item
from facelab.errors import ImageError, OutputError
from facelab.face.texture import unwrap
from facelab.files import MEGABYTE, read_bytes, why
from facelab.files.npy import read_npz
from facelab.files.writing import write_bytes_atomically
from facelab.geometry.head import Head, HeadModel
from facelab.geometry.landmarks import points468, position_map
from facelab.images import Image, read
from facelab.model import FaceModel, FaceObservation
from facelab.numerics.arrays import Float, require
from facelab.provenance import file_sha256
from facelab.recipe.inputs import Person
from facelab.reconstruct import Reconstructor
from facelab.reconstruct.face_selection import no_face
from facelab.types import Face, PositionMap, Reconstruction, Texture

if TYPE_CHECKING:
    from facelab.augment.photograph_classes import PhotographClassifier
    from facelab.reconstruct.segmentation import PersonSegmenter

Arrays = dict[str, NDArray[Any]]

_ATLASES = {"canonical": atlas.canonical, "prnet": atlas.prnet}
_NAMES = ("positions", "atlas", "colour", "confidence")
_LAYOUT = 4  # of the files in the cache: another one reads none of those
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
    classes : (H, W) uint8, optional
        What its pixels show, of `facelab.augment.classes.CLASSES`.
    head : Head, optional
        Of a morphable model, as it lies in the photograph.
    """

    image: Float
    face: Face
    matte: Float | None = None
    classes: NDArray[np.uint8] | None = None
    head: Head | None = None

    @property
    def person(self) -> Person:
        """The portrait as the other person of a step."""
        seen = FaceObservation(Image(self.image), Reconstruction(self.face.positions, 1.0))
        return Person((seen,), self.face, self.matte)


def with_head_depth(positions: PositionMap, model: HeadModel) -> tuple[PositionMap, Head]:
    """Replace a face's depth by that of the head that fits it; return this head, too.

    Networks tell depth worse than places in the picture.

    Parameters
    ----------
    positions : PositionMap
        On the canonical atlas, pixels.
    model : HeadModel
    """
    points = points468(positions)
    head = model.fit(points)
    return position_map(head.corrected(points), positions.atlas), head


@dataclass(frozen=True, eq=False)
class PortraitCache:
    """A cache of portraits on disk: the networks see each photograph once.

    Parameters
    ----------
    cache : Path
        A folder; made if it is not there. Its files are named after the photographs' contents.
    load : callable
        Gives the reconstructor; called only for a photograph that is not in the cache.
    key : str
        Digest of the networks: what one of them found is not what another finds.
    load_segmenter : callable, optional
        Gives what tells people from what is behind them, where mattes are wanted.
    load_classifier : callable, optional
        Gives what tells the classes of photographs' pixels.
    head : Path, optional
        A file of `HeadModel`, which gives faces their depth and the rest of their heads; `key`
        names it, too.
    """

    cache: Path
    load: Callable[[], Reconstructor]
    key: str
    load_segmenter: Callable[[], PersonSegmenter] | None = None
    load_classifier: Callable[[], PhotographClassifier] | None = None
    head: Path | None = None

    @cached_property
    def model(self) -> FaceModel:
        """The face model, loaded when it is first needed."""
        return FaceModel(self.load())

    def portrait(self, item: Item) -> Portrait:
        """Return the portrait in a photograph, from the cache if it is there.

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
            data = self._examine(item, image)
            self._store(self._path_of(item), data)
            portrait = _unpack(image, data)
        if self._model is None:
            return portrait
        return replace(portrait, head=self._model.fit(points468(portrait.face.positions)))

    def dressed(self, item: Item, portrait: Portrait) -> Dressed:
        """Return the portrait's person as a whole head, from the cache if it is there.

        Raises
        ------
        OutputError
            If the cache cannot be written.
        """
        kind = f"head-{weights.entry_of('heads').sha256[:16]}"
        path = self._path_of(item, kind)
        try:
            return Dressed.unpacked(read_npz(read_bytes(path, _LARGEST), DRESSED))
        except (OSError, ValueError):
            positions, image, matte = portrait.face.positions, portrait.image, portrait.matte
            stored = Dressed.of_photograph(positions, image, matte).packed()
            self._store(path, stored)
            return Dressed.unpacked(stored)

    def _examine(self, item: Item, image: Float) -> Arrays:
        """Find the face of a photograph: the arrays to store, colours as float16."""
        found = self.model.reconstructor.largest(image)
        if not found:
            raise no_face(str(item.file))
        positions = found[0].positions
        if self._model is not None:
            positions, _ = with_head_depth(positions, self._model)
        texture = unwrap(image, positions)
        stored: Arrays = {
            "positions": positions.values,
            "atlas": np.array(positions.atlas.name),
            "colour": texture.colour.astype(np.float16),
            "confidence": texture.confidence.astype(np.float16),
        }
        if self._segmenter:
            stored["matte"] = np.rint(self._segmenter(image) * 255).astype(np.uint8)
        if self._classifier:
            stored["classes"] = self._classifier(image, positions)
        return stored

    def matte(self, image: Float) -> Float | None:
        """How much of each pixel is a person, ``(H, W)`` in [0, 1], where mattes are wanted."""
        return self._segmenter(image) if self._segmenter else None

    @cached_property
    def _segmenter(self) -> PersonSegmenter | None:
        return self.load_segmenter and self.load_segmenter()

    @cached_property
    def _classifier(self) -> PhotographClassifier | None:
        return self.load_classifier and self.load_classifier()

    @cached_property
    def _model(self) -> HeadModel | None:
        return None if self.head is None else HeadModel.read(self.head)

    @property
    def _names(self) -> tuple[str, ...]:
        matte = ("matte",) if self.load_segmenter else ()
        return (*_NAMES, *matte, *(("classes",) if self.load_classifier else ()))

    def _cached(self, item: Item, image: Float) -> Portrait | None:
        """The cached portrait; None if it is not there, or damaged."""
        try:
            return _unpack(image, read_npz(read_bytes(self._path_of(item), _LARGEST), self._names))
        except (OSError, ValueError):
            return None

    def _store(self, path: Path, data: Arrays) -> None:
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.cache}: cannot be made a folder ({why(error)}); choose another with --cache"
            ) from error
        write_bytes_atomically(path, _pack(data))

    def _path_of(self, item: Item, kind: str = "") -> Path:
        """The file of a photograph, or another one of what is known of it."""
        names = item.sha256[:32], self.key[:16], *filter(None, [kind]), str(_LAYOUT)
        return self.cache / f"{'-'.join(names)}.npz"


def _unpack(image: Float, stored: Arrays) -> Portrait:
    """Rebuild a portrait from stored arrays; ``ValueError`` if they do not fit the image."""
    name = str(stored["atlas"])
    if name not in _ATLASES:
        raise ValueError(f"no atlas is called {name}")
    positions = PositionMap(stored["positions"], _ATLASES[name]())
    if np.abs(positions.values).max() > _FARTHEST:
        raise ValueError("positions must be in pixels")
    textures = [stored[name] for name in ("colour", "confidence")]
    if any(values.dtype != np.float16 or not _is_share(values) for values in textures):
        raise ValueError("colour and confidence must be float16 in [0, 1]")
    colour, confidence = (values.astype(np.float32) for values in textures)
    matte = None
    if "matte" in stored:
        require("matte", stored["matte"], image.shape[:2], np.uint8)
        matte = np.asarray(stored["matte"] / 255, np.float32)
    classes = stored.get("classes")
    if classes is not None:
        require("classes", classes, image.shape[:2], np.uint8)
        if not np.isin(classes, list(CLASSES.values())).all():
            raise ValueError("classes must have numbers of classes")
    return Portrait(image, Face(positions, Texture(colour, confidence)), matte, classes)


def _is_share(values: NDArray[Any]) -> bool:
    """Whether all are numbers in [0, 1]."""
    return bool(((values >= 0) & (values <= 1)).all())


def _pack(stored: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **stored)
    return buffer.getvalue()
