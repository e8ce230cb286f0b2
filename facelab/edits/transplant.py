"""Transplant: parts of another person's face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.complexion import faded
from facelab.edits.edit import FACE, References, TextureEdit
from facelab.edits.parameters import choices, number, reference
from facelab.edits.regions import SURROUNDED, union
from facelab.edits.retone import retoned
from facelab.edits.rims import rims
from facelab.face.eye_light import lit
from facelab.face.opacity import opacity
from facelab.face.skin import learn
from facelab.face.swap import fuse
from facelab.face.texture import at_size
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import Face

_RIM = 0.05  # of the side, over which it fades toward the oval


@dataclass(frozen=True, kw_only=True)
class Transplant(TextureEdit):
    """Regions of a reference's face, in the tone and light of the face they are put on.

    The shape of the face stays. So does what lies between its lips, which the atlas does not hold,
    unless both mouths are closed.
    """

    name: ClassVar[str] = "transplant"
    paints: ClassVar[tuple[str, ...]] = tuple(part for part in FACE if part != "beard")
    reference: str = reference("the input whose face the regions come from")
    regions: tuple[str, ...] = choices(("eyes",), tuple(SURROUNDED), "what is taken over")
    softness: float = number(0.05, 0.0, 0.2, "width of the soft edges, a part of the texture")
    tone: float = number(1.0, 0.0, 1.0, "how far they take on the face's own tone and light")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The reference's colours, relit, and its regions where its texture may be shown."""
        other = self.face_like(references, self.reference, face)
        atlas, size = face.positions.atlas, face.texture.size
        source = fuse([at_size(other.texture, size)], atlas)
        skin = learn(face.texture, atlas)
        regions = [SURROUNDED[key] for key in self.regions]
        mask = opacity(source.texture.confidence, atlas)
        mask *= union(atlas, regions, size, self.softness) * faded(atlas, size, _RIM)
        mask *= (1 - rims(face)) * (1 - resized(rims(other), size))
        wanted = source.tone + np.float32(self.tone) * (skin.tone - source.tone)
        colour = retoned(source.texture.colour, source.tone, wanted)
        tones = source.tone, skin.tone
        return lit(colour, source.texture, face.texture, tones, atlas, self.tone), mask
