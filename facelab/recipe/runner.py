"""The engine: photographs through a recipe.

image -> detect -> crop -> PositionMap -> Texture -> edit* (swap among them) -> rasterize -> blend

One engine for swaps, edits, samples of data sets: a swap is a recipe of one step.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from facelab import provenance
from facelab.edits import Edit
from facelab.edits.edit import Picture
from facelab.edits.turn import Turn
from facelab.face.mouth import fit_lips
from facelab.face.quality import believed
from facelab.face.spectacles import with_whole_rims
from facelab.face.texture import unwrap
from facelab.geometry.warp import reached
from facelab.geometry.window import NEAR, Window
from facelab.images import Image
from facelab.images.given import Photograph, as_image, name_of
from facelab.model import FaceModel
from facelab.numerics.arrays import Float, Frame
from facelab.numerics.parallel import both
from facelab.provenance.save import Making, Mark, Part
from facelab.recipe.canvas import Canvas
from facelab.recipe.edit_face import edit_face
from facelab.recipe.inputs import Given, Ingredient, Person, file_of, ingredient
from facelab.recipe.masks import fitting, read_mask
from facelab.recipe.notes import size_note, turn_note, unseen_note
from facelab.recipe.plain import describe
from facelab.recipe.recipe import MostFaces, Recipe, Swap, check_inputs
from facelab.recipe.result import Result
from facelab.recipe.swap_face import reshaped, swap_face
from facelab.reconstruct.face_selection import select_faces
from facelab.reconstruct.landmarker import landmarker_weights
from facelab.reconstruct.parser import HEAD_SCALE
from facelab.types import Box, EyePoints, Face, PositionMap, Reconstruction
from facelab.video import is_video
from facelab.video.reader import Video, open_video

if TYPE_CHECKING:
    from facelab.geometry.parsing import Parsing
    from facelab.recipe.video import VideoResult
    from facelab.reconstruct.networks import Networks

COMPOSING = {"swap", "transplant", "average", "anonymise"}  # they take other photographs' pixels
_SWAPPED = "The face of a person in this image was replaced with another by facelab."
_COMPOSED = "Parts of faces in this image were taken from another photograph by facelab."
_EDITED = "Faces in this image were edited by facelab."

EDIT: Mapping[str, object] = {"command": "edit", "show": False}
SWAP: Mapping[str, object] = {"command": "swap", "show": False}


@dataclass(frozen=True, eq=False)
class Seen:
    """A photograph and the faces in it that a recipe is for.

    Parameters
    ----------
    image : Image
    found : sequence of Reconstruction
        The largest first.
    """

    image: Image
    found: Sequence[Reconstruction]

    @classmethod
    def of(cls, recipe: Recipe, model: FaceModel, photograph: Photograph, name: str = "") -> Seen:
        """Find the faces of a photograph; for errors see `RecipeRunner`, which needs not be ready.

        Parameters
        ----------
        recipe : Recipe
        model : FaceModel
        photograph : path, Image or array
        name : str
            Its name, for messages; by default its file's.
        """
        image, name = as_image(photograph), name or name_of(photograph)
        return cls(image, faces_meant(recipe, image.frame, model, name))


@dataclass(frozen=True, eq=False)
class RecipeRunner:
    """A recipe with all that it needs, to be called with any number of photographs.

    Parameters
    ----------
    recipe : Recipe
    model : FaceModel
        What finds and reconstructs faces.
    ingredients : mapping of str to Ingredient
        The recipe's inputs, read.
    mask : (H, W) float32, optional
        Where photographs may change, [0, 1].
    mask_part : Part, optional
        The image that the mask was read from.
    notes : tuple of str
        What reading the inputs lost, and the terms of the networks.
    said : mapping
        What records have beside the recipe: the command and what else it was told.
    """

    recipe: Recipe
    model: FaceModel
    ingredients: Mapping[str, Ingredient] = field(default_factory=dict)
    mask: Float | None = None
    mask_part: Part | None = None
    notes: tuple[str, ...] = ()
    said: Mapping[str, object] = field(default_factory=lambda: EDIT)

    def __repr__(self) -> str:
        return f"<RecipeRunner {self.recipe}>"

    def __call__(self, photograph: Photograph | Seen, name: str = "") -> Result:
        """Return the photograph with the steps of the recipe done to its faces.

        The largest face comes first. Edits that follow each other change the face, which is put
        back once; a swap works on the photograph as it is by then.

        Parameters
        ----------
        photograph : path, Image, array or Seen
        name : str
            Its name, for messages; by default its file's.

        Raises
        ------
        ImageError
            If the file cannot be read.
        NoFaceError
            If the photograph has no face, or not the one asked for.
        UsageError
            If an input is not of the kind that a step needs, or the mask of another size.
        """
        if not isinstance(photograph, Seen):
            photograph = Seen.of(self.recipe, self.model, photograph, name)
        image, found = photograph.image, photograph.found
        mask = fitting(self.mask, self.recipe.mask, image, name or name_of(image))
        canvas = Canvas(image)
        places = [self._changed(canvas, face.positions, mask) for face in found]
        notes = tuple(self._notes(found))
        return Result(canvas.image, found, places, self._making(image), notes)

    def _notes(self, found: Sequence[Reconstruction]) -> Iterator[str]:
        """Warnings about swaps that will not look good, and turns that are held back."""
        for step in self.recipe.steps:
            if isinstance(step, Turn):
                yield from filter(None, (turn_note(step, face.positions) for face in found))
            person = self.ingredients[step.source].value if isinstance(step, Swap) else None
            if isinstance(person, Person):
                sizes = [seen.box.size for seen in person.observations]
                sources = [seen.positions for seen in person.observations]
                for face in found:
                    notes = size_note(sizes, face.box.size), unseen_note(sources, face.positions)
                    yield from filter(None, notes)

    @cached_property
    def _inputs(self) -> dict[str, Person | Picture]:
        """The recipe's inputs, as steps take them."""
        return {name: one.value for name, one in self.ingredients.items()}

    def _changed(self, canvas: Canvas, positions: PositionMap, mask: Float | None) -> PositionMap:
        """Change a face on a canvas; return where it is then."""
        for swaps, steps in groupby(self.recipe.steps, lambda step: isinstance(step, Swap)):
            if swaps:
                for step in steps:
                    assert isinstance(step, Swap)
                    positions = self._swapped(canvas, positions, step, mask)
            else:
                edits = [step for step in steps if isinstance(step, Edit)]
                positions = self._edited(canvas, positions, edits, mask)
        return positions

    def _swapped(
        self, canvas: Canvas, positions: PositionMap, step: Swap, mask: Float | None
    ) -> PositionMap:
        """Swap a face on a canvas; return where it is then."""
        parsing, after = both(
            lambda: self._seen(canvas, positions), lambda: reshaped(positions, step, self._inputs)
        )
        window = Window.of_face(positions, canvas.shape, NEAR)
        window = window.holding(reached(positions, after, canvas.shape))
        pixels, near = canvas.pixels(window), window.inward(positions)
        changed, _ = swap_face(
            pixels,
            near,
            step,
            self._inputs,
            self.recipe.texture_size,
            _part(mask, window),
            parsing and window.parsing_inward(parsing),
            window.inward(after),
            self._eyes(pixels, near) if "eyes" in step.kept else None,
        )
        if changed is not pixels:
            canvas.change(window, changed)
        return after

    def _seen(self, canvas: Canvas, positions: PositionMap) -> Parsing | None:
        """What a canvas shows around a face, with the rims of its glasses; None where unknown."""
        window = Window.of_face(positions, canvas.shape)
        frame, near = canvas.frame(window), window.inward(positions)
        parsing = self._parsed(frame, near)
        return parsing and window.parsing_outward(with_whole_rims(parsing, frame, near))

    def _edited(
        self, canvas: Canvas, positions: PositionMap, edits: Sequence[Edit], mask: Float | None
    ) -> PositionMap:
        """Edit a face on a canvas; return where it is then."""
        window = Window.of_face(positions, canvas.shape)
        change, after = self._edited_within(window, canvas, positions, edits, mask)
        wider = window.holding(reached(positions, after, canvas.shape))
        if wider != window:  # the face has moved farther than most
            change, after = self._edited_within(wider, canvas, positions, edits, mask)
        if change is not None:
            canvas.change(wider, change)
        return after

    def _edited_within(
        self,
        window: Window,
        canvas: Canvas,
        positions: PositionMap,
        edits: Sequence[Edit],
        mask: Float | None,
    ) -> tuple[Float | None, PositionMap]:
        """A window of a canvas with a face edited, None if it is not, and where the face is then.

        Positions are those of the canvas.
        """
        image, before, parsing = self.read_face(window, canvas, positions)
        near = window.inward(positions)
        if any(edit.looks_at_eyes for edit in edits):
            texture = replace(before.texture, eyes=self._eyes(image, near))
            before = Face(before.positions, texture)
        limits = _part(mask, window)
        around = parsing is not None and any(edit.goes_on for edit in edits)
        head = self._head(image, near) if around else None
        changed, after = edit_face(
            image, before, edits, self._inputs, self.recipe.blend, limits, parsing, head
        )
        moved = _moved(positions, before.positions, after)
        return None if changed is image else changed, moved

    def read_face(
        self, window: Window, canvas: Canvas, positions: PositionMap
    ) -> tuple[Float, Face, Parsing | None]:
        """A window's pixels ``(h, w, 3)``, the face in them as edits take it, and its parts.

        Positions are those of the canvas, the face's those of the window.
        """
        image, near = canvas.pixels(window), window.inward(positions)
        parsing = self._parsed(image, near)
        fitted = fit_lips(image, near, parsing)
        face = Face(fitted, unwrap(image, fitted, self.recipe.texture_size, parsing))
        return image, face, parsing

    def _parsed(self, image: Frame, positions: PositionMap) -> Parsing | None:
        """What the image shows around a face; None where nothing is there to tell."""
        parser = self.model.parser
        return None if parser is None else believed(parser(image, positions), positions)

    def _eyes(self, image: Frame, positions: PositionMap) -> EyePoints | None:
        """Where an image shows the eyes of a face; None where nothing is there to tell."""
        look = self.model.landmarker
        return None if look is None else look(image, positions).eye_points

    def _head(self, image: Frame, positions: PositionMap) -> Parsing | None:
        """What the image shows farther around a face; None where nothing is there to tell."""
        parser = self.model.parser
        return None if parser is None else parser(image, positions, HEAD_SCALE)

    @property
    def parts(self) -> list[Part]:
        """The images that its inputs and its mask were read from."""
        parts = [part for one in self.ingredients.values() for part in one.parts]
        return [*parts, self.mask_part] if self.mask_part else parts

    @property
    def recorded(self) -> dict[str, object]:
        """What records have of the recipe and what it was told."""
        return recorded(self.recipe, self.model.networks, self.said)

    @cached_property
    def weights(self) -> dict[str, str]:
        """Name to sha256 of the weights of all networks that the recipe uses."""
        if self.model.networks is None:
            return {}
        looks = any(
            step.looks_at_eyes if isinstance(step, Edit) else "eyes" in step.kept
            for step in self.recipe.steps
        )
        return self.model.networks.weights | (landmarker_weights() if looks else {})

    def _making(self, image: Image) -> Making:
        """How a photograph was changed, for its mark and its record."""
        return Making(
            parts=[*self.parts, Part.of("target", image)],
            recipe=self.recorded,
            weights=self.weights,
            mark=partial(mark_of, self.recipe),
            seed=self.recipe.seed,
            quality=self.recipe.output.quality,
            notes=self.notes,
        )


def prepare(
    recipe: Recipe,
    model: FaceModel,
    given: Mapping[str, Given] | None = None,
    mask: Photograph | None = None,
    said: Mapping[str, object] = EDIT,
    face: str | int = "largest",
) -> RecipeRunner:
    """Read what a recipe is made with.

    Parameters
    ----------
    recipe : Recipe
    model : FaceModel
    given : mapping of str to what `facelab.recipe.inputs.as_input` takes, optional
        Inputs that take the place of the recipe's own, or are added to them.
    mask : path, Image or array, optional
        In place of the recipe's: grey, white where photographs may change.
    said : mapping
        What records have beside the recipe.
    face : str or int
        Which face of photographs that are given as arrays.

    Raises
    ------
    FacelabError
        If any of them is missing or unfit.
    """
    sought = {**recipe.inputs, **(given or {})}
    check_inputs(recipe.steps, sought)
    pictures = {name for step in recipe.steps if step.needs_picture for _, name in step.needs}
    read = {
        name: ingredient(name, one, model, picture=name in pictures, face=face)
        for name, one in sought.items()
    }
    worn = {step.source for step in recipe.steps if isinstance(step, Swap)}
    for name, one in read.items():
        if isinstance(one.value, Person) and name in worn:
            one.value.look_for_swaps()
        elif isinstance(one.value, Person):
            one.value.look()
    described = {name: one.described for name, one in read.items()}
    mask = recipe.mask if mask is None else mask
    limits, part, lost = read_mask(mask) if mask is not None else (None, None, ())
    terms = model.networks.terms if model.networks else []
    notes = [*terms, *(note for one in read.values() for note in one.notes), *lost]
    recipe = replace(recipe, inputs=described, mask=None if mask is None else file_of(mask))
    return RecipeRunner(recipe, model, read, limits, part, tuple(notes), said)


def carried_out(
    recipe: Recipe,
    model: FaceModel,
    photograph: Photograph | Video,
    ready: Callable[[], RecipeRunner],
) -> Result | VideoResult:
    """Do a recipe to one photograph, whose faces are found while the runner is made; or to a video.

    Parameters
    ----------
    recipe : Recipe
    model : FaceModel
    photograph : path, Image, array or Video
    ready : callable
        Makes the recipe's runner, by `prepare`; for errors see there, and `RecipeRunner`.
    """
    if isinstance(photograph, Video) or is_video(photograph):
        from facelab.recipe.video import VideoResult  # which needs this module

        given = photograph if isinstance(photograph, Video) else open_video(photograph)
        return VideoResult(given, ready())
    runner, seen = both(ready, lambda: Seen.of(recipe, model, photograph))
    return runner(seen)


def recorded(
    recipe: Recipe, networks: Networks | None, said: Mapping[str, object]
) -> dict[str, object]:
    """Return what records have of a recipe, as JSON gives it back; of files only the names."""
    described = describe(recipe, lambda file: file.name)
    plain: dict[str, object] = json.loads(
        json.dumps({**(networks.said if networks else {}), **said, "recipe": described})
    )
    return plain


def _moved(positions: PositionMap, before: PositionMap, after: PositionMap) -> PositionMap:
    """Positions moved as a face is between `before` and `after`; the same if it is not."""
    if after is before:
        return positions
    return PositionMap(positions.values + (after.values - before.values), positions.atlas)


def _part(mask: Float | None, window: Window) -> Float | None:
    """A window of a mask, if there is one."""
    return None if mask is None else np.ascontiguousarray(window.part(mask))


def mark_of(recipe: Recipe, consent: str) -> Mark:
    """Return what pictures are after a recipe: edited, or composed of several photographs."""
    steps = {step.name for step in recipe.steps if step.needs}
    if not steps & COMPOSING:
        return provenance.ENHANCED, _EDITED
    return provenance.composite(consent), _SWAPPED if "swap" in steps else _COMPOSED


def faces_meant(recipe: Recipe, image: Frame, model: FaceModel, name: str) -> list[Reconstruction]:
    """Return the faces of an image ``(H, W, 3)`` that a recipe is for.

    Raises
    ------
    NoFaceError
        If there is none of them.
    """
    faces, select = recipe.faces, partial(select_faces, image, model.reconstructor)
    if isinstance(faces, Box):
        return select("largest", faces, name)
    if isinstance(faces, MostFaces):
        return select("all", None, name)[: faces.count]
    return select(str(faces), None, name)
