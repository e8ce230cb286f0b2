"""A photograph through a recipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from facelab import provenance
from facelab.edits import Edit
from facelab.edits.edit import Picture
from facelab.errors import UsageError
from facelab.face.composite import composite, unchanged
from facelab.face.occlusion import occlusion
from facelab.face.skin import learn
from facelab.face.swap import fuse
from facelab.face.texture import texture_size, unwrap
from facelab.images import Image
from facelab.numerics.arrays import Float, require
from facelab.provenance.save import Making, Mark, Part, Saved
from facelab.recipe import FaceIndex, Faces, MostFaces, Recipe, Swap, describe
from facelab.recipe.making import making_of
from facelab.recipe.swapping import SENTENCE as SWAPPED
from facelab.recipe.swapping import SwapSettings, swap_one
from facelab.reconstruct.face_selection import Sighting, as_image, choose
from facelab.types import Box, Face, PositionMap, Reconstruction

if TYPE_CHECKING:
    from facelab.reconstruct import Reconstructor


@dataclass(frozen=True, eq=False)
class Person:
    """One person in photographs: what a recipe's input `Photographs` stands for.

    Parameters
    ----------
    sightings : tuple of Sighting
        One or more.
    known : Face, optional
        The face as edits take it, where that was worked out before.
    """

    sightings: tuple[Sighting, ...]
    known: Face | None = None

    @cached_property
    def face(self) -> Face:
        """The face as edits take it: of one photograph what it shows, of several what all show."""
        if self.known is not None:
            return self.known
        first = self.sightings[0].positions
        if len(self.sightings) == 1:
            return Face(first, unwrap(self.sightings[0].image, first))
        size = max(texture_size(seen.positions) for seen in self.sightings)
        views = [unwrap(seen.image, seen.positions, size) for seen in self.sightings]
        return Face(first, fuse(views, first.atlas).texture)


Inputs = Mapping[str, Person | Picture]


EDITED = "Faces in this image were edited by facelab."
COMPOSING = {"swap", "transplant", "average", "anonymise"}  # they take other photographs' pixels
COMPOSED = "Parts of faces in this image were taken from another photograph by facelab."


def mark_of(recipe: Recipe, consent: str) -> Mark:
    """What pictures are after a recipe: edited, or composed where other photographs went in."""
    steps = {step.name for step in recipe.steps if step.needs}
    if not steps & COMPOSING:
        return provenance.ENHANCED, EDITED
    return provenance.composite(consent), SWAPPED if "swap" in steps else COMPOSED


@dataclass(frozen=True, slots=True, eq=False)
class RunResult(Saved):
    """A photograph after a recipe; ``save`` writes it.

    Parameters
    ----------
    image : (H, W, 3) float32
        The photograph with the changed faces; the very array given where nothing changed.
    faces : list of Reconstruction
        The faces as they were found.
    positions : list of PositionMap
        Where they are now.
    making : callable, optional
        Tells how it was made.
    """

    image: Float
    faces: list[Reconstruction]
    positions: list[PositionMap]
    making: Callable[[], Making] | None = None


def run(
    recipe: Recipe,
    image: Float | Image,
    inputs: Inputs,
    reconstructor: Reconstructor,
    mask: Float | None = None,
    name: str = "image",
) -> RunResult:
    """A photograph with the steps of a recipe done to its faces, the largest first.

    Edits that follow each other change the face, which is put back once; a swap works on the
    photograph as it is by then.

    Parameters
    ----------
    recipe : Recipe
    image : Image, or (H, W, 3) float32
        What `facelab.read` gave, so that the result keeps its metadata; or an array.
    inputs : mapping of str to Person or Picture
        The recipe's, read.
    reconstructor : Reconstructor
    mask : (H, W) float32, optional
        The recipe's, read: where the photograph may change, [0, 1].
    name : str
        The photograph's name for messages.

    Raises
    ------
    NoFaceError
        If the photograph has no face, or not the one asked for.
    UsageError
        If an input is not of the kind that a step needs.
    """
    photograph = as_image(image)
    image = photograph.pixels
    if mask is not None:
        require("mask", mask, image.shape[:2], np.float32)
    faces = _faces(recipe.faces, image, reconstructor, name)
    places = []
    for face in faces:
        positions = face.positions
        for swapping, steps in groupby(recipe.steps, lambda step: isinstance(step, Swap)):
            if swapping:
                image = _swapped(image, positions, steps, inputs, recipe, mask)
            else:
                image, positions = _edited(image, positions, steps, inputs, recipe, mask)
        places.append(positions)
    making = partial(_making, recipe, photograph, inputs, reconstructor, mask)
    return RunResult(image, faces, places, making)


def _making(
    recipe: Recipe,
    target: Image,
    inputs: Inputs,
    reconstructor: Reconstructor,
    mask: Float | None,
) -> Making:
    parts = [part for name, given in inputs.items() for part in _parts(name, given)]
    parts += [] if mask is None else [Part("mask", mask)]
    said = {"command": "edit", "recipe": describe(recipe, lambda file: file.name), "show": False}
    return making_of(target, parts, said, reconstructor, partial(mark_of, recipe), recipe.seed)


def _parts(name: str, given: Person | Picture) -> list[Part]:
    if isinstance(given, Person):
        return [Part(name, seen.image, seen.origin) for seen in given.sightings]
    return [Part(name, given.colour)]


def _faces(
    wanted: Faces, image: Float, reconstructor: Reconstructor, name: str
) -> list[Reconstruction]:
    """The faces that a recipe is for."""
    if isinstance(wanted, Box):
        return choose(image, reconstructor, "largest", wanted, name)
    if isinstance(wanted, FaceIndex):
        return choose(image, reconstructor, str(wanted.index), None, name)
    if isinstance(wanted, MostFaces):
        return choose(image, reconstructor, "all", None, name)[: wanted.count]
    return choose(image, reconstructor, wanted, None, name)


def _edited(
    image: Float,
    positions: PositionMap,
    edits: Iterable[Edit | Swap],
    inputs: Inputs,
    recipe: Recipe,
    mask: Float | None,
) -> tuple[Float, PositionMap]:
    """The image with one face edited, and where the face is then."""
    chain = [step for step in edits if isinstance(step, Edit)]
    before = Face(positions, unwrap(image, positions, recipe.texture_size))
    return edit_one(image, before, chain, inputs, recipe.blend, mask)


def edit_one(
    image: Float,
    before: Face,
    edits: Sequence[Edit],
    inputs: Inputs,
    blend: str,
    mask: Float | None = None,
) -> tuple[Float, PositionMap]:
    """The image with the face `before`, read from it, edited, and where the face is then."""
    needed = {name for edit in edits for _, name in edit.needs}
    references = {
        name: given.face if isinstance(given, Person) else given
        for name, given in inputs.items()
        if name in needed
    }
    after = reduce(lambda face, edit: edit(face, references), edits, before)
    if unchanged(before, after):
        return image, before.positions
    # Hair in front stays in front; asked of the face as it was, or paint would pass for hair.
    atlas, size = before.positions.atlas, before.texture.size
    shown = 1 - occlusion(before.texture, learn(before.texture, atlas), atlas)
    shown = np.maximum.reduce([shown, *(edit.hides(atlas, size) for edit in edits)])
    return composite(image, before, after, shown, blend, mask), after.positions


def _swapped(
    image: Float,
    positions: PositionMap,
    swaps: Iterable[Edit | Swap],
    inputs: Inputs,
    recipe: Recipe,
    mask: Float | None,
) -> Float:
    """The image with one face swapped, by each swap in turn."""
    for step in swaps:
        assert isinstance(step, Swap)
        image = swap_by(step, image, positions, inputs, recipe.texture_size, mask)
    return image


def swap_by(
    step: Swap,
    image: Float,
    positions: PositionMap,
    inputs: Inputs,
    texture_size: int | None,
    mask: Float | None = None,
) -> Float:
    """The image with the face at `positions` swapped as a step says.

    Raises
    ------
    UsageError
        If its input is a picture.
    """
    person = inputs[step.source]
    if not isinstance(person, Person):
        raise UsageError(f"swap: {step.source} is a picture; give a photograph with a face")
    settings = SwapSettings(
        blend=step.blend,
        tone=step.tone,
        keep=tuple(part for part in step.keep if part != "none"),
        occlusion=step.occlusion,
        texture_size=texture_size,
    )
    return swap_one(image, positions, person.sightings, settings, mask)
