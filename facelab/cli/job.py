"""One swap from file to file: read, swap, write, record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from facelab.cli.masking import fitting, grey
from facelab.cli.outcome import Outcome, faces_said, incoming, save, stages
from facelab.cli.plan import Job, Request
from facelab.errors import FacelabError
from facelab.images import read
from facelab.numerics.arrays import Float
from facelab.provenance import Input, describe_input
from facelab.recipe import Photographs
from facelab.recipe.swapping import SwapSettings, mark_of_swap, swap_into
from facelab.reconstruct import Reconstructor
from facelab.reconstruct.face_selection import ONE_FACE, Sighting, check_face, sight


@dataclass(frozen=True)
class SwapRequest(Request):
    """What all swaps of a command have in common.

    Parameters
    ----------
    person : Photographs
        Of the one whose face is used.
    settings : SwapSettings
    mask : Path or None
        Grey image of the target's size, white where it may change.

    Raises
    ------
    UsageError
        If it is not said rightly which face of the person's photographs.
    """

    person: Photographs
    settings: SwapSettings
    mask: Path | None

    def __post_init__(self) -> None:
        check_face("source", self.person.face, self.person.box, ONE_FACE)

    @property
    def inputs(self) -> list[tuple[str, Path]]:
        """Role and file of every input but the target."""
        masks = [] if self.mask is None else [("mask", self.mask)]
        return [*(("source", path) for path in self.person.files), *masks]

    @property
    def settings_said(self) -> dict[str, object]:
        """The command and the settings of the swap."""
        person = asdict(self.person)
        source = {"source_face": person["face"], "source_box": person["box"]}
        return {"command": "swap", **asdict(self.settings), **source}

    @property
    def mark(self) -> tuple[str, str]:
        """What the pictures are."""
        return mark_of_swap(self.consent)


@dataclass(frozen=True, slots=True)
class Studio:
    """What the jobs of a request share once it is loaded.

    Parameters
    ----------
    request : SwapRequest
    reconstructor : Reconstructor
    sources : sequence of Sighting
    mask : (H, W) float32 or None
        Where targets may change, [0, 1].
    inputs : tuple of Input
        The source files and the mask.
    notes : tuple of str
        What could not be kept of them, and the terms of the detector.
    """

    request: SwapRequest
    reconstructor: Reconstructor
    sources: Sequence[Sighting]
    mask: Float | None
    inputs: tuple[Input, ...]
    notes: tuple[str, ...]


def prepare(request: SwapRequest) -> Studio:
    """Load the networks, the sources and the mask of a request.

    Raises
    ------
    FacelabError
        If any of them is missing or unfit: then no job can be done.
    """
    reconstructor = request.networks.load()
    inputs, notes, sightings, mask = [], request.networks.terms, [], None
    for role, path in request.inputs:
        image = read(path)
        inputs.append(describe_input(path, role, image))
        notes += incoming(path, image)
        if role == "mask":
            mask = grey(image)
        else:
            face, box = request.person.face, request.person.box
            sightings += sight(image.pixels, reconstructor, face, box, str(path))
    return Studio(request, reconstructor, sightings, mask, tuple(inputs), tuple(notes))


def perform(job: Job, studio: Studio) -> Outcome:
    """Do a job; a refusal or failure that facelab foresees does not stop the others."""
    settings = studio.request.settings
    times = [perf_counter()]
    try:
        target = read(job.target)
        mask = fitting(studio.mask, studio.request.mask, target, job.target)
        times.append(perf_counter())
        result = swap_into(
            target.pixels, studio.sources, studio.reconstructor, settings, mask, str(job.target)
        )
        times.append(perf_counter())
        notes = save(job, studio.request, studio.inputs, studio.notes, target, result.image)
        times.append(perf_counter())
    except FacelabError as error:
        return Outcome(job, "failed", error=error)
    seconds = stages(("read", "swap", "write"), times)
    return Outcome(job, "done", faces_said(result.faces), notes, seconds)
