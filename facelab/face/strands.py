"""Hair of a face itself, brows, lashes and beard: where it is, and how dark its strands are."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facelab.face.quality import share
from facelab.numerics.arrays import Float
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import Texture

_SIDE = 256  # of the maps, texels
_SOFT = 1.5  # texels
_LASHES = 5  # texels: width of the disk that takes an eye to the ends of its lashes
_MIXED = np.float32(0.6)  # of what is dark beside an eye that is lash; the rest is shaded skin
_DARKEST = 0.05  # quantile of the lightness of brows at which strands lie close
_SEEN = 0.3  # confidence from which a texel counts
_LIKE_SKIN = 0.5, 0.7  # of the skin's lightness: from where brows are no darker than its shades
_FEW = 30  # texels, below which nothing is known of brows


@dataclass(frozen=True, slots=True, eq=False)
class Strands:
    """Where a face has hair, and how dark that is.

    Parameters
    ----------
    hair : (256, 256) float32
        How far what is dark is hair over skin rather than skin in shade, [0, 1].
    reach : (256, 256) float32
        Where a dark texel may be hair at all, [0, 1].
    grown : (256, 256) float32
        Where hair grows on skin, even if it is no darker than that skin's shades, [0, 1].
    darkest : float
        Lightness of hair without skin between, L*.
    """

    hair: Float
    reach: Float
    grown: Float
    darkest: float

    def at(self, size: int) -> tuple[Float, Float]:
        """`hair`, and the lightness of the darkest hair, 0 where there is none, at another side."""
        return resized(self.hair, size), resized(self.reach * np.float32(self.darkest), size)


def strands(texture: Texture) -> Strands | None:
    """Find the brows, lashes and beard of a face; None where they are not known."""
    if texture.parts is None:
        return None
    brows = share(texture, _SIDE, "brows")
    grown = cv2.dilate(
        share(texture, _SIDE, "eyes"),
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_LASHES, _LASHES)),
    )
    drawn = cv2.merge([np.maximum(brows, share(texture, _SIDE, "beard", "hair")), grown])
    hair, lashes = cv2.split(cv2.GaussianBlur(drawn, (0, 0), _SOFT))
    seen = texture.reduced(_SIDE).confidence > _SEEN
    sure, skin = (seen & (share(texture, _SIDE, part) > 0.5) for part in ("brows", "skin"))
    if min(np.count_nonzero(sure), np.count_nonzero(skin)) < _FEW:
        return None
    lightness = cv2.cvtColor(texture.reduced(_SIDE).colour, cv2.COLOR_RGB2Lab)[..., 0]
    darkest = float(np.quantile(lightness[sure], _DARKEST))
    likeness = np.array(darkest / max(float(np.median(lightness[skin])), 1), np.float32)
    dark = 1 - smoothstep(likeness, *_LIKE_SKIN)
    likely, reach = np.maximum(hair, _MIXED * lashes), np.maximum(hair, lashes)
    return Strands(dark * likely, dark * reach, hair, darkest)
