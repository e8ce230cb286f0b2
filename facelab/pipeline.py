"""Whole jobs, photographs in and a photograph out; handed a reconstructor, so without networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from facelab.blend import METHODS
from facelab.composite import composite, unchanged
from facelab.edits import Edit
from facelab.edits.edit import Picture
from facelab.errors import NoFaceError, UsageError
from facelab.opacity import KEEP, mouth_opening, occlusion, opacity, shared_gaps
from facelab.recipe import Recipe, Swap
from facelab.skin import learn
from facelab.swap import fuse, swap, trusted
from facelab.texture import LARGEST, SMALLEST, texture_size, unwrap
from facelab.types import Box, Face, Float, PositionMap, Reconstruction, require, require_image

if TYPE_CHECKING:
    from facelab.reconstruct import Reconstructor

_LEAST_SIDE = 4  # px, of a given box
_BOX_SIDES = 4  # a given box may be so many times the image's longer side
FACES = ("largest", "left", "right", "all")


@dataclass(frozen=True, slots=True)
class SwapSettings:
    """How to swap; every field is a recorded setting.

    Parameters
    ----------
    blend : str
        A key of `facelab.blend.METHODS`.
    tone : float
        How far the source is brought to the target's tone and shading, [0, 1].
    keep : tuple of str
        Parts of the target that stay: of ``mouth`` (its interior) and ``eyes`` (the eyeballs).
    source_face, target_face : str
        ``largest``, ``left``, ``right``, an index by size from 0, or for the target ``all``.
    source_box, target_box : Box, optional
        Where the face is; skips detection.
    occlusion : bool
        Keep what lies in front of the target's face at its sides and forehead, as hair does.
    texture_size : int, optional
        256 to 2048; by default chosen from the target face's size.

    Raises
    ------
    UsageError
        If a value is not allowed; it names the option, the value and what is allowed.
    """

    blend: str = "poisson"
    tone: float = 1.0
    keep: tuple[str, ...] = ("mouth",)
    source_face: str = "largest"
    target_face: str = "largest"
    source_box: Box | None = None
    target_box: Box | None = None
    occlusion: bool = True
    texture_size: int | None = None

    def __post_init__(self) -> None:
        if self.blend not in METHODS:
            raise UsageError(f"blend must be one of {', '.join(METHODS)}, not {self.blend!r}")
        if not 0 <= self.tone <= 1:
            raise UsageError(f"tone must be from 0 to 1, not {self.tone}")
        for part in self.keep:
            if part not in KEEP:
                raise UsageError(f"keep must be of {', '.join(KEEP)}, not {part!r}")
        _check_choice("source_face", self.source_face, [c for c in FACES if c != "all"])
        _check_choice("target_face", self.target_face, list(FACES))
        for role in ("source", "target"):
            given = getattr(self, f"{role}_box"), getattr(self, f"{role}_face")
            if given[0] is not None and given[1] != "largest":
                raise UsageError(f"{role}_box already says which face; leave {role}_face out")
        size = self.texture_size
        if size is not None and not SMALLEST <= size <= LARGEST:
            raise UsageError(f"texture_size must be from {SMALLEST} to {LARGEST}, not {size}")


def _check_choice(option: str, value: str, choices: list[str]) -> None:
    if value not in choices and not value.isdecimal():
        raise UsageError(f"{option} must be {', '.join(choices)} or an index, not {value!r}")


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One face in one photograph.

    Parameters
    ----------
    image : (H, W, 3) float32
        The photograph.
    positions : PositionMap
        Where the face is in it.
    """

    image: Float
    positions: PositionMap


@dataclass(frozen=True, slots=True, eq=False)
class SwapResult:
    """A finished swap.

    Parameters
    ----------
    image : (H, W, 3) float32
        The target's photograph with the swapped faces.
    faces : list of Reconstruction
        The target's faces that were swapped.
    """

    image: Float
    faces: list[Reconstruction]


def sight(
    image: Float,
    reconstructor: Reconstructor,
    face: str = "largest",
    box: Box | None = None,
    name: str = "image",
) -> list[Sighting]:
    """The faces of a photograph that were asked for.

    Raises
    ------
    NoFaceError
        If there is none, or not the one asked for; it lists the faces that there are.
    """
    return [
        Sighting(image, found.positions) for found in choose(image, reconstructor, face, box, name)
    ]


def choose(
    image: Float, reconstructor: Reconstructor, face: str, box: Box | None, name: str
) -> list[Reconstruction]:
    """The reconstructed faces that `face` means, or the one in `box`."""
    require_image("image", image)
    if box is not None:
        _check_box(box, image.shape[:2], name)
        faces = reconstructor(image, [box])
        if not faces:
            raise NoFaceError(f"{name}: no face in the box {_corners(box)}; give another box")
        return faces
    faces = reconstructor.largest(image) if face == "largest" else reconstructor(image)
    if not faces:
        raise no_face(name)
    if face == "all":
        return faces
    if face in ("left", "right"):
        ordered = sorted(faces, key=lambda found: found.box.centre[0])
        return [ordered[0 if face == "left" else -1]]
    index = 0 if face == "largest" else int(face)
    if index >= len(faces):
        listed = "; ".join(f"{i}: {_corners(found.box)}" for i, found in enumerate(faces))
        raise NoFaceError(f"{name}: no face {index}; its faces and their boxes are {listed}")
    return [faces[index]]


def _check_box(box: Box, shape: tuple[int, int], name: str) -> None:
    whole = Box(0, 0, shape[1], shape[0])
    sides = box.width, box.height
    if max(sides) > _BOX_SIDES * max(shape) or min(sides) < _LEAST_SIDE or not box.overlap(whole):
        corners = ",".join(f"{value:.6g}" for value in (box.x0, box.y0, box.x1, box.y1))
        raise UsageError(
            f"{name}: the box {corners} is not one of a face in {shape[1]} x {shape[0]} pixels; "
            "give x0,y0,x1,y1 around the face"
        )


def no_face(name: str) -> NoFaceError:
    """The error for a photograph in which no face was found."""
    return NoFaceError(
        f"{name}: no face found; use a photograph with a face of 32 px or more, or give its box"
    )


def _corners(box: Box) -> str:
    return f"{box.x0:.0f},{box.y0:.0f},{box.x1:.0f},{box.y1:.0f}"


def swap_into(
    target: Float,
    sources: Sequence[Sighting],
    reconstructor: Reconstructor,
    settings: SwapSettings,
    mask: Float | None = None,
    name: str = "target",
) -> SwapResult:
    """Put one person's face onto the chosen faces of a photograph.

    Parameters
    ----------
    target : (H, W, 3) float32
    sources : sequence of Sighting
        Photographs of one person; they are fused texel by texel.
    reconstructor : Reconstructor
    settings : SwapSettings
    mask : (H, W) float32, optional
        Where the target may change, [0, 1]; takes the place of the occlusion mask.
    name : str
        The target's name for messages.

    Raises
    ------
    NoFaceError
        If the target has no face, or not the one asked for.
    """
    if mask is not None:
        require("mask", mask, target.shape[:2], np.float32)
    chosen = choose(target, reconstructor, settings.target_face, settings.target_box, name)
    image = target
    for found in chosen:
        image = _swap_one(image, found.positions, sources, settings, mask)
    return SwapResult(image, chosen)


def _swap_one(
    image: Float,
    positions: PositionMap,
    sources: Sequence[Sighting],
    settings: SwapSettings,
    mask: Float | None,
) -> Float:
    size = settings.texture_size or texture_size(positions)
    before = Face(positions, unwrap(image, positions, size))
    atlas, skin = positions.atlas, learn(before.texture, positions.atlas)
    views = [unwrap(source.image, source.positions, size) for source in sources]
    source = fuse(views, atlas)
    after = swap(source, before, skin, settings.tone)
    seen = source.texture.confidence
    widest = max((source.positions for source in sources), key=mouth_opening)
    alpha = opacity(positions, widest, seen, settings.keep)
    alpha = alpha * (1 - shared_gaps(seen, trusted(before.texture, skin, atlas).confidence, atlas))
    if mask is None and settings.occlusion:
        alpha = alpha * (1 - occlusion(before.texture, skin, atlas))
    return composite(image, before, after, alpha, settings.blend, mask)


@dataclass(frozen=True, eq=False)
class Person:
    """One person in photographs: what a recipe's input `Photographs` stands for.

    Parameters
    ----------
    sightings : tuple of Sighting
        One or more.
    """

    sightings: tuple[Sighting, ...]

    @cached_property
    def face(self) -> Face:
        """The face as edits take it: of one photograph what it shows, of several what all show."""
        first = self.sightings[0].positions
        if len(self.sightings) == 1:
            return Face(first, unwrap(self.sightings[0].image, first))
        size = max(texture_size(seen.positions) for seen in self.sightings)
        views = [unwrap(seen.image, seen.positions, size) for seen in self.sightings]
        return Face(first, fuse(views, first.atlas).texture)


Inputs = Mapping[str, Person | Picture]


@dataclass(frozen=True, slots=True, eq=False)
class RunResult:
    """A photograph after a recipe.

    Parameters
    ----------
    image : (H, W, 3) float32
        The photograph with the changed faces; the very array given where nothing changed.
    faces : list of Reconstruction
        The faces as they were found.
    positions : list of PositionMap
        Where they are now.
    """

    image: Float
    faces: list[Reconstruction]
    positions: list[PositionMap]


def run(
    recipe: Recipe,
    image: Float,
    inputs: Inputs,
    reconstructor: Reconstructor,
    name: str = "image",
) -> RunResult:
    """A photograph with the steps of a recipe done to its faces, the largest first.

    Edits that follow each other change the face, which is put back once; a swap works on the
    photograph as it is by then.

    Parameters
    ----------
    recipe : Recipe
    image : (H, W, 3) float32
    inputs : mapping of str to Person or Picture
        The recipe's, read.
    reconstructor : Reconstructor
    name : str
        The photograph's name for messages.

    Raises
    ------
    NoFaceError
        If the photograph has no face, or not the one asked for.
    UsageError
        If an input is not of the kind that a step needs.
    """
    counted = recipe.faces.isdecimal()
    found = choose(image, reconstructor, "all" if counted else recipe.faces, None, name)
    faces = found[: int(recipe.faces)] if counted else found
    places = []
    for face in faces:
        positions = face.positions
        for swapping, steps in groupby(recipe.steps, lambda step: isinstance(step, Swap)):
            if swapping:
                image = _swapped(image, positions, steps, inputs, recipe)
            else:
                image, positions = _edited(image, positions, steps, inputs, recipe)
        places.append(positions)
    return RunResult(image, faces, places)


def _edited(
    image: Float,
    positions: PositionMap,
    edits: Iterable[Edit | Swap],
    inputs: Inputs,
    recipe: Recipe,
) -> tuple[Float, PositionMap]:
    """The image with one face edited, and where the face is then."""
    chain = [step for step in edits if isinstance(step, Edit)]
    needed = {name for edit in chain for name in edit.needs.values()}
    references = {
        name: given.face if isinstance(given, Person) else given
        for name, given in inputs.items()
        if name in needed
    }
    before = Face(positions, unwrap(image, positions, recipe.texture_size))
    after = reduce(lambda face, edit: edit(face, references), chain, before)
    if unchanged(before, after):
        return image, positions
    # Hair in front stays in front; asked of the face as it was, or paint would pass for hair.
    atlas = positions.atlas
    shown = 1 - occlusion(before.texture, learn(before.texture, atlas), atlas)
    return composite(image, before, after, shown, recipe.blend), after.positions


def _swapped(
    image: Float,
    positions: PositionMap,
    swaps: Iterable[Edit | Swap],
    inputs: Inputs,
    recipe: Recipe,
) -> Float:
    """The image with one face swapped, by each swap in turn."""
    for step in swaps:
        assert isinstance(step, Swap)
        person = inputs[step.source]
        if not isinstance(person, Person):
            raise UsageError(f"swap: {step.source} is a picture; give a photograph with a face")
        settings = SwapSettings(
            blend=step.blend,
            tone=step.tone,
            keep=tuple(part for part in step.keep if part != "none"),
            occlusion=step.occlusion,
            texture_size=recipe.texture_size,
        )
        image = _swap_one(image, positions, person.sightings, settings, None)
    return image
