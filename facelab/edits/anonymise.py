"""A face that is nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.complexion import blurred, faded
from facelab.edits.edit import References, TextureEdit
from facelab.edits.fields import number, optional_reference
from facelab.opacity import opacity
from facelab.skin import learn
from facelab.swap import fuse, swap
from facelab.texture import SEEN, at_size, complete
from facelab.types import Face, Float

_RIM = 0.04  # of the side, over which it fades at the oval
_KEPT = 0.012  # of the side: what is finer stays as the photograph's grain


@dataclass(frozen=True, kw_only=True)
class Anonymise(TextureEdit):
    """Features of the average of several people who agreed, or none; pose and expression stay.

    The shape of the head, hair and ears stay too: it lessens recognition, it does not rule it out.
    """

    name: ClassVar[str] = "anonymise"
    reference: str = optional_reference(
        "the input with photographs of several people; without it, features are smoothed away"
    )
    size: float = number(0.03, 0.01, 0.1, "of what is smoothed away, a part of the texture")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The average face in this face's light, or this face without its features."""
        size, atlas = face.texture.size, face.positions.atlas
        whole = faded(atlas, size, _RIM)
        if not self.reference:
            return self._smoothed(face), whole
        other = self.face_like(references, self.reference, face)
        source = fuse([at_size(other.texture, size)], atlas)
        seen = source.texture.confidence
        mask = opacity(face.positions, other.positions, seen, ("mouth",)) * whole
        return swap(source, face, learn(face.texture, atlas)).texture.colour, mask

    def _smoothed(self, face: Face) -> Float:
        """What is coarser than `size`, with the finest grain."""
        texture = complete(face.texture, face.positions.atlas.region("face", face.texture.size) > 0)
        known = (texture.confidence >= SEEN).astype(np.float32)
        coarse = blurred(texture.colour, np.maximum(known, np.float32(1e-3)), self.size)
        grain = texture.colour - blurred(texture.colour, np.ones_like(known), _KEPT)
        quiet = np.clip(grain, -0.02, 0.02)  # pores, but no lashes
        return np.asarray(np.clip(coarse + quiet, 0, 1), np.float32)
