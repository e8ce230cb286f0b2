"""Photographs after recipes: quickly at the size of a screen, and whole as the command does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facelab import images
from facelab.errors import NoFaceError
from facelab.images import Image
from facelab.model import FaceModel
from facelab.page.photographs import Opened
from facelab.page.wishes import Wish, said_of
from facelab.provenance import mark
from facelab.recipe.canvas import Canvas
from facelab.recipe.recipe import Recipe
from facelab.recipe.result import Result
from facelab.recipe.runner import RecipeRunner, Seen, prepare
from facelab.types import Reconstruction

if TYPE_CHECKING:
    from facelab.geometry.parsing import Parsing
    from facelab.geometry.window import Window
    from facelab.numerics.arrays import Float
    from facelab.types import Face, PositionMap

_QUALITY = 90  # of pictures that are only looked at


@dataclass(frozen=True, eq=False)
class QuickRunner(RecipeRunner):
    """A recipe for one photograph whose faces, once read for edits, are kept.

    Parameters
    ----------
    opened : Opened
        The reduced photograph, which knows what was read of it.
    """

    opened: Opened = field(kw_only=True)

    def read_face(
        self, window: Window, canvas: Canvas, positions: PositionMap
    ) -> tuple[Float, Face, Parsing | None]:
        """As `RecipeRunner.read_face`; of the photograph as it was, what is kept."""
        if canvas.image is not self.opened.reduced:
            return super().read_face(window, canvas, positions)
        rows, columns = window.rows, window.columns
        key = id(positions), rows.start, rows.stop, columns.start, columns.stop
        read = super().read_face
        return self.opened.faces_read.of(key, lambda: read(window, canvas, positions))


def preview(wish: Wish, model: FaceModel) -> Image:
    """The reduced photograph after all passes, marked.

    Raises
    ------
    NoFaceError
        If a face is asked for that is not there.
    UsageError
        If an input is not of the kind that a step needs.
    """
    image, opened = wish.opened.reduced, wish.opened
    faces = list(opened.reduced_found)
    for recipe in wish.recipes:
        ready = prepare(recipe, model, wish.given(recipe), said=said_of(recipe))
        runner = QuickRunner(
            recipe=ready.recipe, model=model, ingredients=ready.ingredients, opened=opened
        )
        chosen = meant(recipe, faces, opened.file.name)
        result = runner(Seen(image, [faces[index] for index in chosen]), opened.file.name)
        for index, positions in zip(chosen, result.positions, strict=True):
            faces[index] = Reconstruction(positions, faces[index].score)
        image = marked(result, image)
    return image


def meant(recipe: Recipe, faces: Sequence[Reconstruction], name: str) -> list[int]:
    """The faces of a photograph that a recipe of the page means, by index.

    Raises
    ------
    NoFaceError
        If there is none of them.
    """
    if not faces:
        raise NoFaceError(f"{name}: no face found; use a photograph with a face of 32 px or more")
    if recipe.faces == "all":
        return list(range(len(faces)))
    index = recipe.faces if isinstance(recipe.faces, int) else 0
    if index >= len(faces):
        raise NoFaceError(f"{name}: has {len(faces)} face(s); choose one that is there")
    return [index]


def marked(result: Result, before: Image) -> Image:
    """The picture of a result with its mark, which stays in it; as it was if nothing changed."""
    image = result.image
    if image is before:
        return image
    source_type, sentence = result.making.mark("unspecified")
    xmp = mark(image.metadata.xmp, source_type=source_type, description=sentence)
    return replace(image, metadata=replace(image.metadata, xmp=xmp))


def save(wish: Wish, model: FaceModel, path: Path, consent: str, quality: int | None) -> list[str]:
    """Write the photograph in full size after all passes, as the commands do, one after the other.

    What goes between passes is a PNG with a record of its own beside `path`.

    Returns
    -------
    list of str
        Notes on what could not be kept or is doubtful.

    Raises
    ------
    FacelabError
        As the commands.
    """
    notes: list[str] = []
    source = wish.opened.file
    for index, recipe in enumerate(wish.recipes, 1):
        last = index == len(wish.recipes)
        target = path if last else path.with_name(f"step-{index}.png")
        result = prepare(recipe, model, said=said_of(recipe))(source)
        notes += result.save(target, consent=consent, quality=quality if last else None)
        source = target
    return notes


def whole(wish: Wish, model: FaceModel, image: Image) -> Image:
    """The photograph in full size after all passes, marked, to be looked at."""
    faces = list(wish.opened.found)
    for recipe in wish.recipes:
        runner = prepare(recipe, model, wish.given(recipe), said=said_of(recipe))
        chosen = meant(recipe, faces, wish.opened.file.name)
        result = runner(Seen(image, [faces[index] for index in chosen]), wish.opened.file.name)
        for index, positions in zip(chosen, result.positions, strict=True):
            faces[index] = Reconstruction(positions, faces[index].score)
        image = marked(result, image)
    return image


def part_of(image: Image, left: int, top: int, right: int, bottom: int) -> Image:
    """A part of an image, within it, at least one pixel, in sRGB with its mark."""
    height, width = image.shape
    rows = slice(max(0, min(top, height - 1)), max(1, min(bottom, height)))
    columns = slice(max(0, min(left, width - 1)), max(1, min(right, width)))
    values = np.ascontiguousarray(image.srgb_integers[rows, columns])
    return Image(values, bits=image.bits, metadata=images.Metadata(xmp=image.metadata.xmp))


def jpeg(image: Image) -> bytes:
    """An image as bytes of a JPEG, to be looked at."""
    return images.encoded("preview.jpg", image, xmp=image.metadata.xmp, quality=_QUALITY)
