"""Parts of another person's face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.atlas import Atlas
from facelab.edits.edit import References, TextureEdit
from facelab.edits.fields import choices, number, reference
from facelab.opacity import opacity, shared_gaps
from facelab.skin import learn
from facelab.swap import fuse, swap, trusted
from facelab.texture import at_size
from facelab.types import Face, Float

# What is transplanted, and the region of the atlas that it means.
_REGIONS = {
    "eyes": "eye areas",
    "left-eye": "left eye area",
    "right-eye": "right eye area",
    "brows": "brow areas",
    "left-brow": "left brow area",
    "right-brow": "right brow area",
    "nose": "nose",
    "lips": "lips",
    "mouth": "mouth area",
    "cheeks": "cheeks",
    "left-cheek": "left cheek",
    "right-cheek": "right cheek",
    "forehead": "forehead",
    "chin": "chin",
    "whole": "oval",
}


@dataclass(frozen=True, kw_only=True)
class Transplant(TextureEdit):
    """Regions of a reference's face, in the tone and light of the face they are put on.

    The shape of the face stays. So does the inside of its mouth, which the atlas does not hold,
    with the inner rim of the lips if either mouth is open.
    """

    name: ClassVar[str] = "transplant"
    reference: str = reference("the input whose face the regions come from")
    regions: tuple[str, ...] = choices(("eyes",), tuple(_REGIONS), "what is taken over")
    softness: float = number(0.05, 0.0, 0.2, "width of the soft edges, a part of the texture")
    tone: float = number(1.0, 0.0, 1.0, "how far they take on the face's own tone and light")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The reference's colours, relit, and its regions where its texture may be shown."""
        other = self.face_like(references, self.reference, face)
        atlas, size = face.positions.atlas, face.texture.size
        source = fuse([at_size(other.texture, size)], atlas)
        skin = learn(face.texture, atlas)
        seen = source.texture.confidence
        mask = opacity(face.positions, other.positions, seen, ("mouth",)) * self._mask(atlas, size)
        mask *= 1 - shared_gaps(seen, trusted(face.texture, skin, atlas).confidence, atlas)
        return swap(source, face, skin, self.tone).texture.colour, mask

    def _mask(self, atlas: Atlas, size: int) -> Float:
        names = [_REGIONS[name] for name in self.regions]
        parts = [atlas.soft_region(name, size, self.softness) for name in names]
        union: Float = np.maximum.reduce(parts)
        return union
