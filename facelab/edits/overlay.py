"""Overlay: face paint, tattoos, stickers, drawn as one picture over the whole atlas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from facelab.edits import paint
from facelab.edits.blend_modes import MODES
from facelab.edits.edit import References, TextureEdit
from facelab.edits.parameters import choice, number, reference
from facelab.numerics.arrays import Float
from facelab.types import Face


@dataclass(frozen=True, kw_only=True)
class Overlay(TextureEdit):
    """A picture with alpha, laid out in the canonical atlas, over the face.

    Textures made for the face effects of MediaPipe and ARCore fit as they are, of any size.
    """

    name: ClassVar[str] = "overlay"
    needs_picture: ClassVar[bool] = True
    reference: str = reference("the input picture, laid out as `facelab atlas template` draws it")
    blend: str = choice("normal", tuple(MODES), "how paint and skin mix")
    shading: float = number(
        0.7, 0.0, 1.0, "how far paint is shaded as the face is; with blend normal only"
    )

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The face under opaque paint, and the paint's alpha."""
        picture = self.picture_of(references, self.reference)
        size, atlas = face.texture.size, face.positions.atlas
        laid = paint.resampled(
            picture, lambda values: atlas.from_canonical(paint.scaled(values, size, size))
        )
        return paint.mixed(laid.colour, face, self.blend, self.shading), laid.alpha
