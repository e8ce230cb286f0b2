"""A photograph after a recipe, what it says of its making, and its comparison with before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from facelab.files import StrPath
from facelab.images import Image, Metadata, write
from facelab.model import FaceObservation
from facelab.provenance import mark
from facelab.provenance.save import Making
from facelab.types import Box, PositionMap, Reconstruction


@dataclass(frozen=True, eq=False)
class Result:
    """A photograph with changed faces; ``save`` writes it.

    Parameters
    ----------
    image : Image
        The photograph itself where nothing changed.
    found : sequence of Reconstruction
        The faces that were asked for, as the photograph shows them.
    positions : sequence of PositionMap
        Where they are now.
    making : Making
        How it was made.
    notes : tuple of str
        What is doubtful about it.

    Examples
    --------
    >>> result = facelab.read_recipe("make-up-natural")("astronaut.png", model=model)
    >>> result
    <Result 512x512, 1 face>
    >>> result.pixels.shape, result.pixels.dtype
    ((512, 512, 3), dtype('uint8'))
    >>> result.save("out.png", consent="public-domain")
    ()
    """

    image: Image
    found: Sequence[Reconstruction] = field(repr=False)
    positions: Sequence[PositionMap] = field(repr=False)
    making: Making = field(repr=False)
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        (height, width), count = self.image.shape, len(self.found)
        return f"<Result {width}x{height}, {count} face{'' if count == 1 else 's'}>"

    @property
    def pixels(self) -> NDArray[Any]:
        """The picture as it is written, ``(H, W, 3)`` sRGB: uint8, or uint16 of a 16-bit file."""
        return self.image.srgb_integers

    @property
    def faces(self) -> list[FaceObservation]:
        """The changed faces, in the picture as it is now; the largest first."""
        return [
            FaceObservation(self.image, Reconstruction(positions, found.score))
            for positions, found in zip(self.positions, self.found, strict=True)
        ]

    def save(
        self, path: StrPath, *, consent: str = "unspecified", quality: int | None = None
    ) -> tuple[str, ...]:
        """Write the picture as the command does: marked in its XMP, with a record beside it.

        It keeps the metadata of the photograph, if that came from a file.

        Parameters
        ----------
        path : path
            Its suffix tells the format. What is there is replaced.
        consent : str
            By what right the faces are used, a name of `facelab.constants.CONSENT`.
        quality : int, optional
            Of JPEG, WebP and AVIF, 1 to 100; by default the recipe's.

        Returns
        -------
        tuple of str
            What could not be kept, a clause each.

        Raises
        ------
        UsageError
            If the suffix is none that is written, or the consent unknown.
        OutputError
            If a file cannot be written; then neither is there.
        """
        return self.making.save(path, self.image, consent, quality, self.notes)


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
    from facelab.export.comparison import comparison
    from facelab.face.texture import unwrap

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
