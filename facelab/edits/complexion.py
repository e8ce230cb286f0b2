"""The skin's own tone and where it lies bare, for edits of skin and make-up."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facelab.atlas import Atlas
from facelab.edits.cielab import to_lab
from facelab.edits.edit import SKIN
from facelab.face.quality import share
from facelab.face.skin import SIZE, Skin, features, learn
from facelab.numerics.arrays import Float
from facelab.numerics.distance import distance_within
from facelab.numerics.smoothing import resized, smoothstep
from facelab.types import Face, Texture

_UNLIKE, _LIKE = 0.2, 0.55  # likelihood of skin from which it begins to count, and fully counts
_LEAST_SEEN = 0.02
_DARKER = 15.0, 30.0  # lightness below the tone from which it is less like skin, and is none


@dataclass(frozen=True, slots=True, eq=False)
class Complexion:
    """The skin of a face at the size of its texture.

    Parameters
    ----------
    tone : (S, S, 3) float32
        CIELAB of the skin as it would be without features, pores and spots.
    bare : (S, S) float32
        How much of a texel is bare skin, [0, 1]: no eye, brow, lip, hair or glasses.
    """

    tone: Float
    bare: Float


def complexion(face: Face) -> Complexion:
    """The tone of a face's skin (`facelab.face.skin.learn`), and where the skin lies bare."""
    texture, atlas = face.texture, face.positions.atlas
    skin = learn(texture, atlas)
    likely = cv2.GaussianBlur(smoothstep(_likeness(texture, skin), _UNLIKE, _LIKE), (0, 0), 1.0)
    rough = likely * (1 - features(atlas, len(likely)))
    bare = resized(rough, texture.size) * (texture.confidence > 0)
    return Complexion(to_lab(resized(skin.tone, texture.size)), bare)


def _likeness(texture: Texture, skin: Skin) -> Float:
    """How surely each texel shows skin, and neither a nostril nor stubble, ``(128, 128)``."""
    if texture.parts is None:
        return np.asarray(skin.likelihood / np.maximum(skin.seen, _LEAST_SEEN), np.float32)
    tone, own = (to_lab(colour)[..., 0] for colour in (skin.tone, resized(texture.colour, SIZE)))
    return share(texture, SIZE, *SKIN) * (1 - smoothstep(tone - own, *_DARKER))


def blurred(values: Float, weight: Float, sigma: float) -> Float:
    """Weighted values ``(S, S, 3)`` blurred by normalised convolution (Knutsson & Westin 1993).

    Parameters
    ----------
    values : (S, S, 3) float32
    weight : (S, S) float32
        0 for texels that must not reach others.
    sigma : float
        Of the Gaussian, a part of the side.
    """
    size = len(values)
    small = min(size, max(16, int(4 / sigma)))  # four texels to a deviation hold the Gaussian
    both = resized(np.dstack([values * weight[..., None], weight]), small)
    both = cv2.GaussianBlur(both, (0, 0), sigma * small, borderType=cv2.BORDER_CONSTANT)
    return resized(both[..., :-1] / np.maximum(both[..., -1:], 1e-4), size)


def mean_of(values: Float, weight: Float) -> Float:
    """The weighted mean of ``(S, S, c)``, ``(c,)``; zero without any weight."""
    total = np.einsum("ijc,ij->c", values, weight, dtype=np.float64)
    mean: Float = (total / max(float(weight.sum(dtype=np.float64)), 1e-6)).astype(np.float32)
    return mean


def faded(atlas: Atlas, size: int, width: float) -> Float:
    """The face, falling to 0 at its oval over `width` of the side, ``(size, size)``.

    What is changed all over the face must not stop at a line across the forehead.
    """
    depth = distance_within(atlas.region("oval", size) > 0.5) / np.float32(size)
    return smoothstep(depth, 0, max(width, 1 / size))
