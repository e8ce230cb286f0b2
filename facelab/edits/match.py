"""Match: the skin in the colour of another face's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.complexion import ending, mean_of
from facelab.edits.edit import FACE, References, TextureEdit
from facelab.edits.parameters import number, reference
from facelab.edits.retone import retoned
from facelab.face.skin import Skin, learn
from facelab.numerics.arrays import Float
from facelab.types import Face


@dataclass(frozen=True, kw_only=True)
class Match(TextureEdit):
    """The face graded so that its skin has the mean colour of a reference's."""

    name: ClassVar[str] = "match"
    paints: ClassVar[tuple[str, ...]] = FACE
    continues: ClassVar[bool] = True
    reference: str = reference("the face whose skin colour is taken")
    softness: float = number(
        0.5,
        0.0,
        1.0,
        "over how much of the face it fades at the rim, where none tells the skin beyond",
    )

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Tone by the ratio of the two mean colours; the face's own shading stays."""
        atlas, texture = face.positions.atlas, face.texture
        other = self.face_of(references, self.reference)
        own = learn(texture, atlas)
        ratio = _mean(learn(other.texture, other.positions.atlas)) / np.maximum(_mean(own), 0.02)
        wanted = np.asarray(np.clip(own.tone * ratio, 0, 1), np.float32)
        colour = retoned(texture.colour, own.tone, wanted)
        return colour, ending(face, 0.02 + 0.3 * self.softness)


def _mean(skin: Skin) -> Float:
    return mean_of(skin.tone, skin.likelihood)
