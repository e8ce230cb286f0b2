"""Whole jobs, photographs in and a photograph out; handed a reconstructor, so without networks."""

from __future__ import annotations

from facelab.pipeline.chosen import (
    FACES,
    ONE_FACE,
    Sighting,
    check_face,
    choose,
    no_face,
    sight,
)
from facelab.pipeline.inputs import files_of, person_of, picture_of
from facelab.pipeline.running import (
    Inputs,
    Person,
    RunResult,
    edit_one,
    mark_of,
    run,
    swap_by,
)
from facelab.pipeline.swapping import SwapResult, SwapSettings, mark_of_swap, swap_into

__all__ = [
    "FACES",
    "ONE_FACE",
    "Inputs",
    "Person",
    "RunResult",
    "Sighting",
    "SwapResult",
    "SwapSettings",
    "check_face",
    "choose",
    "edit_one",
    "files_of",
    "mark_of",
    "mark_of_swap",
    "no_face",
    "person_of",
    "picture_of",
    "run",
    "sight",
    "swap_by",
    "swap_into",
]
