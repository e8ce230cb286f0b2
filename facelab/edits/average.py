"""Average: several photographs of one person as one texture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.complexion import faded
from facelab.edits.edit import FACE, References, TextureEdit
from facelab.edits.parameters import number, reference
from facelab.face.opacity import opacity
from facelab.face.relight import relight
from facelab.face.skin import learn
from facelab.face.swap import fuse
from facelab.face.texture import at_size
from facelab.numerics.arrays import Float
from facelab.types import Face

_LEAST = np.float32(1e-3)


@dataclass(frozen=True, kw_only=True)
class Average(TextureEdit):
    """The mean of this photograph and others of the same person, by how well each shows a place.

    It lessens noise, blemishes of a day and what one photograph does not show.
    """

    name: ClassVar[str] = "average"
    paints: ClassVar[tuple[str, ...]] = FACE
    reference: str = reference("the input with the other photographs of the person")
    share: float = number(0.5, 0.0, 1.0, "of the other photographs, where all show a place well")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The weighted mean, in this photograph's light."""
        other = self.face_like(references, self.reference, face)
        texture, atlas = face.texture, face.positions.atlas
        size = texture.size
        source = fuse([at_size(other.texture, size)], atlas)
        skin = learn(texture, atlas)
        colour = relight(source.texture.colour, source.tone, skin.tone)
        weight = np.float32(self.share) * source.texture.confidence
        own = np.float32(1 - self.share) * texture.confidence
        mask = weight / np.maximum(weight + own, _LEAST)
        mask *= opacity(source.texture.confidence, atlas)
        return colour, np.asarray(mask * faded(atlas, size, 0.05), np.float32)
