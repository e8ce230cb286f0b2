"""Anonymise: the features and the shape of an average face in place of the person's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from facelab.edits.complexion import blurred, faded
from facelab.edits.edit import FACE, References, TextureEdit
from facelab.edits.parameters import references, whole
from facelab.edits.retone import retoned
from facelab.edits.rims import rims
from facelab.face.averages import least_alike
from facelab.face.opacity import opacity
from facelab.face.shape import shaped
from facelab.face.skin import learn
from facelab.face.swap import fuse, swap
from facelab.face.texture import at_size
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized
from facelab.types import Face, Texture

_AMONG = 5  # of the averages that come along: the least alike that the seed chooses from
_BEYOND = 1.5  # of the way to the average's shape: past it, farther from the own
_RIM = 0.06  # of the side, over which it fades at the oval
_FINE, _QUIET = 0.012, 0.02  # of the side: what is finer is grain; no more than so much of it
_WELL = np.float32(0.3)  # confidence from which a person counts as much as any other
_LEAST = np.float32(1e-3)


@dataclass(frozen=True, kw_only=True)
class Anonymise(TextureEdit):
    """An average face in this one's light, pose and expression.

    Without references one of those that come along, of people who do not exist, and its shape: the
    least alike, so that nobody is recognised. Beard, hair and ears stay: it lessens recognition, it
    does not rule it out.
    """

    name: ClassVar[str] = "anonymise"
    paints: ClassVar[tuple[str, ...]] = tuple(part for part in FACE if part != "beard")
    references: tuple[str, ...] = references(
        "the inputs whose people are averaged, one for each; without, averages that come along"
    )
    seed: int = whole(0, 0, 2**32 - 1, "which of the averages that come along; 0 is least alike")

    def apply(self, face: Face, references: References) -> Face:
        """The face in its new colours, and with references in its own shape."""
        after = super().apply(face, references)
        if self.references:
            return after
        one = least_alike(face, _AMONG, self.seed)
        positions = shaped([one.points], face.positions, _BEYOND * self.strength)
        # It shows another face, so it gets the photograph's grain as after a swap.
        confidence = np.asarray(after.texture.confidence > 0, np.float32)
        return Face(positions, replace(after.texture, confidence=confidence))

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """The average face in this face's light."""
        texture, atlas = face.texture, face.positions.atlas
        whole = faded(atlas, texture.size, _RIM) * (1 - rims(face))
        if not self.references:
            source = least_alike(face, _AMONG, self.seed).at_size(texture.size, atlas)
            return swap(source, face, learn(texture, atlas)).texture.colour, whole
        people = [self.face_like(references, name, face) for name in self.references]
        colour, seen = _mean(people, face)
        return np.clip(colour + _grain(texture), 0, 1), opacity(seen, atlas) * whole


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
