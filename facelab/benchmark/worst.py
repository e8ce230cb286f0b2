"""The faces that are found worst, as one picture to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from facelab.benchmark.figures import MAIN, WORST
from facelab.benchmark.outcomes import FoundFace, MethodOutcome, Outcomes
from facelab.export.canvas import Canvas, Colour
from facelab.geometry.crop import cut
from facelab.numerics.arrays import Float
from facelab.types import Box, Crop

SIDE = 360  # px, of a tile
HEAD = 56  # px, of the words above it
TRUTH: Colour = (40, 220, 255)  # blue and orange are told apart by everybody
FOUND: Colour = (255, 120, 30)
_PLAIN: Colour = (255, 255, 255)

_ROOM = 1.3  # side of what a tile shows, over that of the box of all its landmarks
_SAMPLES = 3
_LETTERS = 15  # px, their height
_LONGEST = 40  # letters of a name; of longer ones the end is shown
_LINES = (range(17), range(17, 22), range(22, 27), range(27, 31), range(31, 36),
          (*range(36, 42), 36), (*range(42, 48), 42), (*range(48, 60), 48), (*range(60, 68), 60),
          )  # fmt: skip
"""The landmarks that make up the lines of a face."""


def picture(outcomes: Outcomes, methods: Sequence[str], read: Callable[[str], Float]) -> Float:
    """The `WORST` faces of each method that it found, a row each, the worst first.

    True landmarks are blue and those that were found orange, joined by thin lines.

    Parameters
    ----------
    outcomes : Outcomes
        Of labelled photographs, found in one way.
    methods : sequence of str
    read : callable
        The photograph ``(H, W, 3)`` float32 of a name.

    Returns
    -------
    (h, w, 3) float32
        RGB in [0, 1]; black where there are not so many.
    """
    rows = []
    for method in methods:
        worst = outcomes.worst_of(method, MAIN, WORST)
        tiles = [tile(read(row.name), row, row.face) for row in worst if row.face is not None]
        blank = np.zeros((HEAD + SIDE, SIDE, 3), np.float32)
        rows.append(np.hstack(tiles + [blank] * (WORST - len(tiles))))
    shown: Float = np.vstack(rows)
    return shown


def tile(image: Float, row: MethodOutcome, face: FoundFace) -> Float:
    """A face with its landmarks, the error and the name above, ``(HEAD + SIDE, SIDE, 3)``."""
    both = [np.asarray(points[:, :2], np.float32) for points in (face.truth, face.found)]
    box = Box.around(np.concatenate(both))
    crop = Crop(box.centre, _ROOM * max(box.width, box.height), 0.0, SIDE)
    truth, found = (crop.apply(points) + np.array([0, HEAD], np.float32) for points in both)
    canvas = Canvas(Box(0, 0, SIDE - 1, HEAD + SIDE - 1), (HEAD + SIDE, SIDE), _SAMPLES)
    canvas.line(np.stack([truth, found], axis=1), _PLAIN, 0.7, 0.7)
    for points, colour in ((truth, TRUTH), (found, FOUND)):
        for line in _LINES:
            canvas.line(points[list(line)], colour, 0.7, 0.7)
        canvas.dots(points, 1.8, colour)
    error = (row.errors or {})[MAIN]
    said = f"{row.method}: {error:.1f} %, yaw {row.labels['yaw']}"
    for words, place, colour in (
        (row.name[-_LONGEST:], (0, 0), _PLAIN),
        (said, (0, HEAD / 2), FOUND),
        ("truth", (SIDE, HEAD / 2), TRUTH),
    ):
        canvas.text(words, np.array(place, np.float32), _LETTERS, colour)
    shown = np.pad(np.clip(cut(image, crop), 0, 1), ((HEAD, 0), (0, 0), (0, 0)))
    drawn: Float = canvas.over(shown)
    return drawn
