"""Anonymise: features of several people, or none, in place of the person's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.complexion import blurred, faded
from facelab.edits.edit import FACE, References, TextureEdit
from facelab.edits.parameters import number, references
from facelab.edits.retone import retoned
from facelab.edits.rims import rims
from facelab.face.opacity import opacity
from facelab.face.skin import learn
from facelab.face.swap import fuse
from facelab.face.texture import at_size, complete
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import SEEN, Face, Texture

_RIM = 0.06  # of the side, over which it fades at the oval
_FINE, _QUIET = 0.012, 0.02  # of the side: what is finer is grain; no more than so much of it
_WELL = np.float32(0.3)  # confidence from which a person counts as much as any other
_LEAST = np.float32(1e-3)


@dataclass(frozen=True, kw_only=True)
class Anonymise(TextureEdit):
    """Features of the average of several people who agreed, or none; pose and expression stay.

    The shape of the head, hair and ears stay too: it lessens recognition, it does not rule it out.
    """

    name: ClassVar[str] = "anonymise"
    paints: ClassVar[tuple[str, ...]] = FACE
    references: tuple[str, ...] = references(
        "the inputs whose people are averaged, one for each; without, features are smoothed away"
    )
    size: float = number(0.03, 0.01, 0.1, "of what is smoothed away, a part of the texture")

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The average face in this face's light, or this face without its features."""
        whole = faded(face.positions.atlas, face.texture.size, _RIM) * (1 - rims(face))
        grain = _grain(face.texture)
        if not self.references:
            return np.clip(self._smoothed(face) + grain, 0, 1), whole
        people = [self.face_like(references, name, face) for name in self.references]
        colour, seen = _mean(people, face)
        return np.clip(colour + grain, 0, 1), opacity(seen, face.positions.atlas) * whole

    def _smoothed(self, face: Face) -> Float:
        """The part of it that is coarser than `size`."""
        texture = complete(face.texture, face.positions.atlas.region("face", face.texture.size) > 0)
        known = np.maximum((texture.confidence >= SEEN).astype(np.float32), _LEAST)
        return blurred(texture.colour, known, self.size * texture.size)


def _grain(texture: Texture) -> Float:
    """The photograph's grain and pores, ``(S, S, 3)``; of what is stronger, as lashes, little."""
    known = np.maximum(texture.confidence, _LEAST)
    coarse = blurred(texture.colour, known, _FINE * texture.size)
    grain: Float = np.clip(texture.colour - coarse, -_QUIET, _QUIET)
    return grain


def _mean(people: Sequence[Face], face: Face) -> tuple[Float, Float]:
    """The mean of some people in the tone of a face, and how well any of them was seen.

    Each counts as much as the next, however good the photograph, wherever it shows the face.
    """
    atlas, size = face.positions.atlas, face.texture.size
    tone = learn(face.texture, atlas).tone
    total = np.zeros_like(face.texture.colour)
    weights, seen = (np.zeros_like(face.texture.confidence) for _ in range(2))
    for person in people:
        source = fuse([at_size(person.texture, size)], atlas)
        shown = np.minimum(source.texture.confidence / _WELL, 1)
        weight = shown * (1 - resized(rims(person), size)) + _LEAST
        total += weight[..., None] * retoned(source.texture.colour, source.tone, tone)
        weights += weight
        seen = np.maximum(seen, source.texture.confidence)
    return total / weights[..., None], seen
