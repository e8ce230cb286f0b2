"""The inputs of a recipe's steps: people and pictures, from files or from Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from facelab.edits.edit import Picture
from facelab.errors import UsageError
from facelab.face.mouth import fit_lips, with_margin
from facelab.face.quality import believed
from facelab.face.source_view import SourceView
from facelab.face.swap import Source, fuse
from facelab.face.teeth import without_teeth
from facelab.face.texture import texture_size
from facelab.geometry.parsing import Parsing
from facelab.images import Image, read
from facelab.images.given import Photograph, as_image, name_of
from facelab.model import FaceModel, FaceObservation
from facelab.numerics.arrays import Float
from facelab.provenance.save import Part
from facelab.recent import Recent
from facelab.recipe.recipe import Input, Photographs, PictureFile, PictureFiles, files_of
from facelab.types import Box, Face

_FUSED = 4  # faces that are kept of a person


@dataclass(frozen=True, eq=False)
class Person:
    """One person in photographs: what a recipe's input `Photographs` stands for.

    Parameters
    ----------
    observations : tuple of FaceObservation
        One or more.
    known : Face, optional
        The face as edits take it, where that was worked out before.
    matte : (H, W) float32, optional
        How much of each pixel of the first photograph is a person, [0, 1].

    Attributes
    ----------
    fused : Recent
        The face that swaps make of all `sources`, as it was made last: by the texture's size, by
        which beards are shown, and by whose glasses are.
    """

    observations: tuple[FaceObservation, ...]
    known: Face | None = None
    matte: Float | None = None
    fused: Recent[tuple[int, tuple[bool, ...], str], Source] = field(
        default_factory=lambda: Recent(_FUSED), init=False, repr=False
    )

    @cached_property
    def views(self) -> tuple[FaceObservation, ...]:
        """The observations, each in the part of its photograph that is around the face."""
        return tuple(seen.near for seen in self.observations)

    @cached_property
    def parsings(self) -> tuple[Parsing | None, ...]:
        """What each of the `views` shows; None where that is not known."""
        return tuple(believed(seen.parsing, seen.positions) for seen in self.views)

    def look(self) -> None:
        """Let a network tell the parts of each photograph now, not when the first step needs it."""
        for seen in self.views:
            _ = seen.parsing

    def look_for_swaps(self) -> None:
        """Find the lips in each photograph as well."""
        for view in self.sources:
            _ = view.place

    @cached_property
    def sources(self) -> tuple[SourceView, ...]:
        """The observations as swaps take them."""
        return tuple(seen.source for seen in self.observations)

    @cached_property
    def face(self) -> Face:
        """The face as edits take it: of one photograph what it shows, of several what all show."""
        if self.known is not None:
            return self.known
        size = max(texture_size(seen.positions) for seen in self.views)
        faces = [
            _unwrapped(seen, parts, size)
            for seen, parts in zip(self.views, self.parsings, strict=True)
        ]
        if len(faces) == 1:
            return faces[0]
        first = faces[0].positions
        return Face(first, fuse([face.texture for face in faces], first.atlas).texture)


def _unwrapped(seen: FaceObservation, parsing: Parsing | None, size: int) -> Face:
    """A face with its lips where the photograph has them, without teeth."""
    place = with_margin(fit_lips(seen.image, seen.positions, parsing))
    return without_teeth(seen.image, place, size, parsing)


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of which one is taken at a time; what a recipe's `PictureFiles` stand for.

    Parameters
    ----------
    files : tuple of Path
    """

    files: tuple[Path, ...]

    def file(self, seed: int) -> Path:
        """The picture that a seed takes."""
        return self.files[int(np.random.default_rng(seed).integers(len(self.files)))]

    def picture(self, seed: int) -> Picture:
        """The same, read.

        Raises
        ------
        ImageError
            If it cannot be read.
        """
        return picture_of(read(self.file(seed)))


Inputs = Mapping[str, Person | Picture | Pictures]
Given = Input | Person | Picture | FaceObservation | Photograph | Sequence[Any]


@dataclass(frozen=True, eq=False)
class Ingredient:
    """An input of a recipe, read.

    Parameters
    ----------
    value : Person or Picture
        As steps take it.
    described : Photographs or PictureFile
        As recipes have it; what did not come from a file is called ``(array)``.
    parts : tuple of Part
        The images that it was read from.
    notes : tuple of str
        What reading them lost.
    """

    value: Person | Picture
    described: Input
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()


def as_input(
    given: Given, *, picture: bool, face: str | int = "largest", box: Box | None = None
) -> Input | Person | Picture | tuple[Photograph | FaceObservation, ...]:
    """Return what was given from Python as a recipe's input, if it is one or a file.

    Parameters
    ----------
    given : path, Image, array, FaceObservation, several of these, or an input
    picture : bool
        Whether steps take it as a picture rather than as a person.
    face, box
        Which face of a person's photographs, see `Photographs`.

    Raises
    ------
    UsageError
        If there are several pictures, or it is not said rightly which face.
    """
    if isinstance(given, Photographs | PictureFile | PictureFiles | Person | Picture):
        return given
    several = tuple(given) if isinstance(given, list | tuple) else (given,)
    if picture and len(several) != 1:
        raise UsageError(f"{len(several)} pictures are given for one input; give one")
    files = tuple(Path(one) for one in several if isinstance(one, str | PathLike))
    if len(files) < len(several):
        _check_arrays(str(face), box)
        return several
    return PictureFile(files[0]) if picture else Photographs(files, str(face), box)


def _check_arrays(face: str, box: Box | None) -> None:
    Photographs((), face)  # refuses what is no face
    if box is not None:
        raise UsageError(
            "source_box: goes with one photograph that is a file; of another give what "
            "FaceModel.observe(photograph, box=...) returns"
        )


def ingredient(
    name: str, given: Given, model: FaceModel, *, picture: bool, face: str | int = "largest"
) -> Ingredient:
    """Read an input of a recipe.

    Parameters
    ----------
    name : str
        The input's, by which records call it.
    given : as `as_input`
    model : FaceModel
        What finds the faces of people.
    picture : bool
        Whether steps take it as a picture rather than as a person.
    face : str or int
        Which face of photographs that are not files.

    Raises
    ------
    ImageError
        If a file cannot be read.
    NoFaceError
        If a photograph of a person has no face, or not the one asked for.
    """
    found = as_input(given, picture=picture, face=face)
    if isinstance(found, PictureFiles):
        raise UsageError(f"{name}: pictures are for augmentation; give one picture")
    if isinstance(found, Photographs | PictureFile):
        return _read(name, found, model)
    if isinstance(found, Picture):
        return Ingredient(found, PictureFile(_UNNAMED), (Part.of_array(name, found.colour),))
    if isinstance(found, Person):
        return _of_person(name, found)
    if picture:
        image = as_image(found[0])  # type: ignore[arg-type]  # refuses what is none
        return Ingredient(picture_of(image), PictureFile(file_of(image)), (_part(name, image),))
    return _of_person(name, Person(tuple(_observed(found, model, str(face)))))


_UNNAMED = Path("(array)")


def file_of(photograph: Photograph) -> Path:
    """Return the file that a photograph is or came from; ``(array)`` if from none."""
    return Path(name_of(photograph, str(_UNNAMED)))


def _part(name: str, image: Image) -> Part:
    return Part.of(name, image)


def _observed(
    given: Sequence[Photograph | FaceObservation], model: FaceModel, face: str
) -> Iterator[FaceObservation]:
    for one in given:
        if isinstance(one, FaceObservation):
            yield one
        else:
            yield from model.observe(one, face)


def _of_person(name: str, person: Person) -> Ingredient:
    images = [seen.photograph for seen in person.observations]
    files = tuple(file_of(image) for image in images)
    parts = tuple(_part(name, image) for image in images)
    asked = {seen.asked for seen in person.observations}
    one = asked.pop() if len(asked) == 1 else None
    if isinstance(one, str):
        return Ingredient(person, Photographs(files, one), parts)
    if one is not None and len(files) == 1:
        return Ingredient(person, Photographs(files, box=one), parts)
    note = f"{name}: the record does not tell which faces of its {len(files)} photographs were used"
    return Ingredient(person, Photographs(files), parts, (note,))


def _read(name: str, given: Photographs | PictureFile, model: FaceModel) -> Ingredient:
    images = [read(file) for file in files_of(given)]
    parts = tuple(_part(name, image) for image in images)
    notes = tuple(note for image in images for note in image.losses)
    if isinstance(given, PictureFile):
        return Ingredient(picture_of(images[0]), given, parts, notes)
    return Ingredient(person_of(given, images, model), given, parts, notes)


def picture_of(image: Image) -> Picture:
    """Return the picture that an image stands for; without an alpha channel it is opaque."""
    opaque = np.ones(image.shape, np.float32)
    return Picture(image.srgb, opaque if image.alpha is None else image.alpha)


def person_of(given: Photographs, images: Sequence[Image], model: FaceModel) -> Person:
    """Return whom photographs show, of the images in their files.

    Raises
    ------
    NoFaceError
        If one has no face, or not the one asked for.
    """
    return Person(
        tuple(
            seen
            for file, image in zip(given.files, images, strict=True)
            for seen in model.observe(image, given.face, given.box, str(file))
        )
    )
