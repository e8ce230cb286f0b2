"""One photograph through a recipe, from file to file: read, edit, write, record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from facelab.cli.masking import fitting, grey
from facelab.cli.outcome import Outcome, faces_said, incoming, save, stages
from facelab.cli.plan import Job, Request
from facelab.edits.edit import Picture
from facelab.errors import FacelabError, OutputError
from facelab.export.comparison import comparison
from facelab.face.texture import unwrap
from facelab.images import Image, Metadata, read, write
from facelab.numerics.arrays import Float
from facelab.provenance import Input, describe_input, mark, record_path
from facelab.recipe import PictureFile, Recipe, describe
from facelab.recipe.inputs import files_of, person_of, picture_of
from facelab.recipe.runner import Person, RunResult, mark_of, run
from facelab.reconstruct import Reconstructor
from facelab.types import Box, Reconstruction


@dataclass(frozen=True)
class EditRequest(Request):
    """What all photographs of a command have in common.

    Parameters
    ----------
    recipe : Recipe
    show : bool
        Write a comparison beside each photograph.
    """

    recipe: Recipe
    show: bool = False

    @property
    def inputs(self) -> list[tuple[str, Path]]:
        """The name of an input and its file."""
        given = self.recipe.inputs.items()
        masks = [] if self.recipe.mask is None else [("mask", self.recipe.mask)]
        return [*((name, file) for name, one in given for file in files_of(one)), *masks]

    @property
    def settings_said(self) -> dict[str, object]:
        """The command and the recipe; of files only the names."""
        recipe = describe(self.recipe, lambda file: file.name)
        return {"command": "edit", "recipe": recipe, "show": self.show}

    def files(self, job: Job) -> list[Path]:
        """Every file that a job writes."""
        return [*super().files(job), *([shown_path(job.output)] if self.show else [])]

    @property
    def mark(self) -> tuple[str, str]:
        """What the pictures are: edited, or composed where another photograph's pixels went in."""
        return mark_of(self.recipe, self.consent)

    @property
    def quality(self) -> int | None:
        """The recipe's."""
        return self.recipe.output.quality

    @property
    def suffix(self) -> str | None:
        """The recipe's."""
        return self.recipe.output.format and f".{self.recipe.output.format}"

    @property
    def seed(self) -> int:
        """The recipe's."""
        return self.recipe.seed


@dataclass(frozen=True, slots=True)
class Studio:
    """What the jobs of a request share once it is loaded.

    Parameters
    ----------
    request : EditRequest
    reconstructor : Reconstructor
    inputs : dict of str to Person or Picture
        The recipe's, read.
    mask : (H, W) float32 or None
        Where photographs may change, [0, 1].
    described : tuple of Input
        Their files.
    notes : tuple of str
        What could not be kept of them, and the terms of the detector.
    """

    request: EditRequest
    reconstructor: Reconstructor
    inputs: dict[str, Person | Picture]
    mask: Float | None
    described: tuple[Input, ...]
    notes: tuple[str, ...]


def shown_path(output: Path) -> Path:
    """Where the comparison of an output goes."""
    return output.with_name(f"{output.stem}_show.png")


def prepare(request: EditRequest) -> Studio:
    """Load the networks and the inputs of a request.

    Raises
    ------
    FacelabError
        If any of them is missing or unfit: then no job can be done.
    """
    reconstructor = request.networks.load()
    notes, described = list(request.networks.terms), []
    inputs: dict[str, Person | Picture] = {}
    for name, given in request.recipe.inputs.items():
        images = [read(file) for file in files_of(given)]
        for file, image in zip(files_of(given), images, strict=True):
            described.append(describe_input(file, name, image))
            notes += incoming(file, image)
        if isinstance(given, PictureFile):
            inputs[name] = picture_of(images[0])
        else:
            inputs[name] = person_of(given, images, reconstructor)
    mask = None
    if request.recipe.mask:
        image = read(request.recipe.mask)
        described.append(describe_input(request.recipe.mask, "mask", image))
        notes += incoming(request.recipe.mask, image)
        mask = grey(image)
    return Studio(request, reconstructor, inputs, mask, tuple(described), tuple(notes))


def perform(job: Job, studio: Studio) -> Outcome:
    """Do a job; a refusal or failure that facelab foresees does not stop the others."""
    request = studio.request
    times = [perf_counter()]
    try:
        target = read(job.target)
        mask = fitting(studio.mask, request.recipe.mask, target, job.target)
        times.append(perf_counter())
        result = run(
            request.recipe,
            target.pixels,
            studio.inputs,
            studio.reconstructor,
            mask,
            str(job.target),
        )
        times.append(perf_counter())
        notes = save(job, request, studio.described, studio.notes, target, result.image)
        if request.show:
            _show(job, request, target, result)
        times.append(perf_counter())
    except FacelabError as error:
        return Outcome(job, "failed", error=error)
    seconds = stages(("read", "edit", "write"), times)
    return Outcome(job, "done", faces_said(result.faces), notes, seconds)


def _show(job: Job, request: EditRequest, target: Image, result: RunResult) -> None:
    """Write the comparison, with the texture of the largest face; without it, nothing stays."""
    texture = unwrap(result.image, result.positions[0]).colour
    sheet = comparison(target.pixels, result.image, _around(result.faces), texture)
    source_type, sentence = request.mark
    xmp = mark(None, source_type=source_type, description=sentence)
    try:
        write(shown_path(job.output), Image(sheet, metadata=Metadata(xmp=xmp)))
    except OutputError:
        job.output.unlink(missing_ok=True)
        record_path(job.output).unlink(missing_ok=True)
        raise


def _around(faces: Sequence[Reconstruction]) -> Box:
    """The box of all faces."""
    boxes = [face.box for face in faces]
    return Box(
        min(box.x0 for box in boxes),
        min(box.y0 for box in boxes),
        max(box.x1 for box in boxes),
        max(box.y1 for box in boxes),
    )
