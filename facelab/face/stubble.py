"""The stubble of one face on another's skin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face.beard import ALONG_LIPS, Beard
from facelab.face.quality import share
from facelab.face.shave import ALIGNED, SIDE, TOLD, bare_skin
from facelab.face.skin import TONE_SIGMA
from facelab.numerics.arrays import Float
from facelab.numerics.normalised import normalised
from facelab.numerics.smoothing import resized, smoothstep
from facelab.numerics.windows import Window, around, scaled
from facelab.types import Texture

_TONE = TONE_SIGMA * SIDE  # texels: a wider shade is the skin's tone


@dataclass(frozen=True, slots=True, eq=False)
class Stubble:
    """What a face's stubble makes of the colours of skin.

    Parameters
    ----------
    window : (rows, columns) slices
        Of a texture: all of the stubble.
    change : (h, w, 3) float32
        What is added to the colours there.
    """

    window: Window
    change: Float

    @classmethod
    def of(cls, face: Texture, beard: Beard, atlas: Atlas) -> Stubble | None:
        """The stubble that a face shows; None where it shows none.

        It is what `facelab.face.shave.shaved` takes off the face; but for its broad shade, which
        the tone of the face's skin holds already.

        Parameters
        ----------
        face : Texture
            None is told of one that does not know its parts.
        beard : Beard
            The face's.
        atlas : Atlas
            Its layout.
        """
        if face.parts is None or not beard.cover.any():
            return None
        small = face.reduced(SIDE)
        seen = share(face, SIDE, "skin") * smoothstep(small.confidence, *TOLD)
        grown = resized(beard.cover, SIDE) * (1 - atlas.soft_region("lips", SIDE, ALONG_LIPS))
        weight = seen * grown
        if not weight.any():
            return None
        bare = bare_skin(face, beard, atlas)
        without = bare + normalised(grown[..., None] * (small.colour - bare), seen, _TONE)
        window = around(weight, 1, ALIGNED)
        here = scaled(window, SIDE, face.size)
        shown = face.colour[here]
        without, weight = (cv2.resize(one[window], shown.shape[1::-1]) for one in (without, weight))
        change = np.subtract(shown, without, out=without)
        change *= cv2.merge([weight] * 3)
        return cls(here, change)

    def on(self, texture: Texture) -> Texture:
        """A texture with it: of the face's side and atlas, and in the light of that face."""
        colour = texture.colour.copy()
        part = colour[self.window]
        part += self.change
        np.clip(part, 0, 1, out=part)
        return replace(texture, colour=colour)
