"""One half of a face mirrored onto the other, in the light that falls there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from facelab.edits.complexion import faded
from facelab.edits.edit import References, TextureEdit
from facelab.edits.fields import choice
from facelab.skin import learn
from facelab.swap import relight
from facelab.texture import SEEN, resized
from facelab.types import Face, Float

_MIDDLE = 0.02  # of the side: half the width over which the halves meet
_RIM = 0.06  # of the side, over which it fades toward the oval


@dataclass(frozen=True, kw_only=True)
class Symmetrise(TextureEdit):
    """Features made alike on both sides; shading and shape stay as they are."""

    name: ClassVar[str] = "symmetrise"
    half: str = choice(
        "both", ("both", "left", "right"), "whose features both halves get, as the person has it"
    )

    def recolour(self, face: Face, references: References) -> tuple[Float, Float]:
        """Each texel with its mirror image, relit, where that was seen."""
        texture, atlas = face.texture, face.positions.atlas
        tone = learn(texture, atlas).tone
        mirrored = relight(
            np.ascontiguousarray(texture.colour[:, ::-1]), np.ascontiguousarray(tone[:, ::-1]), tone
        )
        share = self._share(atlas.canonical_uv(texture.size)[..., 0])
        own, other = texture.confidence, texture.confidence[:, ::-1]
        seen = np.clip((other - SEEN) / (0.3 - SEEN), 0, 1) * (own >= SEEN)
        lips = 1 - resized(atlas.soft_region("mouth", 256, 0.01), texture.size)
        return mirrored, share * seen * lips * faded(atlas, texture.size, _RIM)

    def _share(self, u: Float) -> Float:
        """How much of the mirror image shows, by the place across the face."""
        if self.half == "both":
            return np.full_like(u, 0.5)
        inside = u - 0.5 if self.half == "right" else 0.5 - u
        share = np.clip((inside + _MIDDLE) / (2 * _MIDDLE), 0, 1)
        return np.asarray(share, np.float32)
