"""The comparison beside a result: before, after, what changed, and the largest face's texture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facelab.export.comparison import comparison
from facelab.face.texture import unwrap
from facelab.images import Image, Metadata, write
from facelab.provenance import mark
from facelab.recipe.result import Result
from facelab.types import Box, Reconstruction


def comparison_path(output: Path) -> Path:
    """Return where the comparison of an output goes."""
    return output.with_name(f"{output.stem}_show.png")


def write_comparison(output: Path, photograph: Image, result: Result, consent: str) -> None:
    """Write the comparison of a result with the photograph that it was made of.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    pixels = result.image.pixels
    texture = unwrap(pixels, result.positions[0]).colour
    sheet = comparison(photograph.pixels, pixels, _around(result.found), texture)
    source_type, sentence = result.making.mark(consent)
    xmp = mark(None, source_type=source_type, description=sentence)
    write(comparison_path(output), Image(sheet, metadata=Metadata(xmp=xmp)))


def _around(faces: Sequence[Reconstruction]) -> Box:
    """The box of all faces."""
    boxes = [face.box for face in faces]
    return Box(
        min(box.x0 for box in boxes),
        min(box.y0 for box in boxes),
        max(box.x1 for box in boxes),
        max(box.y1 for box in boxes),
    )
