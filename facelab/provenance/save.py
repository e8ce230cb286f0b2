"""Pictures that facelab made or changed, written with what says so: a mark inside, a record beside.

The one way out for the commands and for the library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from facelab import images
from facelab.files import StrPath
from facelab.files.writing import write_bytes_atomically
from facelab.images import Image
from facelab.images.given import Photograph, as_image
from facelab.images.image import Origin
from facelab.numerics.arrays import Frame
from facelab.provenance import ENHANCED, Input, Record, mark, record_path
from facelab.provenance.record import record_bytes

SENTENCE = "This image was made or changed with facelab."

Mark = tuple[str, str]  # source type, a URI of the IPTC vocabulary, and a sentence


def save(
    path: StrPath, picture: Image, said: Mark, record: Record, quality: int | None = None
) -> tuple[str, ...]:
    """Write a picture with its mark, and its record beside it, both or neither.

    Parameters
    ----------
    path : path
        Its suffix tells the format.
    picture : Image
        With the metadata that it keeps.
    said : (str, str)
        The mark: source type and sentence.
    record : Record
        How it was made; its notes come before those of reading and writing the picture.
    quality : int, optional
        As of `facelab.images.write`.

    Returns
    -------
    tuple of str
        All notes, as they are in the record.

    Raises
    ------
    UsageError
        If the suffix is none that is written.
    OutputError
        If a file cannot be written.
    """
    source_type, sentence = said
    xmp = mark(picture.metadata.xmp, source_type=source_type, description=sentence)
    data = images.encoded(path, picture, xmp=xmp, quality=quality)
    lost = images.losses(path, picture)
    own = (f"{Path(path).name}: {note}" for note in (*picture.notes, *lost))
    notes = (*record.notes, *own)
    told = record_bytes(path, sha256(data).hexdigest(), replace(record, notes=notes))
    beside = record_path(path)
    earlier = beside.read_bytes() if beside.is_file() else None
    # First the record: wherever a run is killed, no picture stays without one.
    write_bytes_atomically(beside, told)
    try:
        write_bytes_atomically(path, data)
    except BaseException:  # Ctrl-C too
        beside.unlink()
        if earlier is not None:
            write_bytes_atomically(beside, earlier)
        raise
    return notes


def write(path: StrPath, image: Photograph, *, quality: int | None = None) -> list[str]:
    """Write an image; unless it is a photograph just as `facelab.read` gave it, with a mark.

    The mark says that it was made or changed with facelab. What a recipe or a swap gives is better
    saved by its own ``save``, which says what it is and writes its record, too.

    Parameters
    ----------
    path : path
        Its suffix tells the format.
    image : Image, PIL image or array
        As `facelab.images.given` says. Pixels of an `Image` outside [0, 1] are clipped.
    quality : int, optional
        Of JPEG, WebP and AVIF, 1 to 100; by default as `facelab.images.write` says.

    Returns
    -------
    list of str
        What the format could not keep, a clause each.

    Raises
    ------
    UsageError
        If the suffix is none that is written.
    OutputError
        If the image does not fit the format or the file cannot be written.

    Examples
    --------
    >>> facelab.write("grey.png", np.full((64, 64), 128, np.uint8))
    []
    """
    image = as_image(image)
    xmp = image.metadata.xmp
    if not image.as_read:
        xmp = mark(xmp, source_type=ENHANCED, description=SENTENCE)
    return images.write(path, image, xmp=xmp, quality=quality)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """An image that went into a picture.

    Parameters
    ----------
    role : str
        What it served as, such as ``"source"``.
    shape : (H, W)
    origin : Origin, optional
        The file that it was read from.
    values : (H, W) or (H, W, 3) float32, uint8 or uint16, optional
        Its pixels where it is from no file.
    """

    role: str
    shape: tuple[int, int]
    origin: Origin | None = None
    values: Frame | None = None

    @classmethod
    def of(cls, role: str, image: Image) -> Part:
        """An image as a part; the pixels of one from a file are not kept."""
        if image.origin is None:
            return cls.of_array(role, image.values)
        return cls(role, image.shape, image.origin.name_only)

    @classmethod
    def of_array(cls, role: str, values: Frame) -> Part:
        """Pixels from no file as a part."""
        height, width = values.shape[:2]
        return cls(role, (height, width), None, values)

    @property
    def described(self) -> Input:
        """The part as the record has it; the hash of an array, without a file, is of its values."""
        height, width = self.shape
        if self.origin is not None:
            return Input(self.origin.file, self.role, self.origin.sha256, width, height)
        held = np.ascontiguousarray(self.values)
        return Input("", self.role, sha256(held.data).hexdigest(), width, height)


@dataclass(frozen=True, slots=True, eq=False)
class Making:
    """How a picture was made, for its mark and its record.

    Parameters
    ----------
    parts : sequence of Part
        What went into it, the photograph that was changed last.
    recipe : mapping
        The settings, made of what JSON can hold.
    weights : mapping of str to str
        Name of each network to the sha256 of its weights.
    mark : callable
        Gives the mark for a name of `facelab.provenance.CONSENT`.
    seed : int, optional
        Of what was random.
    quality : int, optional
        Of JPEG, WebP and AVIF, 1 to 100.
    notes : tuple of str
        What could not be kept of the parts.
    """

    parts: Sequence[Part]
    recipe: Mapping[str, object]
    weights: Mapping[str, str]
    mark: Callable[[str], Mark]
    seed: int | None = None
    quality: int | None = None
    notes: tuple[str, ...] = ()

    def save(
        self,
        path: StrPath,
        picture: Image,
        consent: str,
        quality: int | None = None,
        notes: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """Write the picture that was made and its record, as `save`, with its own `notes`."""
        record = Record(
            recipe=self.recipe,
            inputs=tuple(part.described for part in self.parts),
            weights=self.weights,
            seed=self.seed,
            consent=consent,
            notes=(*self.notes, *notes),
        )
        return save(path, picture, self.mark(consent), record, quality or self.quality)
