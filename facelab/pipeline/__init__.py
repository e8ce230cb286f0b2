"""Whole jobs, photographs in and a photograph out; handed a reconstructor, so without networks."""

from __future__ import annotations

from facelab.pipeline.chosen import FACES, Sighting, choose, no_face, sight
from facelab.pipeline.running import Inputs, Person, RunResult, run
from facelab.pipeline.swapping import SwapResult, SwapSettings, swap_into

__all__ = [
    "FACES",
    "Inputs",
    "Person",
    "RunResult",
    "Sighting",
    "SwapResult",
    "SwapSettings",
    "choose",
    "no_face",
    "run",
    "sight",
    "swap_into",
]
