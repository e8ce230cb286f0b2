"""``parse``: what each pixel around the face shows: skin, hair, glasses, clothes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facelab.constants import PARTS
from facelab.export.encode import indexed_png
from facelab.export.subject import Subject
from facelab.files.writing import write_bytes_atomically
from facelab.geometry.parsing import NOT_SEEN

_SENTENCE = "What a photograph shows around a face, worked out by facelab."

COLOURS = {
    "background": (40, 44, 52),
    "skin": (236, 188, 160),
    "brows": (96, 60, 40),
    "eyes": (70, 150, 230),
    "lips": (214, 60, 90),
    "mouth": (120, 20, 40),
    "hair": (150, 100, 40),
    "beard": (190, 150, 70),
    "glasses": (250, 220, 40),
    "lenses": (160, 235, 230),
    "front": (230, 90, 230),
    "ears": (255, 140, 80),
    "neck": (200, 150, 190),
    "clothes": (70, 160, 90),
}
"""The colour, RGB, in which the picture shows each of `facelab.constants.PARTS`."""


def parse(subject: Subject) -> NDArray[np.uint8]:
    """Which part has the largest share of each pixel of the photograph.

    Returns
    -------
    (H, W) uint8
        Its place in `facelab.constants.PARTS`; `facelab.geometry.parsing.NOT_SEEN` beyond the crop
        around the face that was looked at.
    """
    parsing, shape = subject.parsing, subject.image.shape[:2]
    out = np.full(shape, NOT_SEEN, np.uint8)
    window = parsing.window(shape)
    out[window], _ = parsing.leading(window)
    return out


def write(subject: Subject, stem: Path) -> dict[str, str | float | dict[str, int]]:
    """Write ``<stem>_parse.png``: the numbers of `parse`, of which viewers show the colours.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    path = stem.with_name(f"{stem.name}_parse.png")
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(PARTS)] = [COLOURS[part] for part in PARTS]
    write_bytes_atomically(path, indexed_png(parse(subject), palette, _SENTENCE))
    numbers = {part: number for number, part in enumerate(PARTS)}
    return {"png": path.name, "numbers": {**numbers, "not seen": NOT_SEEN}}
