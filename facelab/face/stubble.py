"""The stubble of one face on another's skin."""

from __future__ import annotations

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.face.beard import ALONG_LIPS, Beard
from facelab.face.quality import share
from facelab.face.shave import ALIGNED, SIDE, TOLD, bare_skin
from facelab.face.skin import TONE_SIGMA
from facelab.numerics.normalised import normalised
from facelab.numerics.smoothing import resized, smoothstep
from facelab.numerics.windows import around, scaled
from facelab.types import Texture

_TONE = TONE_SIGMA * SIDE  # texels: a wider shade is the skin's tone


def with_stubble(texture: Texture, face: Texture, beard: Beard, atlas: Atlas) -> Texture:
    """Return a texture in the light of a face with that face's stubble on its skin.

    It is what `facelab.face.shave.shaved` takes off the face; but for its broad shade, which the
    tone of the face's skin holds already.

    Parameters
    ----------
    texture, face : Texture
        Of one size; the second one with its parts.
    beard : Beard
        The face's.
    atlas : Atlas
        Of both textures.
    """
    if face.parts is None or not beard.cover.any():
        return texture
    small = face.reduced(SIDE)
    seen = share(face, SIDE, "skin") * smoothstep(small.confidence, *TOLD)
    grown = resized(beard.cover, SIDE) * (1 - atlas.soft_region("lips", SIDE, ALONG_LIPS))
    weight = seen * grown
    if not weight.any():
        return texture
    bare = bare_skin(face, beard, atlas)
    without = bare + normalised(grown[..., None] * (small.colour - bare), seen, _TONE)
    window = around(weight, 1, ALIGNED)
    colour, here = texture.colour.copy(), scaled(window, SIDE, texture.size)
    part = colour[here]
    without, weight = (cv2.resize(one[window], part.shape[1::-1]) for one in (without, weight))
    hair = np.subtract(face.colour[here], without, out=without)
    hair *= cv2.merge([weight] * 3)
    part += hair
    np.clip(part, 0, 1, out=part)
    return Texture(colour, texture.confidence, texture.parts)
